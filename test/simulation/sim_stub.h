#pragma once
#include <map>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "simulation/network_faults.h"
#include "simulation/sim_courier.h"
#include "simulation/sim_server.h"
#include "simulation/wire.h"
#include "simulation/wire_operator.h"
#include "simulation/witness.h"
#include "testing/refusing_stub.h"

namespace longbeat::simulation {

/// Slots of each worker.
inline constexpr std::int32_t kWorkerSlots = 3;

/// Nothing passes between a process and the server, in these directions; the connection stays. TCP sends again once it
/// can (`held`), or something between them forgets the connection: then what was sent is lost, and nobody is told.
struct Partition {
  bool requests = false, replies = false, held = false;
  TimePoint until{};
};

/// A process's calls to the server over the simulated network. Dies with its process: kill() drops everything. Like one
/// HTTP/2 connection it delivers in order: a message can be lost or late, but what was sent later never arrives
/// earlier, and a connection to a server that has died carries nothing to the next one. Doubled messages (a proxy that
/// repeats) come later; reordered ones took another way. Heartbeats carry no number that would order them, so they are
/// neither.
class SimStub final : public internal::RefusingStub {
 public:
  SimStub(World& world, SimLoop& loop, SimServer& server, const NetworkFaults& faults)
      : RefusingStub("nobody in the simulation makes this call"),
        world_(world),
        dice_(world.new_dice()),
        loop_(loop),
        server_(server),
        faults_(faults) {}
  ~SimStub() override { kill(); }

  /// Sees what workers are told, for the invariants; may be null.
  Witness* witness = nullptr;
  /// What the process's worker calls itself; its program reports under another name, with the same tokens. Empty: it
  /// has no worker, and reports with tokens that it was given.
  std::string worker_identity{};
  /// What that worker sends has been through a codec.
  bool has_codecs = false;
  /// The process's; may be null.
  const SimCourier* courier = nullptr;

  /// Any request as it is, for calls that the SDK has not.
  internal::CallId submit(server::Request request, Nanoseconds timeout,
                          std::function<void(server::StatusOr<server::Reply>)> done) {
    return send(std::move(request), timeout, std::move(done));
  }
  /// The process has died: its connection breaks, the server notices a little later.
  void kill();
  /// Tells the witness of reports that were not repeated although they could still count. For the end of a run.
  void check_reports() const;
  /// The server has told this process that it takes heartbeats of workers.
  bool beats_wanted() const { return beats_wanted_; }
  std::int64_t tasks_received() const { return tasks_received_; }
  /// The server has died: every call under way fails as a broken connection does.
  void connection_broken();
  void cut(const Partition& partition) { partition_ = partition; }

