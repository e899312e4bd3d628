#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "crash/ledger.h"
#include "support/wire_client.h"

namespace longbeat::crash {

/// Clients and workers of every kind against one server, which may vanish and come back at any time. Whatever was
/// acknowledged goes into the ledger; a call whose fate is unknown is repeated until an answer comes. One thread.
class MixedLoad {
 public:
  MixedLoad(test::WireClient& client, Ledger& ledger, std::uint64_t seed);

  void begin();
  /// From now on each of the six that start activities pauses so long after every one; zero: not at all.
  void pace(std::chrono::milliseconds between_starts) { between_starts_ = between_starts; }
  /// No new activities; workers only complete.
  void stop_starting() { draining_ = true; }
  void run_until(Time until);
  /// No new activities; workers only complete. Returns true when every acknowledged activity is closed before `until`.
  bool drain(Time until);
  /// Asks once more for every acknowledged activity, its run and its outcome.
  void compare_all();
  std::uint64_t answers() const { return answers_; }

 private:
  struct Attempt {
    std::string id{}, token{};
    int number = 0;
    std::uint64_t beats_left = 0;
  };
  using AttemptPtr = std::shared_ptr<Attempt>;
  struct Report {
    std::string outcome{};
    bool closes = true;
    bool sent_before = false;
    std::uint64_t details = 0;
  };
  enum class Fate { kTaken, kRefused, kUnknown, kWrong };

  void start_next();
  void start(const std::string& id);
  void cancel(const std::string& id);
  void watch();
  void describe();
  void read(const std::string& id, std::function<void()> then);

  void poll();
  void step(const AttemptPtr& attempt);
  void beat(const AttemptPtr& attempt);
  void finish(const AttemptPtr& attempt);
  void complete(const AttemptPtr& attempt, Report report);
  void fail(const AttemptPtr& attempt, Report report, bool retryable);
  void acknowledge_cancel(const AttemptPtr& attempt, Report report);
  template <class Method, class Request>
  void send_report(const Method& method, const Request& request, const AttemptPtr& attempt, Report report);

  Fate fate(const grpc::Status& status, const std::string& what);
  void after(std::chrono::milliseconds delay, std::function<void()> what);
  void run_due();
  bool chance(unsigned percent) { return random_() % 100 < percent; }
  std::string any_recent();
  std::size_t open() const { return ledger_.started().size() - ledger_.acknowledged_closed(); }

  test::WireClient& client_;
  Ledger& ledger_;
  std::mt19937_64 random_;
  std::multimap<Time, std::function<void()>> timers_{};
  std::uint64_t ids_ = 0, answers_ = 0;
  int vanished_left_ = 100;  ///< Attempts that may still be dropped: each blocks its activity for a heartbeat timeout.
  bool draining_ = false;
  std::chrono::milliseconds between_starts_{0};
};

}  // namespace longbeat::crash
