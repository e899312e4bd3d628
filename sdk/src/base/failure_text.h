#pragma once
#include <string>
#include <string_view>

#include "longbeat/failure.h"

namespace longbeat::internal {

/// "TimeoutError": what failures of this kind are called.
std::string_view kind_label(FailureKind kind) noexcept;
/// "TimeoutError(Heartbeat): no heartbeat", without the causes. As it is, perhaps over several lines.
std::string labelled_message(const Failure& failure);

}  // namespace longbeat::internal
