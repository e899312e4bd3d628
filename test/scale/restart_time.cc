// How long a server with many activities in its file takes from its start to its first answers.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "scale/fill.h"
#include "support/program.h"
#include "support/server_process.h"
#include "support/wire_client.h"

namespace longbeat::scale {
namespace {

using std::chrono::duration;
using std::chrono::milliseconds;
using test::Clock;

constexpr milliseconds kPatience{60'000};

constexpr const char* kUsage =
    "restart_time --server PATH [--database FILE | --open N --closed N [--mixed]] [--times N] [--limit SECONDS]\n"
    "  Starts the server on the file, or on one filled for this, kills it and starts it again, N times (default 3), "
    "each\n"
    "  with calls at once. Fails when their answers took longer than the limit (default 6).\n";

struct Options {
  FillOptions fill{};
  std::string server{}, database{};
  int times = 3;
  double limit = 6;
};

Options parse(int count, char** arguments) {
  Options options;
  options.fill.running = 0.5;
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    const auto text = [&] { return test::value_of_option(count, arguments, i); };
    if (name == "--server")
      options.server = text();
    else if (name == "--database")
      options.database = text();
    else if (name == "--open")
      options.fill.open = test::whole_number(name, text(), 0, 100'000'000);
    else if (name == "--closed")
      options.fill.closed = test::whole_number(name, text(), 0, 1'000'000'000);
    else if (name == "--mixed")
      options.fill.mixed = true;
    else if (name == "--times")
      options.times = static_cast<int>(test::whole_number(name, text(), 1, 1'000));
    else if (name == "--limit")
      options.limit = std::stod(text());
    else
      throw std::invalid_argument("unknown option " + name);
  }
  if (options.server.empty()) throw std::invalid_argument("--server is missing");
  return options;
}

/// So that what a disk is slow at does not count: "warm cache".
void read_whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::vector<char> buffer(1 << 20);
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()))) {
  }
}

struct Seconds {
  double listening = 0, start = 0, poll = 0, describe = 0, later_start = 0;
};

template <class Method, class Request, class Look>
void ask(test::WireClient& client, const Method& method, const Request& request, Look look) {
  client.call(method, request, kPatience, [path = method.path, look](const auto& answer) {
    if (!answer.ok()) throw std::runtime_error(std::string(path) + ": " + answer.status.error_message());
    look(answer.response);
  });
}

test::wire::StartActivityExecutionRequest start_request(const std::string& id) {
  test::wire::StartActivityExecutionRequest start;
  start.set_namespace_("default");
  start.set_activity_id(id);
  start.set_request_id("request of " + id);
  start.mutable_activity_type()->set_name("restart_time");
  start.mutable_task_queue()->set_name("restart_time");
  start.mutable_start_to_close_timeout()->set_seconds(60);
  return start;
}

Seconds restart(test::ServerProcess& server, const FillOptions& fill, int round) {
  server.kill();
  const auto began = Clock::now();
  const auto since = [&] { return duration<double>(Clock::now() - began).count(); };
  Seconds at;
  server.restart();
  at.listening = since();
  test::WireClient client(server.address());
  ask(client, test::kStart, start_request("first-" + std::to_string(round)), [&](const auto&) { at.start = since(); });
  test::wire::PollActivityTaskQueueRequest poll;
  poll.set_namespace_("default");
  poll.mutable_task_queue()->set_name("restart_time");
  ask(client, test::kPollTask, poll, [&](const auto& task) {
    if (task.task_token().empty()) throw std::runtime_error("the poll came back without a task");
    at.poll = since();
  });
  if (fill.open + fill.closed > 0) {
    test::wire::DescribeActivityExecutionRequest describe;
    describe.set_namespace_("default");
    describe.set_activity_id(activity_id(0));
    ask(client, test::kDescribe, describe, [&](const auto&) { at.describe = since(); });
  }
  client.run_until(Clock::now() + kPatience);
  // What comes behind the first step: it may not stand still either.
  double longest = 0;
  for (int i = 0; i < 200; ++i) {
    const auto sent = Clock::now();
    ask(client, test::kStart, start_request("later-" + std::to_string(round) + "-" + std::to_string(i)),
        [&](const auto&) { longest = std::max(longest, duration<double>(Clock::now() - sent).count()); });
    client.run_until(Clock::now() + kPatience);
  }
  at.later_start = longest;
  if (client.outstanding() > 0) throw std::runtime_error("not all calls were answered");
  return at;
}

int run(Options options) {
  const test::TempFolder folder;
  std::string database = options.database;
  if (database.empty()) {
    options.fill.to = folder.path() / "filled.db";
    database = options.fill.to.string();
    const auto began = Clock::now();
    fill(options.fill);
    std::printf("filled with %llu open and %llu closed in %.1f s\n", static_cast<unsigned long long>(options.fill.open),
                static_cast<unsigned long long>(options.fill.closed), duration<double>(Clock::now() - began).count());
  }
  read_whole(database);
  test::ServerProcess server({.binary = options.server, .database = database, .folder = folder.path()});
  double worst = 0;
  for (int round = 0; round < options.times; ++round) {
    const Seconds at = restart(server, options.fill, round);
    std::printf(
        "listening after %.2f s; answered: start %.2f s, poll %.2f s, describe %.2f s; the slowest of 200 starts "
        "then took %.1f ms; %.0f MiB resident\n",
        at.listening, at.start, at.poll, at.describe, at.later_start * 1000,
        static_cast<double>(server.resident_bytes()) / (1024.0 * 1024.0));
    std::fflush(stdout);
    worst = std::max({worst, at.start, at.poll, at.describe});
  }
  std::printf("first calls answered within %.2f s of the start, limit %.2f s\n", worst, options.limit);
  return worst <= options.limit ? 0 : 1;
}

}  // namespace
}  // namespace longbeat::scale

int main(int count, char** arguments) {
  return longbeat::test::run_program("restart_time", longbeat::scale::kUsage,
                                     [&] { return longbeat::scale::run(longbeat::scale::parse(count, arguments)); });
}
