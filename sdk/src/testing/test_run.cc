#include "testing/test_run.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/log.h"
#include "client/public_form.h"
#include "core/attempt.h"
#include "worker/attempt_limit.h"

namespace longbeat::internal {
namespace {

/// In real time: when to tell that virtual time does not move.
constexpr auto kSilence = std::chrono::seconds(5);

std::string or_else(const std::string& text, const char* otherwise) {
  return text.empty() ? otherwise : text;
}
WallTime or_else(WallTime time, WallTime otherwise) {
  return time == WallTime() ? otherwise : time;
}

std::shared_ptr<ClientCore> core_on(const testing::ActivityEnvironmentOptions& options,
                                    std::shared_ptr<Connection> connection) {
  ClientOptions client;
  client.address = "the test";
  client.namespace_name = or_else(options.info.namespace_name, "default");
  client.converter = options.converter;
  client.codecs = options.codecs;
  client.encode_common_attributes = options.encode_common_attributes;
  auto core = core_from(std::move(client));
  core->connection = std::move(connection);
  return core;
}

std::chrono::nanoseconds at_least_a_moment(std::chrono::milliseconds thread_time) {
  return std::max(thread_time, std::chrono::milliseconds(1));
}

bool means_lost(StopCause cause) {
  return cause == StopCause::kLeaseLost || cause == StopCause::kNotFound || cause == StopCause::kTimedOut;
}

Error ended_with(ErrorCode code, const Failure& failure) {
  return {code, to_string(failure), std::make_shared<const Failure>(failure), {}};
}

Error canceled_with(Payloads details) {
  Failure failure;
  failure.kind = FailureKind::kCanceled;
  failure.message = "canceled";
  failure.details = std::move(details);
  return ended_with(ErrorCode::kActivityCanceled, failure);
}

Error timed_out_by(const Failure& failure, const std::string& why) {
  Error error = ended_with(ErrorCode::kActivityTimedOut, failure);
  error.message.append("; ").append(why);
  return error;
}

Failure timeout_failure(TimeoutType type, Payloads details) {
  Failure failure;
  failure.kind = FailureKind::kTimeout;
  failure.message = "activity " + std::string(to_string(type)) + " timeout";
  failure.timeout_type = type;
  failure.details = std::move(details);
  return failure;
}

Error waits_for_ever(std::chrono::nanoseconds since) {
  return {ErrorCode::kDeadlineExceeded,
          "the activity waits for ever: nothing is planned that could end its wait at " +
              std::to_string(since / std::chrono::milliseconds(1)) +
              " ms, before virtual time ends after 100 years. Give it what it waits for, a timeout "
              "(ActivityEnvironmentOptions::info) or a stop (stop_at)",
          {},
          {}};
}

/// Why the server has taken nothing.
std::string why_nothing_counted(const std::vector<StopCause>& causes) {
  std::string why = "nothing was reported, because nothing this attempt did could count any more";
  const char* separator = ": ";
  for (const StopCause cause : causes) {
    why.append(separator).append(to_string(cause));
    separator = ", ";
  }
  return why;
}

}  // namespace

void TestRun::Desk::submit(AttemptInput input) {
  const std::lock_guard lock(mutex_);
  input_ = std::move(input);
  came_.notify_all();
}

void TestRun::Desk::settled() {
  const std::lock_guard lock(mutex_);
  settled_.store(true);
  came_.notify_all();
}

std::optional<AttemptInput> TestRun::Desk::wait() {
  std::unique_lock lock(mutex_);
  came_.wait(lock, [&] { return input_.has_value() || settled_.load(); });
  return std::exchange(input_, std::nullopt);
}

TestRun::TestRun(const testing::ActivityEnvironmentOptions& options, const RunPlan& plan,
                 AfterHeartbeat after_heartbeat)
    : options_(options),
      plan_(plan),
      after_heartbeat_(std::move(after_heartbeat)),
      clock_(std::make_shared<VirtualClock>(options.start_time)),
      connection_(std::make_shared<TestConnection>(clock_, at_least_a_moment(options.thread_time))),
      core_(core_on(options, connection_)),
      probe_(std::make_shared<EnvironmentProbe>(connection_->loop(), clock_, options.converter,
                                                at_least_a_moment(options.thread_time),
                                                [this](std::size_t number) { after_call(number); })),
      host_{connection_->loop(), connection_->stub(),   connection_->courier(),
            Random(1),           core_->namespace_name, "test"} {
  host_.payload_bytes_max = options.payload_bytes_max;
  host_.format = core_->format;
  host_.stats = std::make_shared<Guarded<WorkerStats>>();
  host_.settled = [this](std::uint64_t) { desk_.settled(); };
}

TestRun::~TestRun() {
  // What the loop still holds, and threads that the activity left behind, must not find this object gone.
  connection_->loop().stop();
  probe_->close();
}

EncodedRun TestRun::run(std::string type, const Registry& registry, Payloads input) {
  auto handed_out = task(std::move(type), std::move(input));
  if (!handed_out) return {{}, std::move(handed_out).error()};
  begin(*std::move(handed_out));
  if (auto work = desk_.wait()) {
    connection_->loop().settle();      // What is planned for now comes first.
    connection_->loop().works_here();  // Else a thread that it starts, and that sleeps, leaves the next ones behind.
    auto outcome = registry.run(work->attempt);
    connection_->loop().forget_threads();
    took_ = clock_->passed();
    causes_ = work->attempt->causes();
    work->done(std::move(outcome));
    work.reset();
  }
  connection_->loop().on_silence({}, nullptr);
  connection_->loop().on_endless_wait({}, TimePoint::max(), nullptr);
  wait_for_report();
  return report();
}

/// Lets time pass for it; not the whole day for which a worker would try in vain.
void TestRun::wait_for_report() {
  VirtualLoop& loop = connection_->loop();
  AttemptServer& server = connection_->stub();
  const auto over = [&] { return desk_.is_settled() || server.cut_off_for_good() || server.timed_out(); };
  loop.settle();
  while (!over()) loop.pass(TimePoint::max(), over);
  loop.post([this, &server] {
    lost_report_ = driver_->given_up();
    if (desk_.is_settled()) return;
    lost_report_ = server.cut_off_for_good() ? "it could not reach the server" : "it did not reach the server in time";
    if (!driver_->report_is_encoded()) lost_report_ = "its codecs have not ended";
    driver_->abandon();
  });
  loop.settle();
}

Result<ActivityTask> TestRun::task(std::string type, Payloads input) const {
  const ActivityInfo& info = options_.info;
  const auto unset = Nanoseconds(0);
  ActivityTask task;
  task.token = "token of the test";
  task.namespace_name = core_->namespace_name;
  task.activity_id = or_else(info.activity_id, "test");
  task.activity_type = std::move(type);
  task.activity_run_id = info.standalone() ? or_else(info.run_id, "test-run") : info.run_id;
  task.workflow_id = info.workflow_id;
  task.workflow_run_id = info.workflow_run_id;
  task.workflow_type = info.workflow_type;
  task.header = info.header;
  auto encoded = core_->format.encode(std::move(input));
  if (!encoded) return std::move(encoded).error();
  task.input = *std::move(encoded);
  encoded = core_->format.encode(info.heartbeat_details);
  if (!encoded) return std::move(encoded).error();
  task.heartbeat_details = *std::move(encoded);
  task.scheduled_time = or_else(info.scheduled_time, options_.start_time);
  task.current_attempt_scheduled_time = or_else(info.current_attempt_scheduled_time, options_.start_time);
  task.started_time = or_else(info.started_time, options_.start_time);
  task.attempt = info.attempt;
  task.schedule_to_close = info.schedule_to_close_timeout.value_or(unset);
  task.start_to_close = info.start_to_close_timeout.value_or(unset);
  task.heartbeat = info.heartbeat_timeout.value_or(unset);
  task.retry = to_fields(info.retry_policy);
  task.priority = to_fields(info.priority);
  return task;
}

void TestRun::begin(ActivityTask task) {
  VirtualLoop& loop = connection_->loop();
  const Lease lease(loop.now(), task.heartbeat, attempt_limit(task));
  connection_->stub().begin_with(task);
  attempt_ =
      std::make_shared<Attempt>(std::move(task), or_else(options_.info.task_queue, "test"), options_.converter, *clock_,
                                lease, connection_->courier().new_key(), AttemptLinks{core_, host_.counters, probe_});
  driver_ = std::make_shared<AttemptDriver>(host_, attempt_, lease, report_limit(loop.now(), lease));
  loop.post([this] {
    apply_plan();
    driver_->start(desk_);
  });
  watch_endless_waits(lease);
  loop.on_silence(kSilence, [this] {
    log(LogLevel::kWarn,
        "ActivityEnvironment: the activity has called nothing of its context for 5 s. Virtual time "
        "stands still at " +
            std::to_string(clock_->passed() / std::chrono::milliseconds(1)) +
            " ms; only waits of the context and ActivityEnvironment::advance() move it");
  });
}

void TestRun::watch_endless_waits(const Lease& lease) {
  auto last = Nanoseconds::zero();
  for (const auto& stop : plan_.stops) last = std::max(last, stop.at);
  for (const auto& asked : plan_.asked) last = std::max(last, asked.at);
  for (const auto& outage : plan_.outages) {
    if (outage.until != Nanoseconds::max()) last = std::max(last, outage.until);
  }
  TimePoint planned_until = VirtualClock::start() + std::min(last, VirtualClock::kLongest);
  if (lease.limit() <= VirtualClock::end()) planned_until = std::max(planned_until, lease.limit());
  connection_->loop().on_endless_wait(std::max<Nanoseconds>(kSilence, options_.thread_time), planned_until,
                                      [this] { connection_->loop().post([this] { end_endless_wait(); }); });
}

/// Whatever it still does, it has failed the test: nothing of it is taken.
void TestRun::end_endless_wait() {
  endless_since_ = clock_->passed();
  connection_->stub().forget_attempt();
  driver_->request_stop(StopCause::kTimedOut, true);
}

void TestRun::apply_plan() {
  AttemptServer& server = connection_->stub();
  for (const auto& asked : plan_.asked) server.ask_at(asked.at, asked.cause);
  for (const auto& outage : plan_.outages) server.disconnect(outage.from, outage.until);
  for (const auto& stop : plan_.stops) at(stop.at, [this, cause = stop.cause] { stop_now(cause); });
  for (const auto when : plan_.announcements) at(when, [this] { driver_->notify_shutdown(); });
}

void TestRun::at(std::chrono::nanoseconds when, std::function<void()> what) {
  const TimePoint start = VirtualClock::start();
  connection_->loop().schedule(when < TimePoint::max() - start ? start + when : TimePoint::max(), std::move(what));
}

void TestRun::stop_now(StopCause cause) {
  if (cause == StopCause::kShutdown) return driver_->request_shutdown();
  if (cause == StopCause::kNotFound) connection_->stub().forget_attempt();
  driver_->request_stop(cause, means_lost(cause));
}

void TestRun::after_call(std::size_t number) {
  for (const auto& planned : plan_.stops_after) {
    if (planned.heartbeat == number) connection_->loop().post([this, cause = planned.cause] { stop_now(cause); });
  }
  if (after_heartbeat_) after_heartbeat_(number, *this);
}

void TestRun::advance(std::chrono::nanoseconds by) {
  const TimePoint now = clock_->now();
  connection_->loop().pass(by < VirtualClock::end() - now ? now + by : VirtualClock::end(), [] { return false; });
}

void TestRun::stop(StopCause cause) {
  connection_->loop().post([this, cause] { stop_now(cause); });
  connection_->loop().settle();
}

testing::RunReport TestRun::what_was_seen(AttemptSeen& seen) {
  testing::RunReport report;
  const auto undone = [&](Payloads details) { return core_->format.decode(std::move(details)); };
  for (auto& call : probe_->seen())
    report.called.push_back({call.at, std::move(call.details), false, options_.converter});
  for (auto& beat : seen.beats)
    report.sent.push_back({beat.at, undone(std::move(beat.details)), beat.acknowledged, options_.converter});
  report.left = {clock_->passed(), undone(std::move(seen.details)), true, options_.converter};
  report.stop_causes = std::move(causes_);
  report.took = took_;
  return report;
}

/// What the caller would get of an attempt whose end the server has not heard of.
Result<Payloads> TestRun::without_outcome(const AttemptSeen& seen, const WorkerStats& stats) const {
  if (endless_since_) return waits_for_ever(*endless_since_);
  const AttemptServer& server = connection_->stub();
  if (stats.handed_over > 0 && !server.timed_out())
    return Error{
        ErrorCode::kFailedPrecondition, "the end was left to a LateCompletion, which has reported nothing yet", {}, {}};
  std::string why = why_nothing_counted(causes_);
  if (!lost_report_.empty()) why = "the report was given up: " + lost_report_;
  if (stats.reports_stale + stats.reports_unknown > 0)
    why = "the report came too late: the server did not know the attempt any more";
  if (const auto type = server.timeout())
    return timed_out_by(core_->format.decode(timeout_failure(*type, seen.details)), why);
  return Error{lost_report_.empty() ? ErrorCode::kLeaseLost : ErrorCode::kUnavailable, why, {}, {}};
}

EncodedRun TestRun::report() {
  auto seen = connection_->stub().seen();
  EncodedRun run;
  AttemptEndKind end = AttemptEndKind::kAbandoned;
  const WireFormat& format = core_->format;
  const WorkerStats stats = host_.stats->with([](const WorkerStats& current) { return current; });
  if (!seen.outcome) {
    run.result = without_outcome(seen, stats);
  } else if (auto* completed = std::get_if<AttemptCompleted>(&*seen.outcome)) {
    end = AttemptEndKind::kCompleted;
    run.result = format.decode(std::move(completed->result));
  } else if (auto* canceled = std::get_if<AttemptCanceled>(&*seen.outcome)) {
    end = AttemptEndKind::kCanceled;
    run.result = canceled_with(format.decode_or_mark(std::move(canceled->details)));
  } else if (auto* failed = std::get_if<AttemptFailed>(&*seen.outcome)) {
    end = AttemptEndKind::kFailed;
    run.result = ended_with(ErrorCode::kActivityFailed, format.decode(std::move(failed->failure)));
  }
  run.report = what_was_seen(seen);
  // By whomever it was reported.
  run.report.end = stats.handed_over > 0 ? AttemptEndKind::kHandedOver : end;
  return run;
}

}  // namespace longbeat::internal
