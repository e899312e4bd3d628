#include "longbeat/activity_context.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/log.h"
#include "client/async_reports.h"
#include "client/client_core.h"
#include "core/attempt.h"
#include "longbeat/checkpoint.h"
#include "longbeat/client.h"

namespace longbeat::internal {

void put_details(Attempt& attempt, std::unique_ptr<DetailsValue> value) noexcept {
  attempt.put(std::move(value));
}
void put_details_failed(Attempt& attempt, const char* why) noexcept {
  attempt.put_failed(why);
}
Result<> save_details_now(Attempt& attempt, Payloads details, std::chrono::nanoseconds timeout) {
  return attempt.save_now(std::move(details), timeout);
}
void attach_value(Attempt& attempt, const std::type_info& type, std::shared_ptr<const void> value) {
  attempt.attach(type, std::move(value));
}
std::shared_ptr<const void> attached_value(const Attempt& attempt, const std::type_info& type) {
  return attempt.attached(type);
}
void throw_undecodable_details(const Error& error) {
  throw ApplicationError("the heartbeat details of the last attempt: " + error.message, {.type = "UndecodableDetails"});
}

}  // namespace longbeat::internal

LONGBEAT_BEGIN

namespace {

using internal::TimePoint;

std::optional<std::chrono::nanoseconds> left_until(TimePoint at, const internal::Clock& clock) {
  if (at == TimePoint::max()) return std::nullopt;
  return std::max(at - clock.now(), std::chrono::nanoseconds::zero());
}

std::optional<internal::WallTime> time_of_day(TimePoint at, const internal::Clock& clock) {
  if (at == TimePoint::max()) return std::nullopt;
  const auto left = at - clock.now();
  const auto now = clock.wall_now();
  return left < internal::WallTime::max() - now ? now + left : internal::WallTime::max();
}

}  // namespace

ActivityContext::ActivityContext(std::shared_ptr<internal::Attempt> attempt) noexcept : attempt_(std::move(attempt)) {}
ActivityContext::~ActivityContext() = default;

std::stop_token ActivityContext::stop_token() const noexcept {
  attempt_->look();
  return attempt_->stop_state().stop_token();
}
std::stop_token ActivityContext::lost_token() const noexcept {
  attempt_->look();
  return attempt_->stop_state().lost_token();
}
std::stop_token ActivityContext::shutdown_token() const noexcept {
  return attempt_->stop_state().shutdown_token();
}
bool ActivityContext::shutting_down() const noexcept {
  return attempt_->stop_state().shutting_down();
}
StopCallback ActivityContext::on_stop(std::function<void(StopCause)> function) {
  attempt_->look();
  return StopCallback(attempt_->listen(std::move(function)));
}
int ActivityContext::stop_fd() const noexcept {
  attempt_->look();
  return attempt_->stop_state().descriptor();
}
std::vector<StopCause> ActivityContext::stop_causes() const {
  attempt_->look();
  return attempt_->causes();
}
bool ActivityContext::stopped() const noexcept {
  return attempt_->look();
}
void ActivityContext::throw_if_stopped() const {
  if (!attempt_->look()) return;
  const auto causes = attempt_->causes();
  throw ActivityStopped(causes.empty() ? StopCause::kLeaseLost : causes.front());
}
bool ActivityContext::sleep_for(std::chrono::nanoseconds duration) const {
  return attempt_->sleep_for(duration);
}
bool ActivityContext::sleep_until(internal::WallTime until) const {
  return attempt_->sleep_until(until);
}
std::chrono::nanoseconds ActivityContext::wait_end(std::chrono::nanoseconds duration) const noexcept {
  return attempt_->begin_wait(duration).time_since_epoch();
}
std::chrono::nanoseconds ActivityContext::wait_slice(std::chrono::nanoseconds end) const noexcept {
  return attempt_->wait_slice(TimePoint(end));
}
void ActivityContext::advance(std::uint64_t by) noexcept {
  attempt_->advance(by);
}
const ActivityInfo& ActivityContext::info() const noexcept {
  return attempt_->info();
}
const Payloads& ActivityContext::raw_input() const noexcept {
  return attempt_->task().input;
}
FencingToken ActivityContext::fencing_token() const {
  const ActivityInfo& about = attempt_->info();
  return {about.standalone() ? about.run_id : about.workflow_run_id + "/" + about.activity_id,
          about.started_time.time_since_epoch().count(), about.attempt};
}
const std::string& ActivityContext::task_token() const noexcept {
  return attempt_->task().token;
}
LateCompletion ActivityContext::complete_later(const CallOptions& call) {
  return internal::give_away(attempt_->client(), attempt_, call);
}
ActivityLogger ActivityContext::logger() const noexcept {
  return ActivityLogger(attempt_);
}
Result<Client> ActivityContext::client() const {
  if (auto core = attempt_->client()) return internal::client_on(std::move(core));
  return Error{ErrorCode::kFailedPrecondition, "ActivityContext::client: the worker's client is gone"};
}
std::optional<std::chrono::nanoseconds> ActivityContext::time_left() const noexcept {
  return left_until(attempt_->limit(), attempt_->clock());
}
std::optional<internal::WallTime> ActivityContext::deadline() const noexcept {
  return time_of_day(attempt_->limit(), attempt_->clock());
}
std::optional<std::chrono::nanoseconds> ActivityContext::lease_left() const noexcept {
  return left_until(attempt_->lease_expiry(), attempt_->clock());
}
std::optional<internal::WallTime> ActivityContext::lease_expiry() const noexcept {
  return time_of_day(attempt_->lease_expiry(), attempt_->clock());
}
const DataConverter& ActivityContext::converter() const noexcept {
  return attempt_->converter();
}
void ActivityContext::repeat_heartbeat() noexcept {
  attempt_->repeat();
}

