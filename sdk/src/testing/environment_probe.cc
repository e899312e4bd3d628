#include "testing/environment_probe.h"

#include <algorithm>
#include <utility>

namespace longbeat::internal {
namespace {

/// The heartbeat that the calling thread is in.
thread_local std::size_t this_call = 0;
/// The calling thread's wait has not looked at the time yet.
thread_local bool fresh_wait = false;

/// A value that was encoded where it was called, so that the test sees each and none is encoded twice.
struct EncodedDetails final : DetailsValue {
  explicit EncodedDetails(Result<Payloads> made) : details(std::move(made)) {}
  Result<Payloads> encode(const DataConverter&) const override { return details; }
  Result<Payloads> details;
};

}  // namespace

EnvironmentProbe::EnvironmentProbe(VirtualLoop& loop, std::shared_ptr<VirtualClock> clock, DataConverter converter,
                                   std::chrono::nanoseconds thread_time, std::function<void(std::size_t)> after_call)
    : loop_(loop),
      clock_(std::move(clock)),
      converter_(std::move(converter)),
      thread_time_(thread_time),
      after_call_(std::move(after_call)) {}

bool EnvironmentProbe::enter() {
  const std::lock_guard lock(mutex_);
  if (!closed_) ++visitors_;
  return !closed_;
}

EnvironmentProbe::Visit::Visit(EnvironmentProbe& probe) : probe_(probe), let_in_(probe.enter()) {}

EnvironmentProbe::Visit::~Visit() {
  if (!let_in_) return;
  const std::lock_guard lock(probe_.mutex_);
  --probe_.visitors_;
  probe_.left_.notify_all();
}

void EnvironmentProbe::close() {
  std::unique_lock lock(mutex_);
  closed_ = true;
  left_.wait(lock, [&] { return visitors_ == 0; });
}

std::vector<CallSeen> EnvironmentProbe::seen() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

Payloads EnvironmentProbe::newest() const {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(calls_.rbegin(), calls_.rend(),
                                  [](const CallSeen& call) { return call.details && !call.details->empty(); });
  return found == calls_.rend() ? Payloads() : *found->details;
}

void EnvironmentProbe::note(Result<Payloads> details) {
  const std::lock_guard lock(mutex_);
  calls_.push_back({clock_->passed(), std::move(details)});
  this_call = calls_.size();
}

std::unique_ptr<DetailsValue> EnvironmentProbe::calling(std::unique_ptr<DetailsValue> value) noexcept {
  auto encoded = std::make_unique<EncodedDetails>(value->encode(converter_));
  note(encoded->details);
  return encoded;
}

void EnvironmentProbe::failing(const char* why) noexcept {
  note(Error{ErrorCode::kUndecodable, why});
}

void EnvironmentProbe::pass(TimePoint until, const std::function<bool()>& over) noexcept {
  if (const Visit visit(*this); visit) loop_.pass(until, over);
}

void EnvironmentProbe::called() noexcept {
  const Visit visit(*this);
  if (!visit) return;
  loop_.settle();
  after_call_(this_call);
  loop_.settle();
}

void EnvironmentProbe::listens() noexcept {
  if (const Visit visit(*this); visit) loop_.settle();
}

void EnvironmentProbe::begin_wait() noexcept {
  fresh_wait = true;
}

std::chrono::nanoseconds EnvironmentProbe::slice(TimePoint until) noexcept {
  // First the activity's other threads, which may have it ready in no time at all.
  const bool fresh = std::exchange(fresh_wait, false);
  if (const Visit visit(*this); visit) fresh ? loop_.works_here() : loop_.pass_a_step(until, thread_time_);
  return thread_time_;
}

}  // namespace longbeat::internal
