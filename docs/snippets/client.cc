#include <longbeat/client.h>
#include <longbeat/json.h>

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <functional>
#include <iostream>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using longbeat::Client;

struct Summary {
  std::uint64_t records = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Summary, records)
struct Progress {
  std::uint64_t offset = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Progress, offset)
inline constexpr longbeat::Activity<Summary(std::string path)> ingest{"ingest"};

// The least that a coroutine needs; yours comes from your event loop's library.
struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};
struct EventLoop {
  void post(std::function<void()> job);
};

longbeat::Result<Client> connect(EventLoop& loop) {
  // [connect]
  return Client::connect({
      .address = "longbeat.example:7233",
      .namespace_name = "imports",
      .identity = "nightly-import",
      .call_timeout = 5s,
      .callback_executor = [&loop](std::function<void()> job) { loop.post(std::move(job)); },
  });
  // [end]
}

longbeat::Result<> start_and_wait(const Client& client, std::stop_token stop) {
  // [start]
  const longbeat::StartOptions options{.id = "ingest:a.log",
                                       .task_queue = "ingest",
                                       .start_to_close_timeout = 2h,
                                       .heartbeat_timeout = 30s,
                                       .summary = "a.log, for the nightly report",
                                       .search_attributes = {{"Customer", "c-17"}}};
  auto handle = client.start(ingest, options, "a.log");
  if (!handle) return handle.error();
  // [end]

  // [wait]
  auto summary = handle->result({.timeout = 10s, .stop_token = stop});
  if (!summary && summary.error().code == longbeat::ErrorCode::kDeadlineExceeded) {
    std::cout << "not seen to end\n";  // The wait has ended, the activity goes on.
  }
  // [end]
  return summary ? longbeat::Result<>() : summary.error();
}

longbeat::Result<std::uint64_t> start_to_end(const Client& client, const longbeat::StartOptions& options) {
  // [execute]
  auto summary = client.execute(ingest, options, "a.log");
  if (!summary) return summary.error();
  return summary->records;
  // [end]
}

void with_a_callback(const Client& client, const longbeat::StartOptions& options) {
  // [callback]
  client.execute_async(ingest, options, "a.log").then([](longbeat::Result<Summary> summary) {
    if (summary) std::cout << summary->records << " records\n";
  });
  // [end]
}

// [coroutine]
Task ingest_all(const Client& client, std::vector<std::string> paths) {
  for (const auto& path : paths) {
    const longbeat::StartOptions options{.id = "ingest:" + path, .task_queue = "ingest", .start_to_close_timeout = 2h};
    auto pending = client.execute_async(ingest, options, path);
    const auto summary = co_await pending;  // The Pending needs a name; without one this does not compile.
    if (!summary) std::cerr << path << ": " << summary.error() << "\n";
  }
}
// [end]

void look(const Client& client) {
  // [describe]
  const auto handle = client.handle<Summary>("ingest:a.log");  // No call: the latest run of this ID.
  const auto now = handle.describe({.include_input = true, .include_outcome = true});
  if (!now) return;
  std::cout << to_string(now->status) << ", attempt " << now->attempt << "\n";
  if (const auto progress = now->heartbeat_details<Progress>(); progress && *progress)
    std::cout << "at " << (*progress)->offset << "\n";
  if (now->last_failure) std::cout << to_string(*now->last_failure) << "\n";
  // [end]

  // [watch]
  for (const auto& row : handle.watch({.timeout = 1h})) {
    if (!row) return;
    std::cout << to_string(row->run_state) << "\n";  // Once now, then for each change, until it has closed.
  }
  // [end]
}

longbeat::Result<> find(const Client& client) {
  // [list]
  for (const auto& row : client.list({.query = "ActivityType = 'ingest' AND ExecutionStatus = 'Failed'"})) {
    if (!row) return row.error();  // The last row.
    std::cout << row->id << "\n";
  }
  const auto counted = client.count({.query = "GROUP BY ExecutionStatus"});
  if (!counted) return counted.error();
  for (const auto& group : counted->groups)
    std::cout << std::get<std::string>(group.values.front().value()) << " " << group.count << "\n";
  // [end]
  return {};
}

longbeat::Result<> operate(const Client& client) {
  // [operate]
  const auto handle = client.handle<Summary>("ingest:a.log");
  if (auto paused = handle.pause({.reason = "disk is full"}); !paused) return paused;
  if (auto unpaused = handle.unpause({.jitter = 1min}); !unpaused) return unpaused;
  if (auto again = handle.reset({.reset_heartbeat = true}); !again) return again;  // From the beginning.
  // [end]

  // [update]
  const auto options = handle.update_options({.task_queue = "ingest-large",
                                              .heartbeat_timeout = longbeat::clear,
                                              .retry_policy_fields = {.maximum_attempts = 5}});
  if (!options) return options.error();
  std::cout << "may be tried " << options->retry_policy.maximum_attempts.value_or(0) << " times\n";
  // [end]

  // [end_it]
  const auto now = handle.describe();
  if (!now) return now.error();
  const auto run = client.handle<Summary>(handle.id(), now->run_id);  // This one, not what may be started meanwhile.
  if (auto ended = run.terminate({.reason = "wrong file"}); !ended) return ended;
  return run.remove();
  // [end]
}

void many(const Client& client, const std::vector<std::string>& paths) {
  // [many]
  const auto started = client.start_many(ingest, paths, [](const std::string& path) {
    return longbeat::StartOptions{.id = "ingest:" + path, .task_queue = "ingest", .start_to_close_timeout = 2h};
  });
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (!started[i]) std::cerr << paths[i] << ": " << started[i].error() << "\n";
  }
  // [end]
}

void server(const Client& client) {
  // [server]
  if (const auto queue = client.describe_task_queue("ingest"); queue && queue->stats)
    std::cout << queue->pollers.size() << " pollers, " << queue->stats->approximate_backlog_count << " wait\n";
  for (const auto& worker : client.list_workers({.query = "TaskQueue = 'ingest'"})) {
    if (worker) std::cout << worker->identity << " " << to_string(worker->status) << "\n";
  }
  if (const auto here = client.describe_namespace(); here && !here->standalone_activity_operator_commands)
    std::cout << "no pause and no reset here\n";
  // [end]
}
