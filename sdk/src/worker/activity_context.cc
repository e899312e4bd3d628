#include "longbeat/activity_context.h"

#include <algorithm>

#include "core/attempt.h"
#include "longbeat/checkpoint.h"

namespace longbeat::internal {

void put_details(Attempt& attempt, std::unique_ptr<DetailsValue> value) noexcept {
  attempt.put(std::move(value));
}
void put_details_failed(Attempt& attempt, const char* why) noexcept {
  attempt.fail_details(why);
}
Result<> save_details_now(Attempt& attempt, Payloads details, std::chrono::nanoseconds timeout) {
  return attempt.save_now(std::move(details), timeout);
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
  return clock.wall_now() + (at - clock.now());
}

}  // namespace

ActivityContext::ActivityContext(std::shared_ptr<internal::Attempt> attempt) noexcept : attempt_(std::move(attempt)) {}
ActivityContext::~ActivityContext() = default;

std::stop_token ActivityContext::stop_token() const noexcept {
  attempt_->look();
  return attempt_->stop_token();
}
std::stop_token ActivityContext::lost_token() const noexcept {
  attempt_->look();
  return attempt_->lost_token();
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
const ActivityInfo& ActivityContext::info() const noexcept {
  return attempt_->info();
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
void ActivityContext::put(std::unique_ptr<internal::DetailsValue> value) noexcept {
  attempt_->put(std::move(value));
}
void ActivityContext::put_failed(const char* why) noexcept {
  attempt_->fail_details(why);
}
void ActivityContext::repeat_heartbeat() noexcept {
  attempt_->repeat();
}

LONGBEAT_END
