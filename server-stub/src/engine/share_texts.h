#pragma once
#include "machine/activity_state.h"
#include "machine/text_pool.h"

namespace longbeat::server {

/// What many activities say alike lies in memory once.
inline void share_texts(TextPool& texts, ActivityInput& input) {
  texts.share(input.type);
  texts.share(input.starter_identity);
  texts.share(input.options.task_queue);
  texts.share(input.options.priority.fairness_key);
}

}  // namespace longbeat::server
