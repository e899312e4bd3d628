// A poll given up at about the moment its task comes, over and over.
#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "conformance/harness.h"
#include "support/percentile.h"
#include "support/wire_client.h"

using namespace longbeat::test;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t kRounds = 2'000;
constexpr std::size_t kLanes = 32;                // At once: a task that was lost takes a second to come back.
constexpr std::size_t kCalibration = 3 * kLanes;  // Of them the first third also waits for connections.
constexpr auto kAttempt = 1s;                     // Start-to-close.
constexpr auto kSlack = 2s;                       // For a busy machine.

/// Rounds, in lanes with a task queue each: a poll, a start, the poll given up, another poll if it had no task, a
/// completion.
class GivenUpPolls {
 public:
  GivenUpPolls() {
    start_ = Conformance().start_request();
    start_.mutable_start_to_close_timeout()->set_seconds(kAttempt.count());
    poll_.set_namespace_("default");
    poll_.set_identity("conformance-worker");
  }

  void run() {
    lanes_.resize(kLanes);
    for (Lane& lane : lanes_) {
      lane.queue = unique("queue");
      begin(lane);
    }
    while (client_.outstanding() > 0 && error_.empty()) {
      give_up_what_is_due();
      client_.run_one(give_ups_.empty() ? Clock::now() + 1s : give_ups_.begin()->first);
    }
  }

  const std::string& error() const { return error_; }
  std::size_t rounds() const { return ended_; }
  std::size_t in_time() const { return in_time_; }              ///< the poll had its task before it was given up
  std::size_t to_the_next() const { return to_the_next_; }      ///< as the same attempt
  std::size_t after_timeout() const { return after_timeout_; }  ///< the first attempt had left the server
  milliseconds longest_to_the_next() const { return std::chrono::duration_cast<milliseconds>(longest_to_the_next_); }
  milliseconds longest() const { return std::chrono::duration_cast<milliseconds>(longest_); }
  std::chrono::microseconds typical() const { return std::chrono::duration_cast<std::chrono::microseconds>(typical_); }

 private:
  struct Lane {
    std::string queue{};
    std::string activity_id{};
    Time started{};
    grpc::ClientContext* racing = nullptr;
    std::multimap<Time, Lane*>::iterator due{};
    bool planned = false;
  };

  void fail(const std::string& what, const grpc::Status& status) {
    if (error_.empty()) error_ = what + ": " + std::to_string(status.error_code()) + " " + status.error_message();
  }

  void begin(Lane& lane) {
    if (begun_ == kRounds) return;
    const bool give_up = begun_++ >= kCalibration;
    lane.activity_id = unique("activity");
    poll_.mutable_task_queue()->set_name(lane.queue);
    lane.racing = client_.call(kPollTask, poll_, 20s, [this, &lane](const auto& answer) {
      lane.racing = nullptr;
      if (lane.planned) give_ups_.erase(lane.due);
      lane.planned = false;
      if (answer.ok()) return take(lane, answer.response, true);
      if (answer.status.error_code() != grpc::StatusCode::CANCELLED) return fail("racing poll", answer.status);
      poll_again(lane);
    });
    start_.set_activity_id(lane.activity_id);
    start_.set_request_id(unique("request"));
    start_.mutable_task_queue()->set_name(lane.queue);
    lane.started = Clock::now();
    client_.call(kStart, start_, 20s, [this](const auto& answer) {
      if (!answer.ok()) fail("start", answer.status);
    });
    if (!give_up) return;
    // Some time before the task would be here: the server has its moment of hand-out somewhere in between.
    const auto delay = Clock::duration(static_cast<Clock::rep>(random_() % std::uint64_t(typical_.count())));
    lane.due = give_ups_.emplace(lane.started + delay, &lane);
    lane.planned = true;
  }

  void give_up_what_is_due() {
    while (!give_ups_.empty() && give_ups_.begin()->first <= Clock::now()) {
      Lane& lane = *give_ups_.begin()->second;
      give_ups_.erase(give_ups_.begin());
      lane.planned = false;
      lane.racing->TryCancel();
    }
  }

