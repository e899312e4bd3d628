#include "model/model.h"

#include <algorithm>

#include "engine/stored_options.h"

namespace longbeat::model {

using server::Phase;
using server::Time;

namespace {

std::string name_of(std::size_t run) {
  return "run " + std::to_string(run + 1);
}

// Each deadline, written once more from the protocol (§2.2, Timers).

std::optional<Time> counted(bool runs, Time from, Duration timeout) {
  if (!runs || timeout.count() <= 0) return std::nullopt;
  return from + timeout;
}

std::optional<Time> end_of_all(const server::ActivityState& state) {
  return counted(true, state.first_dispatch_time(), state.input->options.timeouts.schedule_to_close);
}

std::optional<Time> end_of_queueing(const server::ActivityState& state) {
  return counted(state.progress.phase == Phase::kScheduled, state.progress.dispatch_time,
                 state.input->options.timeouts.schedule_to_start);
}

std::optional<Time> end_of_attempt(const server::ActivityState& state) {
  return counted(server::in_progress(state.progress.phase), state.progress.started_time,
                 state.input->options.timeouts.start_to_close);
}

std::optional<Time> end_of_silence(const server::ActivityState& state) {
  return counted(server::in_progress(state.progress.phase),
                 std::max(state.progress.started_time, state.progress.last_heartbeat_time),
                 state.input->options.timeouts.heartbeat);
}

}  // namespace

Played play(const Trace& trace, Forgets forgets) {
  Model model(forgets);
  Played played;
  for (const Step& step : trace) played.answers.push_back(model.play(step));
  played.answers.push_back(model.play({"look", {}, {}}));
  played.certain = model.is_certain();
  return played;
}

Facts Model::play(const Step& step) {
  Facts facts;
  if (step.act != "wait") {
    certain_ = certain_ && is_quiet_now();
    look(facts);
    if (step.act != "look") call(step, facts);
    settle();
  }
  pass(ticks_of(step));
  return facts;
}

void Model::pass(int ticks) {
  advance(now_ + ticks * kTick);
}

const server::ActivityState* Model::latest() const {
  return latest_ ? &runs_[*latest_].state : nullptr;
}

bool Model::due_now() const {
  const auto* state = latest();
  if (state == nullptr) return false;
  const auto at = server::plan(*state).dispatch_at;
  return at && *at <= now_;
}

std::optional<Duration> Model::left_for_retry() const {
  const auto* state = latest();
  if (state == nullptr) return std::nullopt;
  const auto deadline = end_of_all(*state);
  if (!deadline) return std::nullopt;
  return *deadline - now_;
}

// ---------------------------------------------------------------------------------------------------------------------
// Time

std::vector<Time> Model::instants(const server::ActivityState& state) const {
  const auto& progress = state.progress;
  std::vector<Time> times{progress.dispatch_time, state.first_dispatch_time(), progress.last_attempt_complete_time,
                          progress.close_time, progress.started_time};
  if (server::is_closed(progress.phase)) return times;
  if (progress.current_retry_interval.count() > 0) {
    times.push_back(progress.last_attempt_complete_time + progress.current_retry_interval);
  }
  for (const auto& at : {end_of_all(state), end_of_queueing(state), end_of_attempt(state), end_of_silence(state)}) {
    if (at) times.push_back(*at);
  }
  if (const auto at = end_of_all(state)) {
    // A failure at this time could ask for a retry that just fits.
    times.push_back(*at - server::retry_interval(state.input->options.retry, progress.attempt));
  }
  return times;
}

bool Model::is_quiet_now() const {
  return std::ranges::all_of(runs_, [this](const Run& run) {
    return std::ranges::none_of(instants(run.state), [this](Time at) { return is_near(at, now_); });
  });
}

void Model::advance(Time to) {
  while (latest_) {
    const auto& state = runs_[*latest_].state;
    const server::Plan plan = server::plan(state);
    std::optional<Time> next = plan.deadline;
    const bool taken = poll_ && *poll_ == state.input->options.task_queue;
    if (plan.dispatch_at && taken) next = next ? std::min(*next, *plan.dispatch_at) : plan.dispatch_at;
    if (!next || *next > to) break;
    now_ = std::max(now_, *next);
    fire(plan);
  }
  now_ = to;
}

/// Two timers whose distance a server does not keep to the millisecond may go off the other way round. They do not when
/// both count from the same moment.
void Model::fire(const server::Plan& plan) {
  Run& run = runs_[*latest_];
  const auto& progress = run.state.progress;
  const bool from_dispatch = progress.dispatch_time == run.state.first_dispatch_time() &&
                             progress.heartbeat_count == 0 &&
                             (!server::in_progress(progress.phase) || progress.started_time == progress.dispatch_time);
  const auto near = [this](const std::optional<Time>& a, const std::optional<Time>& b) {
    return a && b && is_near(*a, *b);
  };
  const auto total = end_of_all(run.state);
  const auto attempt = end_of_attempt(run.state);
  const auto silence = end_of_silence(run.state);
  const bool fires = plan.deadline && *plan.deadline <= now_;
  if (fires && !from_dispatch) {
    for (const auto& other : {end_of_queueing(run.state), attempt, silence}) certain_ = certain_ && !near(total, other);
  }
  if (fires && progress.last_heartbeat_time > progress.started_time && near(attempt, silence)) certain_ = false;
  if (fires && attempt) {
    const Time retry = now_ + server::retry_interval(run.state.input->options.retry, progress.attempt);
    if (near(retry, total)) certain_ = false;
  }
  if (fires) change(*latest_, server::DeadlinePassed{}).value();
  settle();
}

void Model::settle() {
  // A deadline that a call has moved into the past comes before anybody gets the task.
  if (latest_) server::transition(runs_[*latest_].state, server::DeadlinePassed{}, now_).value();
  if (latest_ && poll_ && *poll_ == runs_[*latest_].state.input->options.task_queue && due_now()) {
    hand_out(runs_[*latest_]);
  }
  if (watch_ && runs_[watch_->run].state.progress.transition_count != watch_->seen) {
    noticed_ = name_of(watch_->run);
    watch_.reset();
  }
  if (awaits_ && runs_[*awaits_].state.outcome) {
    heard_ = outcome_text(*runs_[*awaits_].state.outcome);
    awaits_.reset();
  }
}

void Model::hand_out(Run& run) {
  poll_.reset();
  server::transition(run.state, server::PickedUp{"worker", {}, {}}, now_).value();
  const auto& progress = run.state.progress;
  tokens_.push_back({*latest_, {progress.attempt, progress.started_stamp}});
  TaskSeen task;
  task.token = "token " + std::to_string(tokens_.size());
  task.run = name_of(*latest_);
  task.attempt = progress.attempt;
  task.details = run.state.heartbeat_details;
  task.input = run.state.input->input;
  task.header = run.state.input->header.str();
  task.options = seen(run.state.input->options);
  task_ = to_text(task, kTick);
}

// ---------------------------------------------------------------------------------------------------------------------
// What is seen

void Model::look(Facts& facts) {
  settle();
  facts["task"] = or_none(std::exchange(task_, {}));
  facts["heard"] = or_none(std::exchange(heard_, {}));
  facts["noticed"] = or_none(std::exchange(noticed_, {}));
  describe(facts);
}

void Model::describe(Facts& facts) {
  if (!latest_) {
    facts["describe"] = refusal_text(server::not_found_activity("activity"));
    return;
  }
  Run& run = runs_[*latest_];
  facts.merge(facts_of(run.state, name_of(*latest_), now_));
  facts["changed"] = yes_no(run.state.progress.transition_count != run.seen);
  run.seen = run.state.progress.transition_count;
}

// ---------------------------------------------------------------------------------------------------------------------
// Whom a call means

Model::StatusOr<std::size_t> Model::run_of(const Step& step) {
  const int named = step.number("run");
  if (named == 0) {
    if (!latest_) return server::not_found_activity("activity");
    return *latest_;
  }
  if (named < 1 || named > static_cast<int>(runs_.size()) || runs_[static_cast<std::size_t>(named - 1)].removed) {
    return server::not_found_activity("activity");
  }
  return static_cast<std::size_t>(named - 1);
}

Model::StatusOr<Model::Holder> Model::holder(const Step& step) {
  if (step.has("by_id")) {
    if (!latest_) return server::not_found_activity("activity");
    return Holder{*latest_, std::nullopt};
  }
  const Token& token = tokens_[static_cast<std::size_t>(step.number("token", static_cast<int>(tokens_.size()))) - 1];
  if (runs_[token.run].removed) return server::not_found_activity("activity");
  return Holder{token.run, token.attempt};
}

std::string Model::request_id(const Step& step) {
  const int number = step.number("request");
  return number == 0 ? internal::to_string(internal::make_uuid(random_)) : "request-" + std::to_string(number);
}

template <class Event>
Model::StatusOr<server::Applied> Model::change(std::size_t run, Event event) {
  auto applied = server::transition(runs_[run].state, event, now_);
  settle();
  return applied;
}

template <class Event>
void Model::order(const Step& step, Facts& facts, Event event) {
  const auto run = run_of(step);
  if (!run) {
    facts["answer"] = refusal_text(run.error());
    return;
  }
  const auto applied = change(*run, std::move(event));
  facts["answer"] = applied ? "OK" : refusal_text(applied.error());
}

// ---------------------------------------------------------------------------------------------------------------------
// Calls

void Model::call(const Step& step, Facts& facts) {
  const bool reports =
      step.act == "heartbeat" || step.act == "complete" || step.act == "fail" || step.act == "canceled";
  const int token = step.number("token", static_cast<int>(tokens_.size()));
  if (reports && !step.has("by_id") && (token < 1 || token > static_cast<int>(tokens_.size()))) {
    facts["answer"] = "there is no such token";  // Something was dropped from the trace.
    return;
  }
  if (step.act == "start") return start(step, facts);
  if (step.act == "poll") return poll(step, facts);
  if (step.act == "hang_up") return poll_.reset();
  if (step.act == "heartbeat") return heartbeat(step, facts);
  if (step.act == "complete") return complete(step, facts);
  if (step.act == "fail") return fail(step, facts);
  if (step.act == "canceled") return canceled(step, facts);
  if (step.act == "cancel") return cancel(step, facts);
  if (step.act == "terminate") return terminate(step, facts);
  if (step.act == "pause") return pause(step, facts);
  if (step.act == "unpause") return unpause(step, facts);
  if (step.act == "reset") return reset(step, facts);
  if (step.act == "update") return update(step, facts);
  if (step.act == "delete") return remove(step, facts);
  if (step.act == "await") return await(step, facts);
  if (step.act == "watch") return watch(facts);
  throw BadTrace("the model does not know '" + step.act + "'");
}

void Model::start(const Step& step, Facts& facts) {
  const server::StartRequest request = start_request(step, request_id(step));
  const auto normal = server::normalise(request);
  const auto begun = normal ? begin_run(request, *normal) : StatusOr<>(normal.error());
  if (!begun) {
    facts["answer"] = refusal_text(begun.error());
    if (begun.error().code == internal::StatusCode::kAlreadyExists) {
      facts["answer.run"] = name_of(*latest_);
      facts["answer.request"] = without_uuids(runs_[*latest_].state.input->start_request_id.str());
    }
    return;
  }
  facts["answer"] = "OK";
  facts["answer.run"] = name_of(*latest_);
  facts["answer.started"] = yes_no(runs_[*latest_].state.progress.transition_count == 0);
  auto& count = runs_[*latest_].state.progress.transition_count;
  count = std::max<std::int64_t>(count, 1);
}

/// The rules about IDs, policies and request IDs: protocol.md §2.4.
Model::StatusOr<> Model::begin_run(const server::StartRequest& request, const server::NormalStart& normal) {
  if (latest_) {
    const auto& existing = runs_[*latest_].state;
    if (existing.input->start_request_id == request.request_id) return {};
    const Phase phase = existing.progress.phase;
    const bool taken = server::is_closed(phase)
                           ? normal.id_reuse_policy == server::IdReusePolicy::kRejectDuplicate ||
                                 (normal.id_reuse_policy == server::IdReusePolicy::kAllowDuplicateFailedOnly &&
                                  phase == Phase::kCompleted)
                           : normal.id_conflict_policy != server::IdConflictPolicy::kUseExisting;
    if (taken && !(forgets_ == Forgets::kReusePolicy && server::is_closed(phase))) {
      return internal::Status{internal::StatusCode::kAlreadyExists, "activity execution already started",
                              internal::AlreadyStartedDetail{}};
    }
    if (!server::is_closed(phase)) return {};
  }
  server::ActivityInput input;
  input.activity_id = "activity";
  input.type = request.type;
  input.start_request_id = request.request_id;
  input.options.task_queue = request.task_queue;
  input.options.timeouts = {normal.timeouts.schedule_to_close, normal.timeouts.schedule_to_start,
                            normal.timeouts.start_to_close, normal.timeouts.heartbeat};
  input.options.retry = {normal.retry.initial_interval, normal.retry.backoff_coefficient, normal.retry.maximum_interval,
                         normal.retry.maximum_attempts, normal.retry.non_retryable_error_types};
  input.options.start_delay = normal.start_delay;
  input.schedule_time = now_;
  input.input = request.input;
  input.header = request.header;
  latest_ = runs_.size();
  auto& state = runs_.emplace_back().state;
  state.input = std::make_shared<const server::ActivityInput>(std::move(input));
  state.progress.dispatch_time = state.first_dispatch_time();
  return {};
}

void Model::poll(const Step& step, Facts& facts) {
  facts["answer"] = poll_ ? "one waits already" : "waits";
  if (!poll_) poll_ = "queue-" + std::to_string(step.number("queue", 1));
}

void Model::heartbeat(const Step& step, Facts& facts) {
  const auto whose = holder(step);
  auto applied = whose ? change(whose->run, server::Heartbeat{whose->attempt, step.text("details")})
                       : StatusOr<server::Applied>(whose.error());
  facts["answer"] = applied ? "OK" : refusal_text(applied.error());
  if (!applied) return;
  facts["answer.cancel_requested"] = yes_no(applied->cancel_requested && forgets_ != Forgets::kCancelFlag);
  facts["answer.activity_paused"] = yes_no(applied->activity_paused && forgets_ != Forgets::kPausedFlag);
  facts["answer.activity_reset"] = yes_no(applied->activity_reset);
}

void Model::complete(const Step& step, Facts& facts) {
  const auto whose = holder(step);
  const bool refused = forgets_ == Forgets::kCompletionById && whose && step.has("by_id") &&
                       !server::in_progress(runs_[whose->run].state.progress.phase);
  const auto applied = whose && !refused ? change(whose->run, server::Completed{whose->attempt, step.text("result")})
                                         : StatusOr<server::Applied>(server::not_found_activity("activity"));
  facts["answer"] = applied ? "OK" : refusal_text(applied.error());
}

void Model::fail(const Step& step, Facts& facts) {
  const auto request = failed_request(step);
  if (const auto valid = server::validate(request); !valid) {
    facts["answer"] = refusal_text(valid.error());
    return;
  }
  const auto whose = holder(step);
  if (!whose) {
    facts["answer"] = refusal_text(whose.error());
    return;
  }
  server::Failed event{.attempt = whose->attempt, .facts = failure_facts(step), .failure = failure_of(step)};
  if (forgets_ == Forgets::kNextRetryDelay) event.facts.next_retry_delay = Duration(0);
  if (request.has_last_heartbeat_details && forgets_ != Forgets::kFailureDetails) {
    event.last_heartbeat_details = step.text("details");
  }
  const auto& state = runs_[whose->run].state;
  if (const auto total = end_of_all(state); total && is_near(now_ + event.facts.next_retry_delay, *total)) {
    certain_ = false;
  }
  const auto applied = change(whose->run, std::move(event));
  facts["answer"] = applied ? "OK" : refusal_text(applied.error());
}

void Model::canceled(const Step& step, Facts& facts) {
  const auto whose = holder(step);
  const auto applied = whose ? change(whose->run, server::CanceledByWorker{whose->attempt, step.text("details")})
                             : StatusOr<server::Applied>(whose.error());
  facts["answer"] = applied ? "OK" : refusal_text(applied.error());
}

void Model::cancel(const Step& step, Facts& facts) {
  order(step, facts, server::CancelRequested{request_id(step), "client", step.text("reason"), step.text("reason")});
}

void Model::terminate(const Step& step, Facts& facts) {
  order(step, facts, server::Terminated{request_id(step), "client", step.text("reason")});
}

void Model::pause(const Step& step, Facts& facts) {
  order(step, facts, server::PauseRequested{request_id(step), "client", step.text("reason")});
}

void Model::unpause(const Step& step, Facts& facts) {
  order(step, facts, server::UnpauseRequested{request_id(step), Duration(0)});
}

void Model::reset(const Step& step, Facts& facts) {
  order(step, facts,
        server::ResetRequested{request_id(step), step.has("keep_paused") && forgets_ != Forgets::kKeepPaused,
                               step.has("restore") && forgets_ != Forgets::kOriginalOptions, step.has("clear_details"),
                               Duration(0)});
}

void Model::update(const Step& step, Facts& facts) {
  const auto request = update_request(step, request_id(step));
  const auto valid = server::validate(request);
  const auto run = valid ? run_of(step) : StatusOr<std::size_t>(valid.error());
  if (!run) {
    facts["answer"] = refusal_text(run.error());
    return;
  }
  const auto& state = runs_[*run].state;
  server::OptionsUpdated event{.request_id = request.request_id, .options = state.input->options};
  if (!server::is_repetition(state, server::OperatorRequest::kUpdate, event.request_id)) {
    // Whether it may be changed at all comes before whether this change is sound.
    auto probe = state;
    const auto allowed = server::transition(probe, event, now_);
    const auto merged =
        allowed && !request.restore_original
            ? server::merge_options(server::normal_options(state.input->options), request, {}, state.input->type.str())
            : StatusOr<server::MergedOptions>(server::MergedOptions{});
    if (!allowed || !merged) {
      facts["answer"] = refusal_text(allowed ? merged.error() : allowed.error());
      return;
    }
    event.restore_original = request.restore_original;
    if (!request.restore_original) event.options = server::stored_options(merged->options);
    event.retry_policy_named = merged->retry_policy_named;
    event.start_delay_named = merged->start_delay_named;
    if (const auto applied = change(*run, event); !applied) {
      facts["answer"] = refusal_text(applied.error());
      return;
    }
  }
  facts["answer"] = "OK";
  facts["answer.options"] = options_answer(runs_[*run].state.input->options);
}

void Model::remove(const Step& step, Facts& facts) {
  const auto run = run_of(step);
  facts["answer"] = run ? "OK" : refusal_text(run.error());
  if (!run) return;
  if (!server::is_closed(runs_[*run].state.progress.phase)) {
    change(*run, server::Terminated{{}, {}, "Delete activity execution"}).value();
  }
  runs_[*run].removed = true;
  if (latest_ == *run) latest_.reset();
}

void Model::await(const Step& step, Facts& facts) {
  facts["answer"] = awaits_ ? "one waits already" : "waits";
  if (awaits_) return;
  const auto run = run_of(step);
  if (!run) {
    heard_ = refusal_text(run.error());
  } else {
    awaits_ = *run;
  }
}

void Model::watch(Facts& facts) {
  const bool can = latest_ && !watch_;
  facts["answer"] = watch_ ? "one waits already" : can ? "waits" : "there is nothing to watch";
  if (can) watch_ = Watch{*latest_, runs_[*latest_].seen};
}

}  // namespace longbeat::model
