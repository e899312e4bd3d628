#include "client/outcome_wait.h"

#include <algorithm>
#include <utility>

namespace longbeat::internal {
namespace {

/// Deadline of one poll. The server answers empty before it.
constexpr auto kPollTimeout = std::chrono::seconds(60);
/// The server is asked at least this often while it is away: the reconnect of the channel takes as long.
constexpr Nanoseconds kLongestPause = std::chrono::seconds(1);
/// An empty answer that comes sooner is no long poll; asking again at once would be a hot loop.
constexpr auto kShortestPoll = std::chrono::milliseconds(500);

}  // namespace

void OutcomeWait::start(Done<PolledOutcome> done) {
  done_ = std::move(done);
  if (canceled_) return finish(Status{StatusCode::kCancelled, "the wait was given up", {}});
  if (deadline_) {
    deadline_timer_ = loop_.schedule(*deadline_, [self = shared_from_this()] {
      self->deadline_timer_ = 0;
      self->finish(Status{StatusCode::kDeadlineExceeded, "it has not closed in time", {}});
    });
  }
  poll();
}

void OutcomeWait::cancel() {
  canceled_ = true;  // Also for a start() that comes later.
  finish(Status{StatusCode::kCancelled, "the wait was given up", {}});
}

void OutcomeWait::poll() {
  pause_ = 0;
  poll_began_ = loop_.now();
  call_ = stub_.poll_outcome(run_, kPollTimeout, [self = shared_from_this()](StatusOr<PolledOutcome> answer) {
    self->call_ = 0;
    if (self->done_) self->polled(std::move(answer));
  });
}

void OutcomeWait::polled(StatusOr<PolledOutcome> answer) {
  if (!answer) {
    if (!goes_on(answer.error())) return finish(std::move(answer));
    return poll_after_a_pause(answer.error());
  }
  odd_errors_ = 0;
  if (run_.run_id.empty()) run_.run_id = answer->run_id;  // A later run of the same ID is another wait.
  if (answer->run_id.empty()) answer->run_id = run_.run_id;
  if (answer->outcome) return finish(std::move(answer));
  if (loop_.now() - poll_began_ < kShortestPoll) return poll_after_a_pause({});
  pauses_.reset();
  poll();
}

void OutcomeWait::poll_after_a_pause(const Status& why) {
  const auto pause = std::min(pauses_.next(why, random_), kLongestPause);
  pause_ = loop_.schedule(loop_.now() + pause, [self = shared_from_this()] { self->poll(); });
}

bool OutcomeWait::goes_on(const Status& status) {
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

void OutcomeWait::finish(StatusOr<PolledOutcome> result) {
  if (!done_) return;
  const auto self = shared_from_this();  // Timers and the call hold the other owners.
  const auto done = std::exchange(done_, nullptr);
  loop_.cancel(pause_);
  loop_.cancel(deadline_timer_);
  if (call_ != 0) stub_.cancel(call_);
  done(std::move(result));
}

}  // namespace longbeat::internal
