#include "crash/mixed_load.h"

#include <algorithm>

namespace longbeat::crash {

namespace wire = test::wire;

using std::chrono::milliseconds;
using test::Clock;

namespace {

constexpr std::size_t kOpenMax = 1500;  // More would only wait.
constexpr milliseconds kCallTimeout{20'000};
constexpr milliseconds kTaskPollTimeout{5'000};
constexpr milliseconds kOutcomePollTimeout{4'000};
constexpr milliseconds kPause{20};

}  // namespace

MixedLoad::MixedLoad(test::WireClient& client, Ledger& ledger, std::uint64_t seed)
    : client_(client), ledger_(ledger), random_(seed) {}

void MixedLoad::begin() {
  for (int i = 0; i < 6; ++i) start_next();
  for (int i = 0; i < 48; ++i) poll();
  for (int i = 0; i < 4; ++i) watch();
  for (int i = 0; i < 3; ++i) describe();
}

void MixedLoad::run_until(Time until) {
  while (Clock::now() < until) {
    run_due();
    const Time wake = timers_.empty() ? until : std::min(until, timers_.begin()->first);
    client_.run_one(wake);
  }
}

void MixedLoad::run_due() {
  while (!timers_.empty() && timers_.begin()->first <= Clock::now()) {
    const auto what = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    what();
  }
}

void MixedLoad::after(milliseconds delay, std::function<void()> what) {
  timers_.emplace(Clock::now() + delay, std::move(what));
}

/// Whether the server took a call. A lost connection tells nothing; any other refusal than NOT_FOUND is a difference.
MixedLoad::Fate MixedLoad::fate(const grpc::Status& status, const std::string& what) {
  if (status.ok()) ++answers_;
  switch (status.error_code()) {
    case grpc::StatusCode::OK:
      return Fate::kTaken;
    case grpc::StatusCode::NOT_FOUND:
      return Fate::kRefused;
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::CANCELLED:
      return Fate::kUnknown;
    default:
      break;
  }
  ledger_.difference(what + ": answered " + std::to_string(status.error_code()) + " " + status.error_message());
  return Fate::kWrong;
}

std::string MixedLoad::any_recent() {
  const auto& started = ledger_.started();
  if (started.empty()) return {};
  const std::size_t recent = std::min<std::size_t>(started.size(), 3000);
  return started[started.size() - 1 - random_() % recent];
}

// --- the worker's side: outcomes are texts, details are numbers, so that every answer tells where it came from ---
namespace {

using ::temporal::api::common::v1::Payloads;

void put(Payloads& payloads, const std::string& text, std::size_t bytes) {
  auto& payload = *payloads.add_payloads();
  (*payload.mutable_metadata())["encoding"] = "binary/plain";
  payload.set_data(text + std::string(bytes > text.size() ? bytes - text.size() : 1, '.'));
}

std::string text_of(const Payloads& payloads) {
  if (payloads.payloads_size() == 0) return {};
  const std::string& data = payloads.payloads(0).data();
  return data.substr(0, data.find('.'));
}

std::uint64_t number_of(const Payloads& payloads) {
  const std::string text = text_of(payloads);
  return text.empty() ? 0 : std::stoull(text);
}

std::string text_of(const ::temporal::api::activity::v1::ActivityExecutionOutcome& outcome) {
  if (outcome.has_result()) return text_of(outcome.result());
  if (outcome.failure().has_canceled_failure_info()) return "canceled";
  if (outcome.failure().has_timeout_failure_info()) return "timed out";
  return outcome.failure().message();
}

}  // namespace

void MixedLoad::poll() {
  wire::PollActivityTaskQueueRequest request;
  request.set_namespace_("default");
  request.set_identity("crash-worker");
  request.mutable_task_queue()->set_name("crash-queue");
  client_.call(test::kPollTask, request, kTaskPollTimeout, [this](const auto& answer) {
    const Fate polled = answer.status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED
                            ? Fate::kUnknown  // Waited for the connection.
                            : fate(answer.status, "poll");
    if (polled != Fate::kTaken) return after(kPause, [this] { poll(); });
    const auto& task = answer.response;
    if (task.task_token().empty()) return poll();
    ledger_.handed_out(task.activity_id(), task.activity_run_id(), task.attempt(), number_of(task.heartbeat_details()),
                       answer.sent, answer.arrived);
    step(std::make_shared<Attempt>(Attempt{task.activity_id(), task.task_token(), task.attempt(), random_() % 5}));
  });
}

void MixedLoad::step(const AttemptPtr& attempt) {
  const auto next = [this, attempt] { attempt->beats_left > 0 && !draining_ ? beat(attempt) : finish(attempt); };
  chance(20) ? after(milliseconds(1 + random_() % 20), next) : next();
}

void MixedLoad::beat(const AttemptPtr& attempt) {
  --attempt->beats_left;
  const std::uint64_t details = ledger_.next_details(attempt->id);
  wire::RecordActivityTaskHeartbeatRequest request;
  request.set_namespace_("default");
  request.set_task_token(attempt->token);
  put(*request.mutable_details(), std::to_string(details), 50 + random_() % 500);
  client_.call(test::kHeartbeat, request, kCallTimeout, [this, attempt, details](const auto& answer) {
    switch (fate(answer.status, "heartbeat of " + attempt->id)) {
      case Fate::kTaken:
        ledger_.details_acknowledged(attempt->id, attempt->number, details, answer.sent);
        if (answer.response.cancel_requested() && chance(70))
          return acknowledge_cancel(attempt, {.outcome = "canceled"});
        return step(attempt);
      case Fate::kRefused:
        ledger_.refused(attempt->id, attempt->number, false, answer.arrived);
        return poll();
      case Fate::kUnknown:
        return after(kPause, [this, attempt] { step(attempt); });
      case Fate::kWrong:
        return poll();
    }
  });
}

void MixedLoad::finish(const AttemptPtr& attempt) {
  const std::string name = attempt->id + "/" + std::to_string(attempt->number);
  const unsigned dice = draining_ ? 0 : static_cast<unsigned>(random_() % 100);
  if (dice < 65) return complete(attempt, {.outcome = "completed " + name});
  if (dice < 75) return fail(attempt, {.outcome = "failed " + name}, false);
  if (dice < 97 || vanished_left_ == 0) return fail(attempt, {.outcome = "failed " + name, .closes = false}, true);
  --vanished_left_;
  poll();
}

void MixedLoad::complete(const AttemptPtr& attempt, Report report) {
  wire::RespondActivityTaskCompletedRequest request;
  request.set_namespace_("default");
  request.set_task_token(attempt->token);
  put(*request.mutable_result(), report.outcome, 100);
  send_report(test::kCompleted, request, attempt, std::move(report));
}

void MixedLoad::fail(const AttemptPtr& attempt, Report report, bool retryable) {
  wire::RespondActivityTaskFailedRequest request;
  request.set_namespace_("default");
  request.set_task_token(attempt->token);
  request.mutable_failure()->set_message(report.outcome);
  request.mutable_failure()->mutable_application_failure_info()->set_type("CrashTest");
  request.mutable_failure()->mutable_application_failure_info()->set_non_retryable(!retryable);
  if (chance(50)) {
    report.details = ledger_.next_details(attempt->id);
    put(*request.mutable_last_heartbeat_details(), std::to_string(report.details), 200);
  }
  send_report(test::kFailed, request, attempt, std::move(report));
}

void MixedLoad::acknowledge_cancel(const AttemptPtr& attempt, Report report) {
  wire::RespondActivityTaskCanceledRequest request;
  request.set_namespace_("default");
  request.set_task_token(attempt->token);
  send_report(test::kCanceled, request, attempt, std::move(report));
}

template <class Method, class Request>
void MixedLoad::send_report(const Method& method, const Request& request, const AttemptPtr& attempt, Report report) {
  ledger_.report_sent(attempt->id, attempt->number, report.outcome, report.closes);
  client_.call(method, request, kCallTimeout, [this, &method, request, attempt, report](const auto& answer) {
    switch (fate(answer.status, "report \"" + report.outcome + "\" of " + attempt->id)) {
      case Fate::kTaken:
        ledger_.report_acknowledged(attempt->id, report.outcome, report.closes, report.details);
        return poll();
      case Fate::kRefused:
        ledger_.refused(attempt->id, attempt->number, report.sent_before, answer.arrived);
        return poll();
      case Fate::kUnknown:
        return after(kPause, [this, &method, request, attempt, report] {
          Report again = report;
          again.sent_before = true;
          send_report(method, request, attempt, again);
        });
      case Fate::kWrong:
        return poll();
    }
  });
}

// --- the client's side ---

void MixedLoad::start_next() {
  if (draining_) return;
  if (open() >= kOpenMax) return after(kPause, [this] { start_next(); });
  start("crash-" + std::to_string(++ids_));
}

void MixedLoad::start(const std::string& id) {
  wire::StartActivityExecutionRequest request;
  request.set_namespace_("default");
  request.set_identity("crash-client");
  request.set_activity_id(id);
  request.set_request_id("request-of-" + id);
  request.mutable_activity_type()->set_name("crash_activity");
  request.mutable_task_queue()->set_name("crash-queue");
  const Lease lease;
  request.mutable_start_to_close_timeout()->set_seconds(lease.start_to_close.count() / 1000);
  request.mutable_heartbeat_timeout()->set_seconds(lease.heartbeat_timeout.count() / 1000);
  request.mutable_retry_policy()->mutable_initial_interval()->set_nanos(20'000'000);
  request.mutable_retry_policy()->set_backoff_coefficient(1.0);
  put(*request.mutable_input(), "input of " + id, 150);
  client_.call(test::kStart, request, kCallTimeout, [this, id](const auto& answer) {
    switch (fate(answer.status, "start of " + id)) {
      case Fate::kTaken:
        break;
      case Fate::kUnknown:
        return after(kPause, [this, id] { start(id); });  // The request ID makes this harmless.
      case Fate::kRefused:
        ledger_.difference("start of " + id + ": answered NOT_FOUND");
        [[fallthrough]];
      case Fate::kWrong:
        return start_next();
    }
    ledger_.start_acknowledged(id, answer.response.run_id(), answer.response.started());
    if (chance(12)) after(milliseconds(random_() % 40), [this, id] { cancel(id); });
    if (chance(10)) return start(id);
    between_starts_ > milliseconds(0) ? after(between_starts_, [this] { start_next(); }) : start_next();
  });
}

void MixedLoad::cancel(const std::string& id) {
  wire::RequestCancelActivityExecutionRequest request;
  request.set_namespace_("default");
  request.set_activity_id(id);
  request.set_request_id("cancel-of-" + id);
  request.set_reason("crash test");
  ledger_.cancel_sent(id);
  client_.call(test::kRequestCancel, request, kCallTimeout, [this, id](const auto& answer) {
    if (answer.status.error_code() == grpc::StatusCode::FAILED_PRECONDITION) return;  // Closed already.
    const Fate canceled = fate(answer.status, "cancel of " + id);
    if (canceled == Fate::kRefused) ledger_.missing(id);
    if (canceled == Fate::kUnknown) after(kPause, [this, id] { cancel(id); });
  });
}

void MixedLoad::read(const std::string& id, std::function<void()> then) {
  wire::PollActivityExecutionRequest request;
  request.set_namespace_("default");
  request.set_activity_id(id);
  client_.call(test::kPollOutcome, request, kOutcomePollTimeout,
               [this, id, then = std::move(then)](const auto& answer) {
                 if (answer.status.error_code() != grpc::StatusCode::DEADLINE_EXCEEDED) {
                   const Fate polled = fate(answer.status, "poll of the outcome of " + id);
                   if (polled == Fate::kRefused) ledger_.missing(id);
                   if (polled == Fate::kTaken && answer.response.has_outcome()) {
                     ledger_.outcome_read(id, text_of(answer.response.outcome()));
                   }
                 }
                 then();
               });
}

void MixedLoad::watch() {
  const std::string id = any_recent();
  if (draining_) return;
  if (id.empty()) return after(kPause, [this] { watch(); });
  read(id, [this] { after(milliseconds(2), [this] { watch(); }); });
}

void MixedLoad::describe() {
  const std::string id = any_recent();
  if (draining_) return;
  if (id.empty()) return after(kPause, [this] { describe(); });
  wire::DescribeActivityExecutionRequest request;
  request.set_namespace_("default");
  request.set_activity_id(id);
  request.set_include_outcome(true);
  request.set_include_heartbeat_details(true);
  client_.call(test::kDescribe, request, kCallTimeout,
               [this, id, floor = ledger_.acknowledged_details(id)](const auto& answer) {
                 const Fate described = fate(answer.status, "describe of " + id);
                 if (described == Fate::kRefused) ledger_.missing(id);
                 if (described == Fate::kTaken) {
                   const auto& info = answer.response.info();
                   ledger_.described(id, info.run_id(), number_of(info.heartbeat_details()), floor);
                   if (answer.response.has_outcome()) ledger_.outcome_read(id, text_of(answer.response.outcome()));
                 }
                 after(milliseconds(2), [this] { describe(); });
               });
}

bool MixedLoad::drain(Time until) {
  draining_ = true;
  while (Clock::now() < until) {
    std::size_t asked = 0, left = 0;
    for (const auto& id : ledger_.started()) {
      if (ledger_.closed(id)) continue;
      ++left;
      if (asked++ < 200) read(id, [] {});
    }
    if (left == 0) return true;
    run_until(std::min(until, Clock::now() + milliseconds(500)));
  }
  for (const auto& id : ledger_.started()) {
    if (!ledger_.closed(id)) ledger_.difference(id + ": is still open long after the last crash");
  }
  return false;
}

void MixedLoad::compare_all() {
  const auto& started = ledger_.started();
  std::size_t begun = 0, ended = 0;
  std::function<void()> next = [&] {
    if (begun == started.size()) return;
    const std::string id = started[begun++];
    wire::DescribeActivityExecutionRequest request;
    request.set_namespace_("default");
    request.set_activity_id(id);
    request.set_include_outcome(true);
    request.set_include_heartbeat_details(true);
    client_.call(test::kDescribe, request, kCallTimeout, [this, id, &ended, &next](const auto& answer) {
      ++ended;
      if (fate(answer.status, "last describe of " + id) == Fate::kRefused) ledger_.missing(id);
      if (answer.ok()) {
        ledger_.described(id, answer.response.info().run_id(), number_of(answer.response.info().heartbeat_details()),
                          ledger_.acknowledged_details(id));
        ledger_.outcome_read(id, answer.response.has_outcome() ? text_of(answer.response.outcome()) : "none");
      }
      next();
    });
  };
  for (int i = 0; i < 64; ++i) next();
  const Time until = Clock::now() + std::chrono::seconds(60);
  while (ended < started.size() && Clock::now() < until) client_.run_one(until);
  if (ended < started.size()) ledger_.difference("the last comparison did not end within 60 s");
}

}  // namespace longbeat::crash
