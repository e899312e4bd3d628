// Files that earlier releases wrote, opened by today's server: every activity has its state, every attempt that a
// worker held is still its own. README.md says where the files come from.
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <thread>

#include "formats/recorded_calls.h"
#include "support/files.h"
#include "support/program.h"
#include "support/server_process.h"

namespace longbeat::formats {
namespace {

namespace fs = std::filesystem;
namespace service = temporal::api::workflowservice::v1;

std::size_t wrong = 0;

void expect(bool is_so, const std::string& what) {
  if (is_so) return;
  ++wrong;
  std::printf("WRONG: %s\n", what.c_str());
}

void check_file(const std::string& server, const fs::path& database, const fs::path& folder, const std::string& when) {
  const std::string before = test::content_of(database);
  const int result = test::run_command("'" + server + "' check '" + database.string() + "'", folder / "check.out");
  expect(result == 0,
         "check " + when + " ended with " + std::to_string(result) + ":\n" + test::content_of(folder / "check.out"));
  expect(test::content_of(database) == before, "check " + when + " changed the file");
}

void compare(const Recording& recording, const test::RawClient& client, const std::set<std::string>& changed,
             const std::string& when) {
  for (const RecordedCall& call : recording.calls) {
    if (const auto* about = dynamic_cast<const service::DescribeActivityExecutionRequest*>(call.request.get());
        about != nullptr && changed.contains(about->activity_id())) {
      continue;
    }
    const RecordedCall now = ask(client, call.rpc, *call.request);
    const std::string differs = difference(*call.response, *now.response);
    expect(differs.empty(),
           when + ", " + call.rpc + " {" + call.request->ShortDebugString() + "} differs:\n" + differs);
  }
}

/// The workers of the old server report to the new one.
void finish(const std::string& id, const std::string& token, const test::RawClient& client) {
  service::RespondActivityTaskCompletedRequest report;
  report.set_namespace_("default");
  report.set_identity("worker");
  report.set_task_token(token);
  service::RespondActivityTaskCompletedResponse ignored;
  const auto status = client.call("RespondActivityTaskCompleted", report, &ignored);
  expect(status.ok(), "the report of the worker that holds " + id + " is refused: " + status.error_message());
  service::PollActivityExecutionRequest request;
  request.set_namespace_("default");
  request.set_activity_id(id);
  service::PollActivityExecutionResponse outcome;
  const auto read = client.call("PollActivityExecution", request, &outcome);
  expect(read.ok() && outcome.has_outcome(), id + " has no outcome after its worker's report");
}

void test_file(const std::string& server, const fs::path& stored) {
  std::printf("%s\n", stored.filename().c_str());
  const Recording recording = load(fs::path(stored).replace_extension(".calls"));
  const test::TempFolder folder;
  const fs::path database = folder.path() / "old.db";
  fs::copy_file(stored, database);
  fs::permissions(database, fs::perms::owner_read | fs::perms::owner_write);
  check_file(server, database, folder.path(), "of the old file");
  const fs::path config = folder.path() / "test.toml";
  // The activities closed long ago.
  std::ofstream(config)
      << "[namespaces.default]\nretention = \"876000h\"\n[namespaces.other]\nretention = \"876000h\"\n";
  test::ServerProcess process(
      {.binary = server, .database = database, .folder = folder.path(), .arguments = {"--config", config.string()}});
  compare(recording, test::RawClient(process.address()), {}, "after the first start");
  process.restart();
  compare(recording, test::RawClient(process.address()), {}, "after kill -9 and a second start");
  std::set<std::string> finished;
  for (const auto& [id, token] : recording.tokens) {
    finish(id, token, test::RawClient(process.address()));
    finished.insert(id);
  }
  compare(recording, test::RawClient(process.address()), finished, "after the reports");
  process.terminate();
  for (int i = 0; process.running() && i < 200; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  check_file(server, database, folder.path(), "of the file that today's server has written");
  expect(test::run_command("'" + server + "' export '" + database.string() + "' --to '" +
                               (folder.path() / "all.jsonl").string() + "'",
                           folder.path() / "export.out") == 0,
         "export: " + test::content_of(folder.path() / "export.out"));
  const std::string lines = test::content_of(folder.path() / "all.jsonl");
  const auto activities = std::ranges::count_if(
      recording.calls, [](const RecordedCall& call) { return call.rpc == "DescribeActivityExecution"; });
  expect(std::ranges::count(lines, '\n') == activities, "export wrote another number of lines than activities");
  std::printf("  %zu answers are the same, %zu workers could go on\n", recording.calls.size(), recording.tokens.size());
}

int test_all(const std::string& server, const fs::path& folder) {
  std::set<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".db") files.insert(entry.path());
  }
  if (files.empty()) throw std::runtime_error("no files in " + folder.string());
  for (const fs::path& file : files) test_file(server, file);
  return wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace longbeat::formats

int main(int count, char** arguments) {
  return longbeat::test::run_program("formats_test", "", [&] {
    if (count != 3) throw std::invalid_argument("usage: formats_test SERVER FOLDER");
    return longbeat::formats::test_all(arguments[1], arguments[2]);
  });
}
