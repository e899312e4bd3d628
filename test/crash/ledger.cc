#include "crash/ledger.h"

#include <algorithm>

namespace longbeat::crash {

void Ledger::start_acknowledged(const std::string& id, const std::string& run_id, bool started) {
  Activity& activity = activities_[id];
  check_run(id, activity, run_id);
  if (activity.start_acknowledged && started) difference(id + ": the same request ID started it a second time");
  if (!activity.start_acknowledged) started_.push_back(id);
  activity.start_acknowledged = true;
}

void Ledger::handed_out(const std::string& id, const std::string& run_id, int attempt, std::uint64_t details,
                        Time poll_sent, Time now) {
  Activity& activity = activities_[id];
  const std::string name = id + ": attempt " + std::to_string(attempt);
  check_run(id, activity, run_id);
  if (activity.outcome) difference(name + " handed out after the outcome \"" + *activity.outcome + "\"");
  if (attempt <= activity.last_attempt) {
    difference(name + " handed out after attempt " + std::to_string(activity.last_attempt));
  } else if (activity.last_attempt > 0 && lease_holds(activity, now)) {
    difference(name + " handed out while attempt " + std::to_string(activity.last_attempt) + " still held its lease");
  }
  check_details(id, activity, details, activity.details_acknowledged);
  activity.last_attempt = attempt;
  activity.attempt_begun = activity.last_sign = poll_sent;
  activity.report_sent = false;
}

void Ledger::details_acknowledged(const std::string& id, int attempt, std::uint64_t details, Time sent) {
  Activity& activity = activities_[id];
  activity.details_acknowledged = std::max(activity.details_acknowledged, details);
  if (attempt == activity.last_attempt) activity.last_sign = std::max(activity.last_sign, sent);
}

void Ledger::report_sent(const std::string& id, int attempt, const std::string& outcome, bool closes) {
  Activity& activity = activities_[id];
  (closes ? activity.outcomes_sent : activity.outcomes_if_canceled).insert(outcome);
  if (attempt == activity.last_attempt) activity.report_sent = true;
}

void Ledger::report_acknowledged(const std::string& id, const std::string& outcome, bool closes,
                                 std::uint64_t details) {
  Activity& activity = activities_[id];
  activity.details_acknowledged = std::max(activity.details_acknowledged, details);
  if (closes) close(id, activity, outcome);
}

void Ledger::refused(const std::string& id, int attempt, bool sent_before, Time now) {
  Activity& activity = activities_[id];
  if (sent_before || attempt != activity.last_attempt)
    return;  // An earlier send may have ended it, or another attempt began.
  // The report that was refused is itself marked as sent; the lease is asked as if it were not.
  Activity as_before = activity;
  as_before.report_sent = false;
  if (lease_holds(as_before, now) && !activity.outcome) {
    difference(id + ": attempt " + std::to_string(attempt) + " was refused although its worker still held the lease");
  }
}

void Ledger::outcome_read(const std::string& id, const std::string& outcome) {
  Activity& activity = activities_[id];
  const bool sent = activity.outcomes_sent.count(outcome) > 0;
  const bool by_cancel = activity.cancel_sent && (outcome == "canceled" || outcome == "timed out" ||
                                                  activity.outcomes_if_canceled.count(outcome) > 0);
  if (!activity.outcome && !sent && !by_cancel)
    difference(id + ": has the outcome \"" + outcome + "\", which nobody sent");
  close(id, activity, outcome);
}

void Ledger::described(const std::string& id, const std::string& run_id, std::uint64_t details, std::uint64_t floor) {
  Activity& activity = activities_[id];
  check_run(id, activity, run_id);
  check_details(id, activity, details, floor);
}

void Ledger::missing(const std::string& id) {
  if (activities_[id].start_acknowledged) difference(id + ": lost, its start was acknowledged");
}

void Ledger::check_run(const std::string& id, Activity& activity, const std::string& run_id) {
  if (activity.run_id.empty()) activity.run_id = run_id;
  if (activity.run_id != run_id) difference(id + ": has two runs, " + activity.run_id + " and " + run_id);
}

void Ledger::check_details(const std::string& id, Activity& activity, std::uint64_t details, std::uint64_t floor) {
  const std::string found = id + ": has heartbeat details " + std::to_string(details);
  if (details < floor) difference(found + ", acknowledged were " + std::to_string(floor));
  if (details > activity.details_sent) difference(found + ", which nobody sent");
  activity.details_acknowledged = std::max(activity.details_acknowledged, details);  // Once read it must not go back.
}

void Ledger::close(const std::string& id, Activity& activity, const std::string& outcome) {
  if (!activity.outcome) ++closed_;
  if (activity.outcome && *activity.outcome != outcome) {
    difference(id + ": the outcome was \"" + *activity.outcome + "\", now it is \"" + outcome + "\"");
  }
  if (!activity.outcome) activity.outcome = outcome;
}

}  // namespace longbeat::crash
