#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "fuzz/fuzz_room.h"
#include "fuzz/grammar.h"
#include "support/catch.h"

using namespace longbeat::server;
using namespace longbeat::server::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
namespace pb = google::protobuf;
namespace service = temporal::api::workflowservice::v1;

namespace {

/// A call may cost this much of the processor, sanitizers and slow machines included; usual is well below a
/// millisecond.
constexpr Duration kCallMax = 500ms;

std::uint64_t setting(const char* name, std::uint64_t standard) {
  const char* given = std::getenv(name);
  return given == nullptr ? standard : std::strtoull(given, nullptr, 10);
}

FuzzReport run(const std::vector<FuzzCall>& calls) {
  FuzzRoom room;
  return room.run(calls);
}

/// Fewer calls that still end in a complaint.
std::vector<FuzzCall> smallest(std::vector<FuzzCall> calls) {
  for (std::size_t i = calls.size(); i-- > 0;) {
    auto fewer = calls;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    if (!run(fewer).complaints.empty()) calls = std::move(fewer);
  }
  return calls;
}

std::string described(const std::vector<FuzzCall>& calls) {
  std::string text;
  for (const FuzzCall& call : calls) {
    const auto message = request_of(row_of(call));
    text += std::string(row_of(call).method) + " after " + std::to_string(pause_of(call) / 1ms) + " ms: ";
    std::string fields = message->ParseFromString(call.bytes) ? message->ShortDebugString() : "no message";
    if (fields.size() > 1'000) fields = fields.substr(0, 1'000) + "…";
    text += fields + "\n";
  }
  return text;
}

void check(const std::vector<FuzzCall>& calls, const FuzzReport& report) {
  CHECK(report.slowest < kCallMax);
  if (report.slowest >= kCallMax) UNSCOPED_INFO("slow: " + report.slowest_method);
  if (report.complaints.empty()) return;
  const auto fewer = smallest(calls);
  FAIL_CHECK(run(fewer).complaints.front() << "\n" << described(fewer));
}

}  // namespace

TEST_CASE("calls of every kind, meant and spoiled, are answered as they should be", "[fuzz]") {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(setting("LONGBEAT_FUZZ_SECONDS", 5));
  const std::uint64_t first = setting("LONGBEAT_FUZZ_SEED", 1);
  FuzzReport sum;
  std::uint64_t seed = first;
  int bad = 0;
  for (; std::chrono::steady_clock::now() < end && bad < 5; ++seed) {
    CAPTURE(seed);
    const auto calls = Grammar(seed).calls();
    const FuzzReport report = run(calls);
    check(calls, report);
    bad += !report.complaints.empty();
    sum.calls += report.calls;
    sum.answered += report.answered;
    sum.refused += report.refused;
    sum.undecodable += report.undecodable;
    sum.engine.started += report.engine.started;
    sum.engine.handed_out += report.engine.handed_out;
    sum.engine.heartbeats += report.engine.heartbeats;
    sum.engine.completed += report.engine.completed;
    sum.engine.failed_attempts += report.engine.failed_attempts;
    sum.engine.timeouts += report.engine.timeouts;
    if (report.slowest > sum.slowest) {
      sum.slowest = report.slowest;
      sum.slowest_method = report.slowest_method;
    }
  }
  INFO(seed - first << " inputs, " << sum.calls << " calls: " << sum.answered << " answered, " << sum.refused
                    << " refused, " << sum.undecodable << " undecodable; " << sum.engine.started << " started, "
                    << sum.engine.handed_out << " attempts, " << sum.engine.heartbeats << " heartbeats, "
                    << sum.engine.completed << " completed, " << sum.engine.failed_attempts << " failed attempts, "
                    << sum.engine.timeouts << " timeouts; slowest " << sum.slowest / 1us << " us in "
                    << sum.slowest_method);
  // The grammar is only worth its time when what it makes gets somewhere.
  CHECK(sum.answered * 5 > sum.calls);
  CHECK(sum.refused * 20 > sum.calls);
  CHECK(sum.undecodable > 0);
  CHECK(sum.engine.handed_out * 100 > sum.calls);
}

TEST_CASE("inputs worth keeping are answered as they should be", "[fuzz]") {
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(LONGBEAT_FUZZ_CORPUS)) {
    CAPTURE(entry.path().filename());
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    const auto calls = read_calls(bytes);
    check(calls, run(calls));
    ++files;
  }
  CHECK(files > 0);
}

TEST_CASE("a token in the place of a text makes a request undecodable, which is nobody's fault", "[fuzz]") {
  const auto call = [](std::string_view name, const pb::Message& request) {
    const auto rows = all_rpcs();
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const Rpc& rpc) { return rpc.method.ends_with(name); });
    REQUIRE(row != rows.end());
    return FuzzCall{static_cast<std::uint8_t>(row - rows.begin()), 0, 0, request.SerializeAsString()};
  };
  service::StartActivityExecutionRequest start;
  start.set_namespace_("default");
  start.set_activity_id("a");
  start.mutable_activity_type()->set_name("t");
  start.mutable_task_queue()->set_name("q");
  start.mutable_start_to_close_timeout()->set_seconds(10);
  service::PollActivityTaskQueueRequest poll;
  poll.set_namespace_("default");
  poll.mutable_task_queue()->set_name("q");
  service::ResetActivityRequest reset;
  reset.set_namespace_("default");
  reset.set_identity("$task0");  // Stands for bytes that are no UTF-8.
  const auto report = run(
      {call("/StartActivityExecution", start), call("/PollActivityTaskQueue", poll), call("/ResetActivity", reset)});
  for (const std::string& complaint : report.complaints) CHECK(complaint == "");
  CHECK(report.answered == 2);
  CHECK(report.undecodable == 1);
}

TEST_CASE("bytes that are no calls do no harm", "[fuzz]") {
  Grammar grammar(1);
  for (int i = 0; i < 300; ++i) {
    std::string bytes(grammar.below(400), '\0');
    for (char& byte : bytes) byte = static_cast<char>(grammar.below(256));
    const auto calls = read_calls(bytes);
    check(calls, run(calls));
  }
}

TEST_CASE("an input's calls are read as they were written", "[fuzz]") {
  const auto calls = Grammar(3).calls();
  const auto again = read_calls(write_calls(calls));
  REQUIRE(again.size() == calls.size());
  for (std::size_t i = 0; i < calls.size(); ++i) {
    CHECK(again[i].row == calls[i].row);
    CHECK(again[i].bytes == calls[i].bytes);
  }
}

// Writes seeds for libFuzzer: small inputs of which each has a method that no earlier one got answered.
TEST_CASE("the corpus is written", "[.write-corpus]") {
  std::set<std::uint8_t> seen;
  int files = 0;
  for (std::uint64_t seed = 1; seed < 2'000 && files < 20; ++seed) {
    const auto calls = Grammar(seed).calls();
    const std::string bytes = write_calls(calls);
    if (bytes.size() > 4'000 || !run(calls).complaints.empty()) continue;
    const std::size_t before = seen.size();
    for (const FuzzCall& call : calls) seen.insert(static_cast<std::uint8_t>(call.row % all_rpcs().size()));
    if (seen.size() < before + 2) continue;
    std::ofstream(fs::path(LONGBEAT_FUZZ_CORPUS) / ("seed-" + std::to_string(++files)), std::ios::binary) << bytes;
  }
}