  void poll_again(Lane& lane) {
    poll_.mutable_task_queue()->set_name(lane.queue);
    client_.call(kPollTask, poll_, 20s, [this, &lane](const auto& answer) {
      if (!answer.ok()) return fail("second poll", answer.status);
      take(lane, answer.response, false);
    });
  }

  void take(Lane& lane, const service::PollActivityTaskQueueResponse& task, bool racing) {
    const auto waited = Clock::now() - lane.started;
    if (task.activity_id() != lane.activity_id) {
      return fail("a poll got \"" + task.activity_id() + "\" instead of " + lane.activity_id, grpc::Status::OK);
    }
    longest_ = std::max(longest_, waited);
    if (racing) {
      ++in_time_;
      if (delays_.size() < kCalibration) calibrate(waited);
    } else if (task.attempt() == 1) {
      ++to_the_next_;
      longest_to_the_next_ = std::max(longest_to_the_next_, waited);
    } else {
      ++after_timeout_;
    }
    service::RespondActivityTaskCompletedRequest request;
    request.set_namespace_("default");
    request.set_task_token(task.task_token());
    client_.call(kCompleted, request, 20s, [this, &lane](const auto& answer) {
      if (!answer.ok()) return fail("completion", answer.status);
      ++ended_;
      begin(lane);
    });
  }

  /// How long a task takes here and now.
  void calibrate(Clock::duration waited) {
    delays_.push_back(waited);
    if (delays_.size() <= kLanes) return;
    const std::vector<Clock::duration> settled(delays_.begin() + kLanes, delays_.end());
    typical_ = std::max<Clock::duration>(percentile(settled, 0.5), 100us);
  }

  service::StartActivityExecutionRequest start_{};
  service::PollActivityTaskQueueRequest poll_{};
  std::vector<Lane> lanes_{};
  std::multimap<Time, Lane*> give_ups_{};
  std::vector<Clock::duration> delays_{};
  Clock::duration typical_ = 1ms, longest_{}, longest_to_the_next_{};
  std::size_t begun_ = 0, ended_ = 0, in_time_ = 0, to_the_next_ = 0, after_timeout_ = 0;
  std::string error_{};
  std::mt19937_64 random_{20'261'121};
  // Last: what is outstanding at its end still reports to the members above.
  WireClient client_{address(), 5};
};

}  // namespace

TEST_CASE("two thousand polls given up as their task comes lose none for longer than its timeout", "[conformance]") {
  const auto before = own_server() ? own_stats() : longbeat::LocalServerStats();
  GivenUpPolls polls;
  polls.run();
  REQUIRE(polls.error() == "");
  CHECK(polls.rounds() == kRounds);
  CHECK(polls.in_time() + polls.to_the_next() + polls.after_timeout() == kRounds);
  // The race was one: some were late, some early.
  CHECK(polls.in_time() > kCalibration);
  CHECK(polls.to_the_next() > 0);
  if (!only_own_server("Temporal's is seconds late with a timeout, and does not say what it has undone")) return;
  CHECK(polls.longest() < kAttempt + kSlack);
  const auto after = own_stats();
  const auto undone = after.hand_outs_undone - before.hand_outs_undone;
  // Every hand-out is accounted for: used, undone, or ended by its timeout.
  CHECK(after.tasks_handed_out - before.tasks_handed_out == kRounds + undone + polls.after_timeout());
  WARN(kRounds << " polls: " << polls.in_time() << " had their task in time, " << polls.to_the_next()
               << " tasks went to the next poll (" << undone << " hand-outs undone), " << polls.after_timeout()
               << " came back after their timeout; typical hand-out " << polls.typical().count() << " us, longest "
               << polls.longest_to_the_next().count() << " ms to the next poll, " << polls.longest().count()
               << " ms in all");
}
