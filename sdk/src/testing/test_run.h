#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "client/client_core.h"
#include "core/executor.h"
#include "longbeat/testing/activity_environment.h"
#include "testing/environment_probe.h"
#include "testing/test_connection.h"
#include "worker/attempt_driver.h"
#include "worker/registry.h"

namespace longbeat::internal {

/// What is to happen during a run.
struct RunPlan {
  struct Stop {
    std::chrono::nanoseconds at;
    StopCause cause;
  };
  struct StopAfter {
    std::size_t heartbeat;
    StopCause cause;
  };
  struct Outage {
    std::chrono::nanoseconds from, until;
  };
  std::vector<Stop> stops{}, asked{};
  std::vector<StopAfter> stops_after{};
  std::vector<std::chrono::nanoseconds> announcements{};
  std::vector<Outage> outages{};
};

/// One attempt in the place of a worker: its loop, its driver, its end. Made and used on the thread that runs the
/// activity, but where it says otherwise.
class TestRun {
 public:
  /// Called after each heartbeat, by its number, on the thread that called it. Must not throw.
  using AfterHeartbeat = std::function<void(std::size_t number, TestRun& run)>;

  TestRun(const testing::ActivityEnvironmentOptions& options, const RunPlan& plan, AfterHeartbeat after_heartbeat);
  ~TestRun();
  TestRun(const TestRun&) = delete;
  TestRun& operator=(const TestRun&) = delete;

  /// `input` is as it is without codecs.
  EncodedRun run(std::string type, const Registry& registry, Payloads input);

  // --- Any thread ---
  void advance(std::chrono::nanoseconds by);
  void stop(StopCause cause);
  std::chrono::nanoseconds passed() const { return clock_->passed(); }
  /// The heartbeat details that the server holds, and the newest that were called, without codecs.
  Result<Payloads> held_details() const { return core_->format.decode(connection_->stub().details()); }
  Payloads called_details() const { return probe_->newest(); }

 private:
  /// Hands the attempt over to the thread that waits for it.
  class Desk final : public Executor {
   public:
    void submit(AttemptInput input) override;
    void settled();
    /// Nothing when the attempt has ended before it began.
    std::optional<AttemptInput> wait();
    bool is_settled() const { return settled_.load(); }

   private:
    std::mutex mutex_;
    std::condition_variable came_;
    std::optional<AttemptInput> input_{};
    std::atomic<bool> settled_{false};
  };

  Result<ActivityTask> task(std::string type, Payloads input) const;
  void begin(ActivityTask task);
  void apply_plan();
  void wait_for_report();
  void watch_endless_waits(const Lease& lease);
  void end_endless_wait();
  void at(std::chrono::nanoseconds when, std::function<void()> what);
  void stop_now(StopCause cause);
  void after_call(std::size_t number);
  testing::RunReport what_was_seen(AttemptSeen& seen);
  Result<Payloads> without_outcome(const AttemptSeen& seen, const WorkerStats& stats) const;
  EncodedRun report();

  const testing::ActivityEnvironmentOptions& options_;
  const RunPlan& plan_;
  const AfterHeartbeat after_heartbeat_;
  const std::shared_ptr<VirtualClock> clock_;
  const std::shared_ptr<TestConnection> connection_;
  std::shared_ptr<ClientCore> core_;
  std::shared_ptr<EnvironmentProbe> probe_;
  AttemptHost host_;
  Desk desk_;
  std::shared_ptr<Attempt> attempt_;
  std::shared_ptr<AttemptDriver> driver_;  ///< loop
  std::vector<StopCause> causes_;          ///< at the function's return
  std::chrono::nanoseconds took_{};
  std::optional<std::chrono::nanoseconds> endless_since_{};  ///< loop: waits for what can never come
  std::string lost_report_{};                                ///< why the server will never have it
};

}  // namespace longbeat::internal
