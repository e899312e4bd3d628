#pragma once
#include "longbeat/testing/resume_check.h"
#include "testing/resume_wire.h"

namespace longbeat::internal {

/// One run of a resume check, in a process of its own, which ends with it: by SIGKILL after the heartbeat ordered, or
/// with its story told.
[[noreturn]] void run_and_tell(const ResumeSubject& subject, const ResumeOrder& order, int story);

}  // namespace longbeat::internal
