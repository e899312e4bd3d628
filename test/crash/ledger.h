#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace longbeat::crash {

using Time = std::chrono::steady_clock::time_point;

/// How long an attempt lives without a word from its worker, and in all.
struct Lease {
  std::chrono::milliseconds heartbeat_timeout{2000};
  std::chrono::milliseconds start_to_close{5000};
};

/// What the world outside the server was told about each activity, and every place where the server later says
/// something else. Pure bookkeeping: no gRPC, no clock. Heartbeat details are numbers that rise per activity, 0 is
/// none; outcomes are texts such as "completed crash-7/2".
class Ledger {
 public:
  explicit Ledger(Lease lease) : lease_(lease) {}

  void start_acknowledged(const std::string& id, const std::string& run_id, bool started);
  void cancel_sent(const std::string& id) { activities_[id].cancel_sent = true; }

  /// A poll brought attempt `attempt`.
  void handed_out(const std::string& id, const std::string& run_id, int attempt, std::uint64_t details, Time poll_sent,
                  Time now);
  /// The number for the next details, which may from now on be what the server holds.
  std::uint64_t next_details(const std::string& id) { return ++activities_[id].details_sent; }
  void details_acknowledged(const std::string& id, int attempt, std::uint64_t details, Time sent);
  /// A report that ends the attempt goes out. `outcome` becomes the activity's when `closes`, or when a cancel was
  /// asked for.
  void report_sent(const std::string& id, int attempt, const std::string& outcome, bool closes);
  /// It was taken; when it closes, it must be the outcome for ever.
  void report_acknowledged(const std::string& id, const std::string& outcome, bool closes, std::uint64_t details);
  /// Heartbeat or report of `attempt` was NOT_FOUND.
  void refused(const std::string& id, int attempt, bool sent_before, Time now);

  void outcome_read(const std::string& id, const std::string& outcome);
  /// `details_floor` is acknowledged_details() from before the question was sent.
  void described(const std::string& id, const std::string& run_id, std::uint64_t details, std::uint64_t details_floor);
  /// The server does not know it.
  void missing(const std::string& id);
  /// Anything else that should not be.
  void difference(const std::string& text) { differences_.push_back(text); }

  std::uint64_t acknowledged_details(const std::string& id) { return activities_[id].details_acknowledged; }
  bool closed(const std::string& id) { return activities_[id].outcome.has_value(); }
  std::size_t acknowledged_closed() const { return closed_; }
  /// IDs of all acknowledged starts, in order of the acknowledgement.
  const std::vector<std::string>& started() const { return started_; }
  const std::vector<std::string>& differences() const { return differences_; }

 private:
  struct Activity {
    std::string run_id{};
    bool start_acknowledged = false;
    bool cancel_sent = false;
    int last_attempt = 0;      ///< newest one handed out
    Time attempt_begun{};      ///< its poll's send time: never later than the server's start of the attempt
    Time last_sign{};          ///< send time of the newest acknowledged call for it
    bool report_sent = false;  ///< its end may have come
    std::uint64_t details_sent = 0, details_acknowledged = 0;
    std::set<std::string> outcomes_sent{}, outcomes_if_canceled{};
    std::optional<std::string> outcome{};  ///< acknowledged or read
  };
  void check_run(const std::string& id, Activity& activity, const std::string& run_id);
  void check_details(const std::string& id, Activity& activity, std::uint64_t details, std::uint64_t floor);
  void close(const std::string& id, Activity& activity, const std::string& outcome);
  bool lease_holds(const Activity& activity, Time now) const {
    return !activity.report_sent && now < activity.last_sign + lease_.heartbeat_timeout &&
           now < activity.attempt_begun + lease_.start_to_close;
  }

  Lease lease_;
  std::map<std::string, Activity> activities_{};
  std::vector<std::string> started_{};
  std::vector<std::string> differences_{};
  std::size_t closed_ = 0;
};

}  // namespace longbeat::crash
