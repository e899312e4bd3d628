#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/loop.h"
#include "base/random.h"
#include "base/server_gone.h"
#include "client/loop_call.h"
#include "client/retry_rules.h"
#include "core/outage.h"
#include "core/service_stub.h"

namespace longbeat::internal {

/// Waits for what only a long poll tells: asks again when an answer is empty, and again when the server was away,
/// unless it is gone for good. Each poll has its own deadline; the caller's bounds the whole. A machine on the loop,
/// which outlives it.
template <class T>
class LongWait : public LoopCall<T>, public std::enable_shared_from_this<LongWait<T>> {
 public:
  /// `deadline` unset: no bound. `on_retry` runs on the loop whenever a poll follows one that failed. `what` names the
  /// wait in the log, as "result of activity 'a'".
  LongWait(Loop& loop, ServiceStub& stub, std::optional<TimePoint> deadline, std::uint64_t seed,
           std::function<void()> on_retry, std::string what)
      : stub_(stub),
        loop_(loop),
        deadline_(deadline),
        random_(seed),
        on_retry_(std::move(on_retry)),
        what_(std::move(what)) {}

  /// `done` runs once, on the loop: with an answer, with what rules one out, or after the deadline or cancel(). Loop
  /// thread.
  void start(Done<T> done) override;
  /// Gives the wait up with CANCELLED; nothing when it has ended; one that has not started ends at its start.
  /// Loop thread.
  void cancel() override;

 protected:
  /// One poll, with a deadline of its own; the server answers empty before it.
  virtual CallId ask(Nanoseconds timeout, Done<T> done) = 0;
  /// Is this what was waited for? May note what the next poll needs.
  virtual bool settles(T& answer) = 0;
  /// What the passed deadline is called.
  virtual const char* late() const noexcept = 0;

  ServiceStub& stub_;

 private:
  static constexpr auto kPollTimeout = std::chrono::seconds(60);
  /// The server is asked at least this often while it is away: the reconnect of the channel takes as long. One that
  /// has no room is left alone for longer.
  static constexpr Nanoseconds kLongestPause = std::chrono::seconds(1);
  /// An empty answer that comes sooner is no long poll; asking again at once would be a hot loop.
  static constexpr auto kShortestPoll = std::chrono::milliseconds(500);

  void poll();
  void polled(StatusOr<T> answer);
  void poll_after_a_pause(const Status& why);
  /// Will asking again help?
  bool goes_on(const Status& status);
  void tell_outage(const Status& why);
  /// Of the passed deadline: nobody knows what became of the activity while its server did not answer.
  Status too_late() const;
  void finish(StatusOr<T> result);

  Loop& loop_;
  std::optional<TimePoint> deadline_;
  Random random_;
  std::function<void()> on_retry_;
  Done<T> done_{};
  RetryPauses pauses_{};
  const std::string what_;
  Outage outage_{};
  bool canceled_ = false;
  std::optional<Status> failed_{};  ///< what the last poll ended with, unless it was answered
  int odd_errors_ = 0;              ///< in a row, of the kind that need not pass
  TimePoint poll_began_{};
  CallId call_ = 0;
  TimerId pause_ = 0;
  TimerId deadline_timer_ = 0;
};

template <class T>
void LongWait<T>::start(Done<T> done) {
  done_ = std::move(done);
  if (canceled_) return finish(Status{StatusCode::kCancelled, "the wait was given up", {}});
  if (deadline_) {
    deadline_timer_ = loop_.schedule(*deadline_, [self = this->shared_from_this()] {
      self->deadline_timer_ = 0;
      self->finish(self->too_late());
    });
  }
  poll();
}

template <class T>
void LongWait<T>::cancel() {
  canceled_ = true;  // Also for a start() that comes later.
  finish(Status{StatusCode::kCancelled, "the wait was given up", {}});
}

template <class T>
void LongWait<T>::poll() {
  pause_ = 0;
  if (failed_ && on_retry_) on_retry_();
  poll_began_ = loop_.now();
  call_ = ask(kPollTimeout, [self = this->shared_from_this()](StatusOr<T> answer) {
    self->call_ = 0;
    if (self->done_) self->polled(std::move(answer));
  });
}

template <class T>
void LongWait<T>::polled(StatusOr<T> answer) {
  if (!answer) {
    if (!goes_on(answer.error())) return finish(std::move(answer));
    tell_outage(answer.error());
    poll_after_a_pause(answer.error());
    failed_ = std::move(answer).error();
    return;
  }
  failed_.reset();
  outage_.over(loop_.now());
  odd_errors_ = 0;
  if (settles(*answer)) return finish(std::move(answer));
  if (loop_.now() - poll_began_ < kShortestPoll) return poll_after_a_pause({});
  pauses_.reset();
  poll();
}

template <class T>
void LongWait<T>::poll_after_a_pause(const Status& why) {
  auto pause = pauses_.next(why, random_);
  if (why.code != StatusCode::kResourceExhausted) pause = std::min(pause, kLongestPause);
  pause_ = loop_.schedule(loop_.now() + pause, [self = this->shared_from_this()] { self->poll(); });
}

template <class T>
bool LongWait<T>::goes_on(const Status& status) {
  if (is_server_gone(status)) return false;
  switch (status.code) {
    case StatusCode::kUnavailable:
    case StatusCode::kDeadlineExceeded:  // Of this one poll.
    case StatusCode::kCancelled:         // A server that stops cancels what is parked.
    case StatusCode::kResourceExhausted:
    case StatusCode::kAborted:
      return worth_repeating(status) || status.code != StatusCode::kResourceExhausted;
    default:
      return worth_repeating(status) && ++odd_errors_ < kMostTries;
  }
}

template <class T>
void LongWait<T>::tell_outage(const Status& why) {
  if (const auto lasted = outage_.failed(poll_began_, loop_.now()))
    log(LogLevel::kWarn,
        what_ + ": no answer from the server for " + seconds_text(*lasted) + ", goes on asking: " + to_string(why));
}

template <class T>
Status LongWait<T>::too_late() const {
  std::string message = late();
  if (failed_) message += ": the server did not answer: " + failed_->message;
  return {StatusCode::kDeadlineExceeded, std::move(message), {}};
}

template <class T>
void LongWait<T>::finish(StatusOr<T> result) {
  if (!done_) return;
  const auto self = this->shared_from_this();  // Timers and the call hold the other owners.
  const auto done = std::exchange(done_, nullptr);
  loop_.cancel(pause_);
  loop_.cancel(deadline_timer_);
  if (call_ != 0) stub_.cancel(call_);
  done(std::move(result));
}

}  // namespace longbeat::internal
