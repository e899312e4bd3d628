#include "longbeat/async_activity.h"

#include <exception>
#include <utility>

#include "base/log.h"
#include "client/async_reports.h"
#include "client/lost_reports.h"
#include "core/outcome.h"
#include "longbeat/activity_context.h"
#include "longbeat/client.h"

LONGBEAT_BEGIN

/// The internals' key to LateCompletion.
class LateCompletionAccess {
 public:
  static LateCompletion make(std::shared_ptr<internal::AsyncOwner> owner, TaskToken token) noexcept {
    return LateCompletion(std::move(owner), std::move(token));
  }
};

LONGBEAT_END

namespace longbeat::internal {
namespace {

Error inert() {
  return {ErrorCode::kFailedPrecondition,
          "nothing can be reported with this object: it was moved from or released, or its client is gone",
          {},
          {}};
}

template <class T>
Pending<T> inert_pending() {
  auto state = std::make_shared<PendingAnswer<T>>();
  state->answer_here([&] { state->fill(inert()); });
  return Pending<T>(std::move(state), nullptr);
}

template <class T>
Result<T> run_on(const std::shared_ptr<AsyncOwner>& owner, PreparedCall<T> call) {
  return run(*owner->core, std::move(call));
}

/// Reports the loss, where user code may run.
void report_loss(const std::shared_ptr<AsyncReports>& reports, const std::shared_ptr<const LostReports::Kept>& kept) {
  auto core = kept->core();
  if (!core) return;
  log(LogLevel::kWarn, "the LateCompletion of activity '" + reports->target().id.activity_id +
                           "' was destroyed without an outcome: the attempt fails");
  const AsyncOwner owner(core, reports);
  const auto told = [kept, id = reports->target().id.activity_id](const Result<>& result) {
    if (!result && result.error().code != ErrorCode::kNotFound)
      log(LogLevel::kError,
          "the lost completion of activity '" + id + "' is left to its timeouts: " + to_string(result.error()));
  };
  launch<void>(*core, prepare_fail(owner, completion_lost_failure(), std::optional<Payloads>(), {}),
               std::make_shared<PendingAnswer<void>>(), told, core->losses);
}

/// What the last holder of the duty leaves behind. Neither blocks nor runs user code; any thread.
void give_up(AsyncOwner& owner) {
  const auto reports = owner.reports;
  Connection& connection = *owner.core->connection;
  const auto kept = LostReports::instance()->keep(std::move(owner.core), reports);
  // Weak: it is the reports that keep this.
  const auto decided = [weak = std::weak_ptr(reports), kept, &connection](bool report) {
    const auto job = [reports = weak.lock(), kept, report] {
      if (!reports) return;
      if (report) return report_loss(reports, kept);
      reports->close();
    };
    kept->losses().post(job, on_thread_of(connection));
  };
  reports->lose_soon(decided);
}

}  // namespace

Failure reported_failure(const std::exception& error) {
  return failure_of(error);
}
Failure reported_failure(const std::exception_ptr& error) {
  return failure_of(error);
}
Failure reported_failure(const Error& error) {
  return failure_of(error);
}
Failure reported_failure(const Failure& failure) {
  return as_application_failure(failure);
}

LateCompletion give_away(std::shared_ptr<ClientCore> core, const std::shared_ptr<Attempt>& attempt,
                         const CallOptions& call) {
  const ActivityInfo& info = attempt->info();
  TaskToken token{attempt->task().token};
  if (!core) {  // Nobody here can report; who gets the token can.
    attempt->give_away(std::make_shared<Handover>());
    return LateCompletionAccess::make(nullptr, std::move(token));
  }
  const auto& run_id = info.standalone() ? info.run_id : info.workflow_run_id;
  AsyncTarget target{token.bytes, {info.activity_id, run_id, info.workflow_id}, true};
  auto owner = std::make_shared<AsyncOwner>(std::move(core), std::move(target),
                                            AsyncActivityOptions{info.heartbeat_timeout, call});
  owner->reports->hand_over(attempt);
  return LateCompletionAccess::make(std::move(owner), std::move(token));
}

}  // namespace longbeat::internal

LONGBEAT_BEGIN

using internal::launch;
using internal::run_on;

AsyncReporter::AsyncReporter(std::shared_ptr<internal::AsyncOwner> owner) noexcept : owner_(std::move(owner)) {}
AsyncReporter::~AsyncReporter() = default;
AsyncReporter::AsyncReporter(const AsyncReporter&) = default;
AsyncReporter& AsyncReporter::operator=(const AsyncReporter&) = default;
AsyncReporter::AsyncReporter(AsyncReporter&&) noexcept = default;
AsyncReporter& AsyncReporter::operator=(AsyncReporter&&) noexcept = default;

const DataConverter& AsyncReporter::converter() const noexcept {
  static const DataConverter none;
  return owner_ ? owner_->core->converter : none;
}

