#pragma once
#include <chrono>

#include "longbeat/export.h"

LONGBEAT_BEGIN

/// A time of the wall clock, as the server stores it: UTC, to the nanosecond.
using Timestamp = std::chrono::sys_time<std::chrono::nanoseconds>;

LONGBEAT_END
