#pragma once
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "simulation/world.h"

namespace longbeat::simulation {

/// One life that an activity may have had, as far as it follows from what was asked and what was answered. Written from
/// the protocol, beside the server's own machine: where the two disagree, one of them is wrong. When an answer leaves
/// two possibilities there are two lives.
struct Life {
  server::ActivityOptions options{}, original{};
  WallTime scheduled{};
  server::Phase phase = server::Phase::kScheduled;
  std::int32_t attempt = 1;
  bool gone = false;  ///< deleted, or past its retention
  // What a reset does at the end of the running attempt.
  bool lands_paused = false, restores = false, clears = false;
  /// The latest request of each kind: a repetition has no effect.
  std::string canceled_by{}, terminated_by{}, paused_by{}, unpaused_by{}, reset_by{}, updated_by{};
  std::vector<std::string> started_by{};  ///< request IDs of its start and of those that were attached
  std::size_t links = 0;
  /// Not handed out earlier; with a jitter it becomes due at a moment before due + jitter that is not known yet.
  WallTime due{};
  Nanoseconds jitter{0};
  bool ever_began = false, paused_before_due = false;
  /// Of the attempt: when it began; when it was last known to live, as it is when the server starts; when it ended.
  WallTime began{}, beat{}, ended{};
  /// Its beginning as it is stored: later than that of every attempt before, also by a clock that was set back.
  WallTime stored_start{};
  Nanoseconds backoff{0};
  std::string details{};  ///< as they were sent
  std::string token{};    ///< of the attempt that runs; empty: of a hand-out that nobody saw
  std::string outcome{};  ///< see text_of()
  WallTime closed{};

  bool held() const { return server::in_progress(phase); }
  bool is_closed() const { return server::is_closed(phase); }
  /// An attempt begins.
  void begin(WallTime now) {
    began = beat = now;
    stored_start = std::max(now, stored_start + Nanoseconds(1));
  }
  WallTime first_due() const { return scheduled + options.start_delay; }
  friend bool operator==(const Life&, const Life&) = default;
};
using Lives = std::vector<Life>;

/// An outcome as it is compared.
std::string text_of(const server::Outcome& outcome);

// --- What makes of a life. Each gives the lives that may follow; none: this cannot happen to it. ---
Life begun(const server::StartRequest& request, WallTime now);
Lives handed_out(const Life& life, const server::PollTaskReply& task, WallTime now);
/// The server has said yes to this.
Lives accepted(const Life& life, const server::Request& request, WallTime now);
/// A deadline has passed; also when the server need not have noticed yet.
Lives timed_out(const Life& life, WallTime now);
/// The hand-out reached nobody, and the server knows it.
Life undone(const Life& life, WallTime now);
/// No deadline of it passes earlier.
WallTime quiet_until(const Life& life);
/// How far its deadlines are passed at most; nothing: none is.
std::optional<Nanoseconds> overdue(const Life& life, WallTime now);

// --- Shared by the files of this page ---
Lives operated(const Life& life, const server::PauseRequest& request, WallTime now);
Lives operated(const Life& life, const server::UnpauseRequest& request, WallTime now);
Lives operated(const Life& life, const server::ResetRequest& request, WallTime now);
Lives operated(const Life& life, const server::UpdateOptionsRequest& request, WallTime now);
Life closed(Life life, server::Phase phase, std::string outcome, WallTime now);
Life started_over(Life life, bool paused, Nanoseconds jitter, WallTime now);
Nanoseconds interval_after(const server::RetryPolicy& policy, std::int32_t attempt);
Nanoseconds duration_of(const std::optional<server::RawDuration>& raw);
server::RetryPolicy policy_of(const std::optional<server::StartRequest::Retry>& asked);
/// Timeouts that were left out take their defaults, others are cut to the time there is.
void fit_together(server::Timeouts& timeouts);

}  // namespace longbeat::simulation
