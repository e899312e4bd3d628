#include "model/accepted.h"

namespace longbeat::model {

namespace {

constexpr Accepted kOfTemporal[] = {
    {.fact = "changed", .model = "no", .server = "yes", .why = "a repeated request wakes who watches"},
    {.fact = "beat", .model = "yes", .server = "no", .why = "a reset of the details forgets the time of the last beat"},
    {.fact = "worker", .model = "-", .why = "who completes by ID counts as the last worker"},
    {.fact = "last failure",
     .model = "'activity Heartbeat timeout' timeout(Heartbeat, -)",
     .why = "where no retry fits, the timeout that began it keeps the details too"},
    {.fact = "answer",
     .model = "FAILED_PRECONDITION start_delay cannot be changed once the activity has become due",
     .server = "FAILED_PRECONDITION cannot update start_delay: the first activity attempt has already been dispatched",
     .why = "other words"},
    {.fact = "heard",
     .model = "'Delete activity execution' terminated(-), retry state 0",
     .server = "NOT_FOUND [NotFoundFailure] activity not found for ID: activity",
     .why = "a deletion may come before the news of the end that it makes"},
};

}  // namespace

std::span<const Accepted> accepted_of_temporal() {
  return kOfTemporal;
}

}  // namespace longbeat::model