StopCallback::StopCallback(std::shared_ptr<internal::StopListener> listener) noexcept
    : listener_(std::move(listener)) {}
StopCallback::~StopCallback() {
  close();
}
StopCallback& StopCallback::operator=(StopCallback&& other) noexcept {
  if (this == &other) return *this;
  close();
  listener_ = std::move(other.listener_);
  return *this;
}
void StopCallback::close() noexcept {
  if (const auto listener = std::exchange(listener_, nullptr)) listener->close();
}

std::string FencingToken::to_string() const {
  return execution + "@" + std::to_string(started_time) + "#" + std::to_string(attempt);
}

ActivityLogger::ActivityLogger(std::shared_ptr<const internal::Attempt> attempt) noexcept
    : attempt_(std::move(attempt)) {}
void ActivityLogger::debug(std::string_view text, std::initializer_list<LogField> more) const noexcept {
  write(LogLevel::kDebug, text, more);
}
void ActivityLogger::info(std::string_view text, std::initializer_list<LogField> more) const noexcept {
  write(LogLevel::kInfo, text, more);
}
void ActivityLogger::warn(std::string_view text, std::initializer_list<LogField> more) const noexcept {
  write(LogLevel::kWarn, text, more);
}
void ActivityLogger::error(std::string_view text, std::initializer_list<LogField> more) const noexcept {
  write(LogLevel::kError, text, more);
}

void ActivityLogger::write(LogLevel level, std::string_view text, std::initializer_list<LogField> more) const noexcept {
  if (!internal::log_enabled(level)) return;
  constexpr std::size_t kMore = 16;
  const ActivityInfo& about = attempt_->info();
  std::array<char, 12> number{};
  const auto end = std::to_chars(number.data(), number.data() + number.size(), about.attempt).ptr;
  std::array<LogField, 8 + kMore> fields{};  // No allocation: nothing here may throw.
  std::size_t count = 0;
  const auto add = [&](std::string_view name, std::string_view value) { fields[count++] = {name, value}; };
  add("activity_id", about.activity_id);
  add("activity_type", about.activity_type);
  add("attempt", {number.data(), static_cast<std::size_t>(end - number.data())});
  add("namespace", about.namespace_name);
  add("task_queue", about.task_queue);
  if (about.standalone()) {
    add("activity_run_id", about.run_id);
  } else {
    add("workflow_id", about.workflow_id);
    add("workflow_run_id", about.workflow_run_id);
    add("workflow_type", about.workflow_type);
  }
  const std::size_t end_of_fields = count + std::min(more.size(), kMore);
  std::copy_n(more.begin(), end_of_fields - count, fields.begin() + static_cast<std::ptrdiff_t>(count));
  internal::log(level, text, {fields.data(), end_of_fields});
}

LONGBEAT_END
