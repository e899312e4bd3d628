#pragma once
#include <cstdint>

#include "model/step.h"

namespace longbeat::model {

/// The trace that a seed stands for: one activity ID in the hands of a client, a worker and an operator who do not talk
/// to each other. The same with every compiler. No step of it lies near a deadline.
Trace generate(std::uint64_t seed);

}  // namespace longbeat::model
