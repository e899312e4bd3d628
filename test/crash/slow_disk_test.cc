// A server whose disk is slow, 5 ms a sync, or stands still for a while: more goes into one commit, and no worker
// suffers.
#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "rpc/server.h"
#include "support/child_process.h"
#include "support/demand.h"
#include "support/fault_vfs.h"
#include "support/loads.h"
#include "support/program.h"
#include "support/wire_client.h"

namespace longbeat::crash {
namespace {

using std::chrono::milliseconds;
using test::Clock;
using test::demand;
using test::Time;
namespace wire = test::wire;

class SlowDiskTest {
 public:
  SlowDiskTest() {
    server::ServerOptions options;
    options.database = (folder_.path() / "slow.db").string();
    options.on_fatal = [](const std::string& reason) { std::fprintf(stderr, "fatal: %s\n", reason.c_str()); };
    server_.emplace(std::move(options));
    const auto port = server_->start();
    demand(port.ok(), "the server does not start");
    client_.emplace("127.0.0.1:" + std::to_string(*port));
  }

  ~SlowDiskTest() { client_.reset(); }  // Its last answers go to what is still there.
  SlowDiskTest(const SlowDiskTest&) = delete;
  SlowDiskTest& operator=(const SlowDiskTest&) = delete;

  void run() {
    faults_.sync_ms = 5;
    const double alone = commands_per_commit(1);
    const double many = commands_per_commit(64);
    std::printf("5 ms a sync: %.1f commands in one commit with 1 call in flight, %.1f with 64\n", alone, many);
    demand(many > 8 * alone, "commits do not grow with the load");
    stand_still();
  }

 private:
  double commands_per_commit(std::size_t in_flight) {
    const auto load = test::make_poll_complete_load(*client_);
    load->prepare(2000);
    const auto before = server_->stats().engine;
    std::uint64_t done = 0;
    test::run_closed_loop(*client_, *load, in_flight, Clock::now() + milliseconds(1500), [&](auto) { ++done; });
    const auto after = server_->stats().engine;
    demand(done > 0 && after.timeouts == 0, "no work was done, or something timed out");
    return static_cast<double>(after.commands - before.commands) / static_cast<double>(after.commits - before.commits);
  }

  /// Attempts with a heartbeat timeout of 1 s, and syncs that take 1.5 s.
  void stand_still() {
    for (int i = 0; i < 20; ++i) begin("slow-" + std::to_string(i));
    run_until(Clock::now() + milliseconds(700));
    faults_.sync_ms = 1500;
    run_until(Clock::now() + milliseconds(2500));
    faults_.sync_ms = 5;
    run_until(Clock::now() + milliseconds(2000));
    const auto stats = server_->stats().engine;
    std::printf(
        "1.5 s a sync: %d heartbeats of 20 attempts with a timeout of 1 s were taken, %llu timed out; time was lost "
        "%llu times\n",
        beats_, static_cast<unsigned long long>(stats.timeouts), static_cast<unsigned long long>(stats.grace_added));
    demand(refused_.empty(), "a heartbeat was refused: " + refused_);
    demand(stats.timeouts == 0, "a healthy worker's attempt timed out");
    demand(stats.grace_added > 0, "the server did not notice that it stood still");
  }

  void begin(const std::string& id) {
    wire::StartActivityExecutionRequest request;
    request.set_namespace_("default");
    request.set_activity_id(id);
    request.mutable_activity_type()->set_name("slow");
    request.mutable_task_queue()->set_name("slow");
    request.mutable_start_to_close_timeout()->set_seconds(600);
    request.mutable_heartbeat_timeout()->set_seconds(1);
    client_->call(test::kStart, request, std::chrono::seconds(10),
                  [this](const auto& answer) { check(answer.status); });
    wire::PollActivityTaskQueueRequest poll;
    poll.set_namespace_("default");
    poll.mutable_task_queue()->set_name("slow");
    client_->call(test::kPollTask, poll, std::chrono::seconds(10), [this](const auto& answer) {
      check(answer.status);
      beat(answer.response.task_token());
    });
  }

  void beat(const std::string& token) {
    wire::RecordActivityTaskHeartbeatRequest request;
    request.set_namespace_("default");
    request.set_task_token(token);
    request.mutable_details()->add_payloads()->set_data(std::to_string(++details_));
    client_->call(test::kHeartbeat, request, std::chrono::seconds(10), [this, token](const auto& answer) {
      check(answer.status);
      ++beats_;
      timers_.emplace(Clock::now() + milliseconds(300), [this, token] { beat(token); });
    });
  }

  void check(const grpc::Status& status) {
    if (!status.ok() && status.error_code() != grpc::StatusCode::CANCELLED) refused_ = status.error_message();
  }

  void run_until(Time until) {
    while (Clock::now() < until) {
      while (!timers_.empty() && timers_.begin()->first <= Clock::now()) {
        const auto what = std::move(timers_.begin()->second);
        timers_.erase(timers_.begin());
        what();
      }
      client_->run_one(std::min(until, Clock::now() + milliseconds(5)));
    }
  }

  test::FaultVfs& faults_ = test::FaultVfs::install();
  const test::TempFolder folder_{};
  std::optional<server::Server> server_{};
  std::optional<test::WireClient> client_{};
  std::multimap<Time, std::function<void()>> timers_{};
  std::string refused_{};
  int beats_ = 0, details_ = 0;
};

}  // namespace
}  // namespace longbeat::crash

int main() {
  return longbeat::test::run_program("slow_disk_test", "", [&] {
    longbeat::crash::SlowDiskTest().run();
    return 0;
  });
}
