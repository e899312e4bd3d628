// A backup of a server under load: it holds everything that was acknowledged before it was asked for, it is whole, and
// those who use the server hardly notice.
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/child_process.h"
#include "support/demand.h"
#include "support/files.h"
#include "support/loads.h"
#include "support/percentile.h"
#include "support/program.h"
#include "support/raw_client.h"
#include "support/server_process.h"

namespace longbeat::crash {
namespace {

namespace fs = std::filesystem;
namespace service = temporal::api::workflowservice::v1;
using std::chrono::milliseconds;
using test::Clock;
using test::demand;

constexpr std::size_t kInFlight = 64;

struct Latencies {
  std::vector<double> ms{};
  void add(Clock::duration latency) { ms.push_back(std::chrono::duration<double, std::milli>(latency).count()); }
  double at(double share) const { return test::percentile(ms, share); }
  std::string text() const {
    char line[120];
    std::snprintf(line, sizeof line, "%6zu calls, p50 %.1f ms, p99 %.1f ms, longest %.1f ms", ms.size(), at(0.5),
                  at(0.99), at(1));
    return line;
  }
};

/// IDs that a server must know.
class Acknowledged {
 public:
  explicit Acknowledged(const std::string& address) : client_(address) {}
  void start(int count) {
    for (int i = 0; i < count; ++i) {
      service::StartActivityExecutionRequest request;
      request.set_namespace_("default");
      request.set_identity("backup test");
      request.set_request_id("request " + std::to_string(ids_.size()));
      request.set_activity_id("kept-" + std::to_string(ids_.size()));
      request.mutable_activity_type()->set_name("kept");
      request.mutable_task_queue()->set_name("nobody-polls");
      request.mutable_start_to_close_timeout()->set_seconds(3600);
      service::StartActivityExecutionResponse response;
      const auto status = client_.call("StartActivityExecution", request, &response);
      if (!status.ok()) throw std::runtime_error("start: " + status.error_message());
      ids_[request.activity_id()] = response.run_id();
    }
  }
  std::size_t missing_on(const std::string& address) const {
    const test::RawClient other(address);
    std::size_t missing = 0;
    for (const auto& [id, run] : ids_) {
      service::DescribeActivityExecutionRequest request;
      request.set_namespace_("default");
      request.set_activity_id(id);
      service::DescribeActivityExecutionResponse response;
      missing += other.call("DescribeActivityExecution", request, &response).ok() && response.run_id() == run ? 0 : 1;
    }
    return missing;
  }
  std::size_t size() const { return ids_.size(); }

 private:
  test::RawClient client_;
  std::map<std::string, std::string> ids_{};
};

/// Waits for the end of a command while the load goes on.
int load_until_over(test::ChildProcess& command, test::WireClient& client, test::Load& load, Latencies& latencies) {
  while (command.running()) {
    test::run_closed_loop(client, load, kInFlight, Clock::now() + milliseconds(50),
                          [&](Clock::duration latency) { latencies.add(latency); });
  }
  return command.exit_code().value_or(-1);
}

/// False when the backup was over before its caller could be killed.
bool give_up_is_clean(const std::string& binary, const test::ServerProcess& server, const fs::path& folder) {
  const fs::path to = folder / "given-up.db";
  const fs::path partial = to.string() + ".partial";
  const auto pause = [] { std::this_thread::sleep_for(milliseconds(1)); };
  test::ChildProcess backup({binary, "backup", "--to", to.string(), "--address", server.address()}, folder / "up.log");
  while (backup.running() && !fs::exists(partial)) pause();
  backup.kill();
  const auto end = Clock::now() + std::chrono::seconds(20);
  while (fs::exists(partial) && Clock::now() < end) pause();
  demand(!fs::exists(partial), "a backup whose caller was killed left its file");
  if (fs::remove(to)) return false;
  std::printf("a backup whose caller was killed left nothing\n");
  return true;
}

int test(const std::string& binary, std::size_t rows) {
  const test::TempFolder folder;
  const fs::path to = folder.path() / "backup.db";
  test::ServerProcess server({.binary = binary, .database = folder.path() / "live.db", .folder = folder.path()});
  test::WireClient client(server.address());
  const auto executions = test::make_poll_complete_load(client);
  executions->prepare(rows);
  const auto beats = test::make_heartbeat_load(client, 2000, 1024);
  beats->prepare(0);
  Acknowledged acknowledged(server.address());
  acknowledged.start(200);

  Latencies alone, beside;
  test::run_closed_loop(client, *beats, kInFlight, Clock::now() + std::chrono::seconds(2),
                        [&](Clock::duration latency) { alone.add(latency); });
  int tries = 0;
  while (!give_up_is_clean(binary, server, folder.path()))
    demand(++tries < 10, "backups were over too soon to be given up; more activities, please");
  const auto begin = Clock::now();
  test::ChildProcess backup({binary, "backup", "--to", to.string(), "--address", server.address()},
                            folder.path() / "backup.log");
  const int result = load_until_over(backup, client, *beats, beside);
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  std::printf("heartbeats alone:           %s\n", alone.text().c_str());
  std::printf("heartbeats during a backup: %s\n", beside.text().c_str());
  demand(result == 0,
         "the backup ended with " + std::to_string(result) + ": " + test::content_of(folder.path() / "backup.log"));
  std::printf("backup of %.1f MiB in %.1f s\n", static_cast<double>(fs::file_size(to)) / 1048576, seconds);
  demand(test::run_command("'" + binary + "' check '" + to.string() + "'", folder.path() / "check.out") == 0,
         "the backup has defects: " + test::content_of(folder.path() / "check.out"));
  demand(test::run_command("'" + binary + "' backup --to '" + to.string() + "' --address " + server.address(),
                           folder.path() / "again.out") == 2,
         "a second backup to the same file is not refused");
  const test::TempFolder elsewhere;
  test::ServerProcess second({.binary = binary, .database = to, .folder = elsewhere.path()});
  const std::size_t missing = acknowledged.missing_on(second.address());
  demand(missing == 0, std::to_string(missing) + " acknowledged activities are not in the backup");
  std::printf("all %zu acknowledged activities are in the backup; it has no defects\n", acknowledged.size());
  // A stall would be a sync of the whole copy, or a copy in one go: many times this.
  demand(beside.at(0.99) < 10 * alone.at(0.99) + 50, "heartbeats waited for the backup");
  return 0;
}

}  // namespace
}  // namespace longbeat::crash

int main(int count, char** arguments) {
  return longbeat::test::run_program("backup_test", "", [&] {
    if (count != 3) throw std::invalid_argument("usage: backup_test SERVER ACTIVITIES");
    return longbeat::crash::test(arguments[1], std::stoul(arguments[2]));
  });
}
