#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "support/wire_client.h"

namespace longbeat::test {

/// One kind of work on a server, with messages of realistic size (about 300 bytes). Belongs to the thread of its
/// client.
class Load {
 public:
  /// `error` is empty when the operation went well.
  using Done = std::function<void(const std::string& error, Clock::duration latency)>;
  virtual ~Load() = default;
  /// Makes ready for at least `operations` more, with calls of its own. Throws std::runtime_error when one fails.
  virtual void prepare(std::size_t operations) = 0;
  /// Begins one operation; `done` runs once, later. False when there is nothing left to do.
  virtual bool launch(Done done) = 0;
  /// Where its activities wait; empty for loads without any.
  virtual std::string task_queue() const { return {}; }
};

/// Where its activities go.
struct LoadTarget {
  std::string namespace_name = "default";
  /// What a load leaves open ends by itself so long after its start; 0: never.
  std::int64_t schedule_to_close_seconds = 0;
};

/// A call that comes back with its 100 bytes: what gRPC itself costs.
std::unique_ptr<Load> make_echo_load(WireClient& client);
/// GetSystemInfo, which the server answers without its engine: what one more call costs.
std::unique_ptr<Load> make_system_info_load(WireClient& client);
/// StartActivityExecution, of activities nobody polls for.
std::unique_ptr<Load> make_start_load(WireClient& client, const LoadTarget& target = {});
/// PollActivityTaskQueue and RespondActivityTaskCompleted, from a backlog that prepare() fills. `heartbeat_seconds`: of
/// the heartbeat timeout; 0: none.
std::unique_ptr<Load> make_poll_complete_load(WireClient& client, std::int64_t heartbeat_seconds = 600);
/// Start, poll a task, complete it, poll the outcome: four RPCs.
std::unique_ptr<Load> make_execute_load(WireClient& client, const LoadTarget& target = {});
/// RecordActivityTaskHeartbeat with ever new details of `details_bytes`, on `open` activities in random order.
std::unique_ptr<Load> make_heartbeat_load(WireClient& client, std::size_t open, std::size_t details_bytes = 100,
                                          const LoadTarget& target = {});

/// Keeps `in_flight` operations of `load` going until `until`, and hands each end to `ended`; after that, or after the
/// first error, none is begun. Returns when all have ended; throws std::runtime_error with the first error.
void run_closed_loop(WireClient& client, Load& load, std::size_t in_flight, Time until,
                     const std::function<void(Clock::duration latency)>& ended);

/// The same for a server that may refuse: hands each end with its error to `ended` and goes on, the place of one that
/// failed after a short rest. What has not ended at `give_up` is canceled, which is an error of it.
void run_tolerant_loop(WireClient& client, Load& load, std::size_t in_flight, Time until, Time give_up,
                       const Load::Done& ended);

}  // namespace longbeat::test
