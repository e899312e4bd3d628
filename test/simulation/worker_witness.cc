#include "simulation/worker_witness.h"

#include <algorithm>
#include <utility>

namespace longbeat::simulation {

using namespace std::chrono_literals;

namespace {

constexpr Nanoseconds kBeatInterval = 60s;  ///< of workers
constexpr Nanoseconds kInstant = 10ms;      ///< What follows at once may take this.

/// Noticing takes a moment, so stop is requested this much before the end.
Nanoseconds margin(Nanoseconds time) {
  return std::max<Nanoseconds>(time / 20, 20ms);
}

bool has(const std::vector<StopCause>& causes, StopCause cause) {
  return std::ranges::find(causes, cause) != causes.end();
}

}  // namespace

Nanoseconds attempt_limit(const internal::ActivityTask& task) {
  if (task.schedule_to_close == 0ns) return task.start_to_close;
  const Nanoseconds rest = task.schedule_to_close - (task.started_time - task.scheduled_time);
  return std::clamp(rest, Nanoseconds(1ms), task.start_to_close);
}

void WorkerWitness::sends(const std::string& key, const std::string& what) {
  if (processes_[key].stopped) fail_("worker " + key + " has stopped, and sends " + what);
}

void WorkerWitness::poll_sent(const std::string& key) {
  sends(key, "a poll");
  Process& process = processes_[key];
  process.polled = true;
  if (process.stopping) fail_("worker " + key + " polls although it is to stop");
}

void WorkerWitness::worker_beat(const internal::WorkerHeartbeatFields& beat, std::int32_t slots, bool wanted) {
  sends(beat.instance_key, "a heartbeat of its own");
  Process& process = processes_[beat.instance_key];
  if (!wanted) fail_("worker " + beat.instance_key + " sends heartbeats that the server does not take");
  if (beat.slots_free + beat.slots_used != slots) fail_("worker " + beat.instance_key + " tells of other slots");
  if (beat.processed < process.processed) fail_("worker " + beat.instance_key + " has processed less than before");
  if ((beat.status == internal::WorkerStatus::kRunning) == process.stopping) {
    fail_("worker " + beat.instance_key + " tells a status that is not its own");
  }
  process.processed = beat.processed;
  process.beat_at = world_.now();
}

void WorkerWitness::stop_asked(const std::string& key, Nanoseconds within) {
  Process& process = processes_[key];
  process.stopping = true;
  process.stop_by = std::min(process.stop_by, world_.now() + within);
}

void WorkerWitness::stop_begun(const std::string& key) {
  const Process& process = processes_[key];
  if (process.polled && !process.told) fail_("worker " + key + " is to stop and does not tell the server first");
}

void WorkerWitness::stopped(const std::string& key) {
  Process& process = processes_[key];
  if (std::exchange(process.stopped, true)) return fail_("worker " + key + " tells twice that it has stopped");
  if (world_.now() > std::max(process.stop_by, process.frozen_until) + kInstant) {
    fail_("worker " + key + " has stopped too late");
  }
}

void WorkerWitness::frozen(const std::string& key, TimePoint until) {
  Process& process = processes_[key];
  process.frozen_until = std::max(process.frozen_until, until);
}

void WorkerWitness::at_rest(const std::string& key, bool beats_wanted) {
  const Process& process = processes_[key];
  if (beats_wanted && world_.now() > process.beat_at + kBeatInterval + 1s) fail_("worker " + key + " is silent");
}

void WorkerWitness::received(const internal::ActivityTask& task, const std::string& key, TimePoint since) {
  Attempt attempt;
  attempt.name = "attempt " + std::to_string(task.attempt) + " of " + task.activity_id;
  attempt.process = key;
  attempt.heartbeat = task.heartbeat;
  const Nanoseconds limit = attempt_limit(task);
  attempt.limit_at = since + limit - std::min<Nanoseconds>(margin(limit), 1s);
  if (task.heartbeat > 0ns) attempt.lease_at = since + task.heartbeat - margin(task.heartbeat);
  attempts_[task.token] = std::move(attempt);
}

void WorkerWitness::told(const std::string& token, const internal::HeartbeatFlags& flags, TimePoint sent) {
  Attempt& attempt = attempts_[token];
  attempt.flags.cancel_requested |= flags.cancel_requested;
  attempt.flags.activity_paused |= flags.activity_paused;
  attempt.flags.activity_reset |= flags.activity_reset;
  if (attempt.heartbeat == 0ns) return;
  attempt.late_beat |= world_.now() >= attempt.lease_at;
  attempt.lease_at = std::max(attempt.lease_at, sent + attempt.heartbeat - margin(attempt.heartbeat));
}

void WorkerWitness::automatic(const std::string& token, Nanoseconds stall_timeout) {
  attempts_[token].stall = stall_timeout;
  attempts_[token].moved_at = world_.now();
}

void WorkerWitness::moved(const std::string& token) {
  Attempt& attempt = attempts_[token];
  attempt.stalled = has_stalled(attempt);
  attempt.moved_at = world_.now();
}

/// Once is enough: code that never looks moves on after that.
bool WorkerWitness::has_stalled(const Attempt& attempt) const {
  return attempt.stalled || (attempt.stall > 0ns && world_.now() >= attempt.moved_at + attempt.stall);
}

bool WorkerWitness::stops(const Attempt& attempt) const {
  const auto process = processes_.find(attempt.process);
  return process != processes_.end() && process->second.stopping;
}

bool WorkerWitness::may_have(const Attempt& attempt, StopCause cause) {
  const TimePoint now = world_.now();
  switch (cause) {
    case StopCause::kCanceled:
      return attempt.flags.cancel_requested;
    case StopCause::kReset:
      return attempt.flags.activity_reset;
    case StopCause::kPaused:
      return attempt.flags.activity_paused;
    case StopCause::kShutdown:
      return stops(attempt);
    case StopCause::kLeaseLost:
      return attempt.late_beat || now >= attempt.lease_at;
    case StopCause::kNotFound:
      return attempt.unknown;
    case StopCause::kTimedOut:
      return now >= attempt.limit_at;
    case StopCause::kBrokenDetails:
      return attempt.broken_details;
    case StopCause::kStalled:
      return has_stalled(attempt);
  }
  return false;
}

void WorkerWitness::looked(const std::string& token, const std::vector<StopCause>& causes, bool lost) {
  const Attempt& attempt = attempts_[token];
  for (const StopCause cause : causes) {
    if (!may_have(attempt, cause)) {
      fail_(attempt.name + " is to stop (" + std::string(to_string(cause)) + "), which is not so");
    }
  }
  if (lost) return;  // Nothing else is looked at any more.
  const bool misses = (attempt.flags.cancel_requested && !has(causes, StopCause::kCanceled)) ||
                      (attempt.flags.activity_reset && !has(causes, StopCause::kReset)) ||
                      (attempt.flags.activity_paused && !has(causes, StopCause::kPaused));
  if (misses) fail_(attempt.name + " does not know what its worker was told");
}

void WorkerWitness::beat_sent(const std::string& token) {
  const Attempt& attempt = attempts_[token];
  sends(attempt.process, "a heartbeat of " + attempt.name);
  if (attempt.stall == 0ns || attempt.reported || attempt.returned || attempt.handed_over) return;
  if (processes_[attempt.process].frozen_until >= attempt.moved_at) return;  // Nothing could move in that time.
  if (world_.now() > attempt.moved_at + attempt.stall + attempt.stall / 2 + kInstant) {
    fail_(attempt.name + " beats on although it has stalled");
  }
}

void WorkerWitness::report_sent(const std::string& token, const std::string& what) {
  Attempt& attempt = attempts_[token];
  attempt.reported = true;
  sends(attempt.process, what + " of " + attempt.name);
  if (attempt.left) fail_(attempt.name + " was left to somebody else, but its worker reports " + what);
}

void WorkerWitness::object_sends(const std::string& token) {
  Attempt& attempt = attempts_[token];
  if (attempt.reported) fail_(attempt.name + " is reported by its worker and by its object");
  attempt.left = true;
}

void WorkerWitness::cancellation_sent(const std::string& token) {
  report_sent(token, "a cancellation");
  const Attempt& attempt = attempts_[token];
  if (!attempt.flags.cancel_requested) fail_(attempt.name + " is reported canceled, but nobody asked for it");
}

void WorkerWitness::failure_sent(const std::string& token, const std::string& type) {
  report_sent(token, type);
  const Attempt& attempt = attempts_[token];
  const bool so =
      type == "Simulated" || (type == "ActivityPause" && attempt.flags.activity_paused) ||
      (type == "ActivityReset" && attempt.flags.activity_reset) || (type == "WorkerShutdown" && stops(attempt)) ||
      (type == "CompletionLost" && attempt.lost) || (type == "ActivityStalled" && has_stalled(attempt)) ||
      (type == "HeartbeatDetailsError" && attempt.broken_details) || type == "WireCodecError";  // CodecWitness knows.
  if (!so) fail_(attempt.name + " fails with " + type + ", which is not so");
}

}  // namespace longbeat::simulation