  internal::CallId get_system_info(Nanoseconds, internal::Done<internal::SystemInfo> done) override;
  internal::CallId describe_namespace(std::string, Nanoseconds, internal::Done<internal::NamespaceInfo> done) override;
  internal::CallId start_activity(internal::StartActivityParams, Nanoseconds,
                                  internal::Done<internal::StartedActivity>) override;
  internal::CallId poll_outcome(internal::RunParams, Nanoseconds, internal::Done<internal::PolledOutcome>) override;
  internal::CallId describe_activity(internal::DescribeParams, Nanoseconds,
                                     internal::Done<internal::ActivityDescription>) override;
  internal::CallId request_cancel(internal::RequestCancelParams, Nanoseconds, internal::Done<void>) override;
  internal::CallId poll_tasks(internal::PollTaskParams, Nanoseconds,
                              internal::Done<std::vector<internal::ActivityTask>>) override;
  internal::CallId record_heartbeat(internal::HeartbeatParams, Nanoseconds,
                                    internal::Done<internal::HeartbeatFlags>) override;
  internal::CallId respond_completed(internal::CompletedParams, Nanoseconds, internal::Done<void>) override;
  internal::CallId respond_failed(internal::FailedParams, Nanoseconds, internal::Done<void>) override;
  internal::CallId respond_canceled(internal::CanceledParams, Nanoseconds, internal::Done<void>) override;
  internal::CallId record_worker_heartbeat(internal::WorkerHeartbeatParams, Nanoseconds, internal::Done<void>) override;
  internal::CallId shutdown_worker(internal::ShutdownWorkerParams, Nanoseconds, internal::Done<void>) override;
  // Calls that nobody in a run witnesses (sim_stub_client.cc).
  internal::CallId terminate_activity(internal::TerminateParams, Nanoseconds, internal::Done<void>) override;
  internal::CallId delete_activity(internal::RunParams, Nanoseconds, internal::Done<void>) override;
  internal::CallId pause_activity(internal::PauseParams, Nanoseconds, internal::Done<void>) override;
  internal::CallId unpause_activity(internal::UnpauseParams, Nanoseconds, internal::Done<void>) override;
  internal::CallId reset_activity(internal::ResetParams, Nanoseconds, internal::Done<void>) override;
  internal::CallId update_activity_options(internal::UpdateOptionsParams, Nanoseconds,
                                           internal::Done<internal::ActivityOptionsFields>) override;
  internal::CallId record_heartbeat_by_id(internal::HeartbeatByIdParams, Nanoseconds,
                                          internal::Done<internal::HeartbeatFlags>) override;
  internal::CallId respond_completed_by_id(internal::CompletedByIdParams, Nanoseconds, internal::Done<void>) override;
  internal::CallId respond_failed_by_id(internal::FailedByIdParams, Nanoseconds, internal::Done<void>) override;
  internal::CallId respond_canceled_by_id(internal::CanceledByIdParams, Nanoseconds, internal::Done<void>) override;
  void cancel(internal::CallId call) override;

 private:
  using Finish = std::function<void(server::StatusOr<server::Reply>)>;
  struct Pending {
    Finish finish;
    server::CallId at_server = 0;
    std::uint64_t server_life = 0;
  };
  /// What finishes a call whose answer is a ReplyType.
  template <class ReplyType, class T, class Convert>
  static Finish converting(internal::Done<T> done, Convert convert) {
    return [done = std::move(done), convert](server::StatusOr<server::Reply> reply) {
      if (!reply) return done(std::move(reply).error());
      if constexpr (std::is_void_v<T>) {
        done({});
      } else {
        done(convert(std::get<ReplyType>(*reply)));
      }
    };
  }
  static constexpr auto kConvert = [](const auto& reply) { return from_reply(reply); };
  static constexpr auto kNothing = [](const auto&) {};

  internal::CallId send(server::Request request, Nanoseconds timeout, Finish finish);
  void transmit(internal::CallId call, server::Request request, TimePoint deadline);
  void transmit_again(server::Request request, TimePoint deadline);
  void arrived(internal::CallId call, server::Request request, TimePoint deadline);
  void finish(internal::CallId call, server::StatusOr<server::Reply> reply);
  /// An outcome that is not the worker's.
  internal::CallId send_late(const std::string& token, internal::OutcomeKind kind, const std::string& failure_type,
                             server::Request request, Nanoseconds timeout, internal::Done<void> done);
  internal::CallId send_report(const std::string& token, server::Request request, Nanoseconds timeout,
                               internal::Done<void> done);
  Nanoseconds latency();
  /// When a request sent now arrives: in order, unless it took another way.
  Nanoseconds transit(const server::Request& request);
  bool is_cut(bool direction) const { return direction && world_.now() < partition_.until; }

  World& world_;
  Random dice_;
  SimLoop& loop_;
  SimServer& server_;
  const NetworkFaults& faults_;
  std::map<internal::CallId, Pending> pending_;
  internal::CallId next_call_ = 1;
  TimePoint last_arrival_{};
  Partition partition_{};
  std::int64_t tasks_received_ = 0;
  bool beats_wanted_ = false;
  std::map<std::string, TimePoint> report_until_;  ///< by token of a task: until then its report may count
  std::set<std::string> dropped_reports_;          ///< answered with "later", in time, and not sent again yet
};

}  // namespace longbeat::simulation
