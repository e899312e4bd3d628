// longbeat-bench-sdk: the SDK's half of the benchmark, a process of its own, so that its CPU time and memory are its
// own too. longbeat-bench starts it; each mode prints one line "name value name value ...".
#include <longbeat/client.h>
#include <longbeat/json.h>
#include <longbeat/worker.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <exception>
#include <fstream>
#include <latch>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace longbeat::bench {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;
using Arguments = std::map<std::string, std::string>;

std::int64_t number(const Arguments& arguments, const std::string& name) {
  const std::string& text = arguments.at(name);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1)
    throw std::invalid_argument("--" + name + " is \"" + text + "\", must be a positive number");
  return value;
}

double seconds_of(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}
double process_cpu() {
  return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}
double thread_cpu() {
  return seconds_of(CLOCK_THREAD_CPUTIME_ID);
}

double resident_mib() {
  std::ifstream file("/proc/self/statm");
  double pages = 0, resident = 0;
  file >> pages >> resident;
  return resident * 4096 / (1024 * 1024);
}

double since(SteadyClock::time_point begin) {
  return std::chrono::duration<double>(SteadyClock::now() - begin).count();
}

Client connect(const Arguments& arguments) {
  return Client::connect({.address = arguments.at("server")}).value();
}

void require(const Result<>& result) {
  if (!result) throw std::runtime_error(result.error().message);
}

/// Works off a backlog of `tasks` and says how fast.
void drain(const Arguments& arguments) {
  const auto client = connect(arguments);
  const auto tasks = number(arguments, "tasks");
  Worker worker(client, {.task_queue = arguments.at("queue"),
                         .max_concurrent_activities = static_cast<std::int32_t>(number(arguments, "slots")),
                         .max_concurrent_polls = static_cast<std::int32_t>(number(arguments, "polls"))});
  Payload result;
  result.metadata["encoding"] = "binary/plain";
  result.data.assign(120, '.');
  worker.serve_unknown([result](ActivityContext&, const Payloads&) { return Payloads{result}; });
  require(worker.start());
  const auto begun = SteadyClock::now();
  while (worker.stats().completed == 0 && since(begun) < 10) std::this_thread::sleep_for(1ms);
  const auto first_at = SteadyClock::now();
  const double first_cpu = process_cpu();
  const auto first = worker.stats().completed;
  while (worker.stats().completed < tasks && since(first_at) < 60) std::this_thread::sleep_for(1ms);
  const double took = since(first_at);
  const auto stats = worker.stats();
  if (stats.completed < tasks) throw std::runtime_error("the backlog was not worked off");
  const double done = static_cast<double>(stats.completed - first);
  std::printf("per_second %.1f cpu_us %.2f mib %.1f\n", done / took, (process_cpu() - first_cpu) / done * 1e6,
              resident_mib());
  require(worker.stop(10s));
}

/// A worker with nothing to do.
void idle(const Arguments& arguments) {
  const auto client = connect(arguments);
  const double empty_mib = resident_mib();
  Worker worker(client, {.task_queue = arguments.at("queue"),
                         .max_concurrent_activities = static_cast<std::int32_t>(number(arguments, "slots"))});
  worker.serve_unknown([](ActivityContext&, const Payloads& input) { return input; });
  require(worker.start());
  std::this_thread::sleep_for(1s);
  const double cpu = process_cpu();
  const auto seconds = number(arguments, "seconds");
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  std::printf("cpu_percent %.3f mib %.1f own_mib %.1f\n", (process_cpu() - cpu) / static_cast<double>(seconds) * 100,
              resident_mib(), resident_mib() - empty_mib);
  require(worker.stop(10s));
}

/// Median CPU time of one call, over batches; nanoseconds.
double nanoseconds_per_call(ActivityContext& context, std::int64_t calls) {
  constexpr std::int64_t kBatch = 10'000;
  const std::string value(64, 'v');
  std::vector<double> batches;
  for (std::int64_t done = 0; done < calls; done += kBatch) {
    const double before = thread_cpu();
    for (std::int64_t i = 0; i < kBatch; ++i) context.heartbeat(value);
    batches.push_back((thread_cpu() - before) * 1e9 / kBatch);
  }
  std::nth_element(batches.begin(), batches.begin() + static_cast<std::ptrdiff_t>(batches.size() / 2), batches.end());
  return batches[batches.size() / 2];
}

void call_from(std::size_t threads, ActivityContext& context, std::int64_t calls) {
  std::vector<std::thread> callers;
  for (std::size_t i = 0; i < threads; ++i) callers.emplace_back([&] { nanoseconds_per_call(context, calls); });
  for (auto& caller : callers) caller.join();
}

/// Throttled heartbeat calls: one thread, eight threads on one attempt, eight attempts with one thread each.
void calls(const Arguments& arguments) {
  constexpr std::size_t kThreads = 8;
  auto client = connect(arguments);
  const auto count = number(arguments, "calls");
  Worker worker(client, {.task_queue = arguments.at("queue"), .max_concurrent_activities = kThreads});
  double one_thread = 0, one_attempt = 0, eight_attempts = 0;
  std::latch all_run(kThreads);
  worker.serve(dynamic_activity("alone"), [&](ActivityContext& context, const Payloads& input) {
    one_thread = nanoseconds_per_call(context, count);
    const auto begun = SteadyClock::now();
    call_from(kThreads, context, count);
    one_attempt = static_cast<double>(count) * kThreads / since(begun);
    return input;
  });
  worker.serve(dynamic_activity("together"), [&](ActivityContext& context, const Payloads& input) {
    all_run.arrive_and_wait();
    nanoseconds_per_call(context, count);
    return input;
  });
  require(worker.start());
  const auto start = [&](const std::string& type, const std::string& id) {
    return client
        .start(dynamic_activity(type),
               {.id = id, .task_queue = arguments.at("queue"), .start_to_close_timeout = 1h, .heartbeat_timeout = 60s})
        .value();
  };
  start("alone", arguments.at("queue") + "-alone").result().value();
  std::vector<ActivityHandle<Payloads>> handles;
  for (std::size_t i = 0; i < kThreads; ++i)
    handles.push_back(start("together", arguments.at("queue") + "-" + std::to_string(i)));
  while (!all_run.try_wait()) std::this_thread::sleep_for(1ms);
  const auto begun = SteadyClock::now();
  for (const auto& handle : handles) handle.result().value();
  eight_attempts = static_cast<double>(count) * kThreads / since(begun);
  std::printf("ns_per_call %.1f one_attempt %.0f eight_attempts %.0f\n", one_thread, one_attempt, eight_attempts);
  require(worker.stop(10s));
}

}  // namespace
}  // namespace longbeat::bench

int main(int count, char** given) try {
  longbeat::bench::Arguments arguments;
  for (int i = 2; i + 1 < count; i += 2) arguments[std::string(given[i]).substr(2)] = given[i + 1];
  const std::string mode = count > 1 ? given[1] : "";
  if (mode == "drain") return longbeat::bench::drain(arguments), 0;
  if (mode == "idle") return longbeat::bench::idle(arguments), 0;
  if (mode == "calls") return longbeat::bench::calls(arguments), 0;
  throw std::invalid_argument("the mode is \"" + mode + "\", must be drain, idle or calls");
} catch (const std::exception& error) {
  std::fprintf(stderr, "longbeat-bench-sdk: %s\n", error.what());
  return 1;
}
