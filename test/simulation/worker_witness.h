#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/service_stub.h"
#include "longbeat/errors.h"
#include "simulation/observer.h"
#include "simulation/world.h"

namespace longbeat::simulation {

/// The time that one attempt has, from its hand-out.
Nanoseconds attempt_limit(const internal::ActivityTask& task);

/// What workers do, judged by what they have been told: a stop has its cause, and what was told is known at the next
/// step; a report says only what happened; a worker on its way out says so first and ends in its time. Tokens name
/// attempts, instance keys processes.
class WorkerWitness {
 public:
  WorkerWitness(World& world, Fail fail) : world_(world), fail_(std::move(fail)) {}

  // --- Processes ---
  void poll_sent(const std::string& key);
  /// `wanted`: the server has told this process that it takes heartbeats of workers.
  void worker_beat(const internal::WorkerHeartbeatFields& beat, std::int32_t slots, bool wanted);
  void shutdown_told(const std::string& key) { processes_[key].told = true; }
  /// stop() is called; it must not take longer than `within`.
  void stop_asked(const std::string& key, Nanoseconds within);
  /// stop() has returned at once, as it must, and everything else is under way.
  void stop_begun(const std::string& key);
  void stopped(const std::string& key);
  /// Nothing of it runs until then.
  void frozen(const std::string& key, TimePoint until);
  /// Nothing is left to do, and there has been no fault for minutes.
  void at_rest(const std::string& key, bool beats_wanted);

  // --- What attempts are told ---
  /// `since`: no event that the process handles now had come before that.
  void received(const internal::ActivityTask& task, const std::string& key, TimePoint since);
  void told(const std::string& token, const internal::HeartbeatFlags& flags, TimePoint sent);
  void told_unknown(const std::string& token) { attempts_[token].unknown = true; }

  // --- What attempts do ---
  /// Beats go on by themselves while it moves.
  void automatic(const std::string& token, Nanoseconds stall_timeout);
  void moved(const std::string& token);
  /// The code looks whether it should stop.
  void looked(const std::string& token, const std::vector<StopCause>& causes, bool lost);
  /// Its function has returned: its worker beats on for the report.
  void returned(const std::string& token) { attempts_[token].returned = true; }
  /// Its function has returned, and its result comes from somebody else.
  void left(const std::string& token) { attempts_[token].left = !attempts_[token].reported && !attempts_[token].lost; }
  /// From now on somebody else may have its worker beat.
  void handed_over(const std::string& token) { attempts_[token].handed_over = true; }
  /// Its details cannot be encoded.
  void broken_details(const std::string& token) { attempts_[token].broken_details = true; }
  /// The object that owes its outcome is gone.
  void lost(const std::string& token) { attempts_[token].lost = true; }
  /// An outcome from somebody else may come before the function has returned.
  void outcome_begun(const std::string& token) { attempts_[token].unknown = true; }
  /// The object reports.
  void object_sends(const std::string& token);
  void beat_sent(const std::string& token);
  void completion_sent(const std::string& token) { report_sent(token, "a result"); }
  void cancellation_sent(const std::string& token);
  void failure_sent(const std::string& token, const std::string& type);

 private:
  struct Process {
    bool polled = false, told = false, stopping = false, stopped = false;
    TimePoint stop_by = TimePoint::max(), frozen_until{}, beat_at{};
    std::int32_t processed = 0;
  };
  struct Attempt {
    std::string name{}, process{};
    TimePoint limit_at = TimePoint::max();  ///< less than this margin before its end
    TimePoint lease_at = TimePoint::max();  ///< the same of its lease
    Nanoseconds heartbeat{0}, stall{0};
    TimePoint moved_at{};
    internal::HeartbeatFlags flags{};
    bool late_beat = false;  ///< acknowledged when the lease was over, or nearly: nobody knows which came first
    bool unknown = false, left = false, lost = false, handed_over = false, reported = false, stalled = false,
         broken_details = false, returned = false;
  };
  /// Of what it sends; nothing may come after stop() has ended.
  void sends(const std::string& key, const std::string& what);
  bool has_stalled(const Attempt& attempt) const;
  bool may_have(const Attempt& attempt, StopCause cause);
  void report_sent(const std::string& token, const std::string& what);
  bool stops(const Attempt& attempt) const;

  World& world_;
  Fail fail_;
  std::map<std::string, Process> processes_{};
  std::map<std::string, Attempt> attempts_{};
};

}  // namespace longbeat::simulation