bool AsyncReporter::goes_with_worker() const noexcept {
  return owner_ && owner_->reports->goes_with_worker();
}
void AsyncReporter::put_with_worker(std::unique_ptr<internal::DetailsValue> value) const {
  owner_->reports->put_with_worker(std::move(value));
}
void AsyncReporter::put(std::unique_ptr<internal::DetailsValue> value) const {
  if (owner_) owner_->reports->put(std::move(value));
}
void AsyncReporter::put_failed(const char* why) const noexcept {
  if (owner_) owner_->reports->refuse_details(why);
}
void AsyncReporter::repeat_heartbeat() const noexcept {
  if (owner_) owner_->reports->repeat();
}

std::stop_token AsyncReporter::stop_token() const noexcept {
  return owner_ ? owner_->reports->stop_state().stop_token() : std::stop_token();
}
bool AsyncReporter::stopped() const noexcept {
  return owner_ && owner_->reports->stop_state().stopped();
}
std::vector<StopCause> AsyncReporter::stop_causes() const {
  if (!owner_) return {};
  return owner_->reports->stop_state().causes();
}

Result<HeartbeatReply> AsyncReporter::save_encoded(Result<Payloads> details) const {
  if (!owner_) return internal::inert();
  return run_on(owner_, internal::prepare_save(*owner_, std::move(details)));
}
Pending<HeartbeatReply> AsyncReporter::save_encoded_async(Result<Payloads> details) const {
  if (!owner_) return internal::inert_pending<HeartbeatReply>();
  return launch(owner_->core, internal::prepare_save(*owner_, std::move(details)));
}

Result<> AsyncReporter::complete() const {
  return complete(nullptr);
}
Pending<void> AsyncReporter::complete_async() const {
  return complete_async(nullptr);
}
Result<> AsyncReporter::complete_encoded(Result<Payloads> result) const {
  if (!owner_) return internal::inert();
  return run_on(owner_, internal::prepare_complete(*owner_, std::move(result)));
}
Pending<void> AsyncReporter::complete_encoded_async(Result<Payloads> result) const {
  if (!owner_) return internal::inert_pending<void>();
  return launch(owner_->core, internal::prepare_complete(*owner_, std::move(result)));
}

Result<> AsyncReporter::fail_encoded(Failure failure, LastDetails details) const {
  if (!owner_) return internal::inert();
  return run_on(
      owner_, internal::prepare_fail(*owner_, std::move(failure), std::move(details), owner_->reports->call_options()));
}
Pending<void> AsyncReporter::fail_encoded_async(Failure failure, LastDetails details) const {
  if (!owner_) return internal::inert_pending<void>();
  return launch(owner_->core, internal::prepare_fail(*owner_, std::move(failure), std::move(details),
                                                     owner_->reports->call_options()));
}

Result<> AsyncReporter::canceled_encoded(Result<Payloads> details) const {
  if (!owner_) return internal::inert();
  return run_on(owner_, internal::prepare_report_canceled(*owner_, std::move(details)));
}
Pending<void> AsyncReporter::canceled_encoded_async(Result<Payloads> details) const {
  if (!owner_) return internal::inert_pending<void>();
  return launch(owner_->core, internal::prepare_report_canceled(*owner_, std::move(details)));
}

AsyncActivity Client::async_activity(TaskToken token, const AsyncActivityOptions& options) const {
  return AsyncActivity(
      std::make_shared<internal::AsyncOwner>(core_, internal::AsyncTarget{std::move(token.bytes), {}, true}, options));
}
AsyncActivity Client::async_activity(ActivityById id, const AsyncActivityOptions& options) const {
  return AsyncActivity(
      std::make_shared<internal::AsyncOwner>(core_, internal::AsyncTarget{{}, std::move(id), false}, options));
}

LateCompletion::LateCompletion(std::shared_ptr<internal::AsyncOwner> owner, TaskToken token) noexcept
    : AsyncReporter(std::move(owner)), token_(std::move(token)) {}
LateCompletion::LateCompletion(LateCompletion&& other) noexcept = default;
LateCompletion& LateCompletion::operator=(LateCompletion&& other) noexcept {
  if (this == &other) return *this;
  lose();
  owner_ = std::move(other.owner_);
  token_ = std::move(other.token_);
  return *this;
}
LateCompletion::~LateCompletion() {
  lose();
}

TaskToken LateCompletion::release() noexcept {
  if (owner_) owner_->reports->disarm();
  lose();
  return std::exchange(token_, {});
}

void LateCompletion::lose() noexcept {
  const auto owner = std::exchange(owner_, nullptr);
  if (!owner) return;
  if (!owner->reports->owes_an_outcome()) return;
  try {
    internal::give_up(*owner);
    internal::LostReports::instance()->wait_if_over();
  } catch (const std::exception& error) {
    internal::log(LogLevel::kError, std::string("a lost completion is left to its timeouts: ") + error.what());
  }
}

LONGBEAT_END
