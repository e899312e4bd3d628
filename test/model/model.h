#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "machine/transition.h"
#include "model/facts.h"
#include "request/validate.h"

namespace longbeat::model {

/// Something that the model leaves out, to see that the comparison notices.
enum class Forgets : std::uint8_t {
  kNothing,
  kPausedFlag,       ///< a heartbeat is not told of a pause
  kCancelFlag,       ///< nor of a cancel
  kFailureDetails,   ///< the details inside a failure report
  kNextRetryDelay,   ///< what a worker says of the next attempt
  kKeepPaused,       ///< a reset that leaves it paused
  kOriginalOptions,  ///< a reset that brings the first options back
  kReusePolicy,      ///< who may start an ID again
  kCompletionById,   ///< that this one report needs no attempt
};

/// One activity ID as the pure machine has it, from one trace alone: no engine, no store, no threads, time a number.
/// Calls and deadlines happen at exact times; a poll that waits takes its task at the moment it becomes due.
class Model {
 public:
  static constexpr Duration kTick = std::chrono::seconds(1);
  /// No deadline may lie so near to a step that a server of this world could take them the other way round.
  static constexpr Duration kMargin = kTick * 2 / 5;

  explicit Model(Forgets forgets = Forgets::kNothing) : forgets_(forgets) {}

  /// What is seen before the call, and what the call is told. Time goes on by the step's ticks.
  Facts play(const Step& step);
  /// So far the order of everything was beyond doubt; else the trace proves nothing.
  bool is_certain() const { return certain_; }
  /// Whether a step would be, now.
  bool is_quiet_now() const;
  void pass(int ticks);

  // For who makes up the next step.
  /// The latest run of the ID; null: there is none.
  const server::ActivityState* latest() const;
  bool poll_waits() const { return poll_.has_value(); }
  std::size_t tokens() const { return tokens_.size(); }
  std::size_t runs() const { return runs_.size(); }
  bool due_now() const;
  /// When a retry that a failure asks for would be too late, as far from now; unset: never.
  std::optional<Duration> left_for_retry() const;

 private:
  using Time = server::Time;
  template <class T = void>
  using StatusOr = server::StatusOr<T>;
  struct Run {
    server::ActivityState state{};
    bool removed = false;
    std::int64_t seen = 0;  ///< transition count at the last look
  };
  struct Token {
    std::size_t run = 0;
    server::AttemptRef attempt{};
  };
  struct Watch {
    std::size_t run = 0;
    std::int64_t seen = 0;
  };
  /// Whom a report speaks of.
  struct Holder {
    std::size_t run = 0;
    std::optional<server::AttemptRef> attempt{};
  };

  void advance(Time to);
  void fire(const server::Plan& plan);
  void settle();
  void hand_out(Run& run);
  void look(Facts& facts);
  void describe(Facts& facts);

  void call(const Step& step, Facts& facts);
  void start(const Step& step, Facts& facts);
  void poll(const Step& step, Facts& facts);
  void heartbeat(const Step& step, Facts& facts);
  void complete(const Step& step, Facts& facts);
  void fail(const Step& step, Facts& facts);
  void canceled(const Step& step, Facts& facts);
  void cancel(const Step& step, Facts& facts);
  void terminate(const Step& step, Facts& facts);
  void pause(const Step& step, Facts& facts);
  void unpause(const Step& step, Facts& facts);
  void reset(const Step& step, Facts& facts);
  void update(const Step& step, Facts& facts);
  void remove(const Step& step, Facts& facts);
  void await(const Step& step, Facts& facts);
  void watch(Facts& facts);

  StatusOr<> begin_run(const server::StartRequest& request, const server::NormalStart& normal);
  StatusOr<Holder> holder(const Step& step);
  StatusOr<std::size_t> run_of(const Step& step);
  std::string request_id(const Step& step);
  template <class Event>
  StatusOr<server::Applied> change(std::size_t run, Event event);
  /// The same for an order about a run, with its answer.
  template <class Event>
  void order(const Step& step, Facts& facts, Event event);
  /// Times at which something has happened or may happen by itself.
  std::vector<Time> instants(const server::ActivityState& state) const;
  bool is_near(Time a, Time b) const { return a - b < kMargin && b - a < kMargin; }

  Forgets forgets_;
  Time now_{std::chrono::hours(24 * 365 * 50)};
  bool certain_ = true;
  internal::Random random_{1};
  std::vector<Run> runs_{};
  std::optional<std::size_t> latest_{};  ///< unset: the ID is unknown
  std::vector<Token> tokens_{};
  std::optional<std::string> poll_{};  ///< the queue on which a poll waits
  std::optional<std::size_t> awaits_{};
  std::optional<Watch> watch_{};
  std::string task_{}, heard_{}, noticed_{};  ///< since the last look
};

/// Everything a trace shows, step by step; the last look comes by itself. Empty answers: the trace proves nothing.
struct Played {
  std::vector<Facts> answers{};
  bool certain = true;
};
Played play(const Trace& trace, Forgets forgets = Forgets::kNothing);

// model_view.cc
Facts facts_of(const server::ActivityState& state, const std::string& run, server::Time now);
std::string outcome_text(const server::Outcome& outcome);
std::string options_answer(const server::ActivityOptions& options);
OptionsSeen seen(const server::ActivityOptions& options);
std::string refusal_text(const internal::Status& status);

// model_request.cc: what a step asks for, in the terms of the server's own checks.
server::StartRequest start_request(const Step& step, const std::string& request_id);
server::FailedRequest failed_request(const Step& step);
server::FailureFacts failure_facts(const Step& step);
server::StoredFailure failure_of(const Step& step);
server::UpdateOptionsRequest update_request(const Step& step, const std::string& request_id);

}  // namespace longbeat::model
