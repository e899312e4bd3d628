#include <algorithm>

#include "base/planted.h"
#include "engine/engine_impl.h"
#include "engine/share_texts.h"
#include "request/validate.h"

namespace longbeat::server {
namespace {

ActivityInput input_of(StartRequest& request, const NormalStart& normal, const Namespace& space, const Uuid& run_id,
                       Time now) {
  ActivityInput input;
  input.namespace_id = space.id;
  input.activity_id = request.activity_id;
  input.run_id = run_id;
  input.type = std::move(request.type);
  input.start_request_id = std::move(request.request_id);
  input.starter_identity = std::move(request.identity);
  input.options.task_queue = std::move(request.task_queue);
  input.options.timeouts = {normal.timeouts.schedule_to_close, normal.timeouts.schedule_to_start,
                            normal.timeouts.start_to_close, normal.timeouts.heartbeat};
  input.options.retry = {normal.retry.initial_interval, normal.retry.backoff_coefficient, normal.retry.maximum_interval,
                         normal.retry.maximum_attempts, normal.retry.non_retryable_error_types};
  if (request.priority) {
    input.options.priority = {true, request.priority->key, std::move(request.priority->fairness_key),
                              request.priority->fairness_weight};
  }
  input.options.start_delay = normal.start_delay;
  input.schedule_time = now;
  input.input = std::move(request.input);
  input.header = std::move(request.header);
  input.user_metadata = std::move(request.user_metadata);
  input.search_attributes = std::move(request.search_attributes);
  input.links = std::move(request.links);
  return input;
}

Status already_started(const ActivityInput& existing) {
  return {internal::StatusCode::kAlreadyExists, "activity execution already started",
          internal::AlreadyStartedDetail{existing.start_request_id.str(), internal::to_string(existing.run_id)}};
}

StartReply reply_of(const std::string& namespace_name, const ActivityInput& input, bool started) {
  return {namespace_name, input.activity_id.str(), internal::to_string(input.run_id), started};
}

/// One of the start requests that led to this run.
bool has_request(const ActivityInput& input, const std::string& request_id) {
  if (request_id.empty()) return false;
  return input.start_request_id == request_id ||
         std::ranges::any_of(input.attached, [&](const auto& one) { return one.request_id == request_id; });
}

std::size_t links_of(const ActivityInput& input) {
  std::size_t links = input.links.size();
  for (const AttachedRequest& one : input.attached) links += one.links.size();
  return links;
}

std::vector<CallbackState> callbacks_of(StartRequest& request, const std::string& request_id, Time now) {
  std::vector<CallbackState> callbacks;
  for (WireCallback& from : request.completion_callbacks) {
    CallbackState& to = callbacks.emplace_back();
    to.request_id = request_id;
    to.message = std::move(from.message);
    to.url = std::move(from.url);
    to.registration_time = now;
  }
  return callbacks;
}

/// May a new run begin after one that ended in this phase?
bool reusable(IdReusePolicy policy, Phase ended) {
  switch (policy) {
    case IdReusePolicy::kAllowDuplicate:
      return true;
    case IdReusePolicy::kAllowDuplicateFailedOnly:
      return ended != Phase::kCompleted;
    case IdReusePolicy::kRejectDuplicate:
      return false;
  }
  return false;
}

}  // namespace

StatusOr<std::optional<StartReply>> EngineImpl::answer_of_existing(StartRequest& request, const NormalStart& normal,
                                                                   const Run& latest) {
  const ActivityInput& existing = *latest.state().input;
  // First of all: a repeated request finds its own run, open or closed, whatever the policies say.
  if (has_request(existing, request.request_id) && !planted(internal::Bug::kRepeatedStartUnknown)) {
    return std::optional(reply_of(request.namespace_name, existing, false));
  }
  const Phase phase = latest.state().progress.phase;
  if (!is_closed(phase)) {
    if (normal.id_conflict_policy != IdConflictPolicy::kUseExisting) return already_started(existing);
    if (const auto attached = attach(*latest.open, request); !attached) return attached.error();
    return std::optional(reply_of(request.namespace_name, *latest.state().input, false));
  }
  if (!reusable(normal.id_reuse_policy, phase)) return already_started(existing);
  return std::optional<StartReply>();
}

StatusOr<> EngineImpl::attach(OpenActivity& activity, StartRequest& request) {
  // What on_conflict_options does not ask for is dropped without a word, and so without a look at limits.
  if (!request.attach_request_id && !request.attach_links && !request.attach_completion_callbacks) return {};
  const ActivityState& state = activity.state;
  const RequestLimits& limits = limits_of(namespaces_.by_id(state.input->namespace_id));
  StartAttached event;
  event.request.request_id = request_id_of(std::move(request.request_id));
  if (request.attach_links) event.request.links = std::move(request.links);
  if (request.attach_completion_callbacks) {
    event.callbacks = callbacks_of(request, event.request.request_id, now_);
  }
  if (links_of(*state.input) + event.request.links.size() > limits.links_per_activity_max) {
    return internal::failed_precondition("cannot attach more than " + std::to_string(limits.links_per_activity_max) +
                                         " links to an activity");
  }
  if (state.callbacks.size() + event.callbacks.size() > limits.callbacks_per_activity_max) {
    return internal::failed_precondition(
        "cannot attach more than " + std::to_string(limits.callbacks_per_activity_max) + " callbacks to an activity (" +
        std::to_string(state.callbacks.size()) + " callbacks already attached)");
  }
  const auto applied = change(activity, event);
  return applied ? StatusOr<>() : StatusOr<>(applied.error());
}

void EngineImpl::on(Command& command, StartRequest& request) {
  const auto space = resolve(request.namespace_name);
  if (!space) return answer(command.sink, space.error());
  const auto normal = normalise(request, limits_of(*space));
  if (!normal) return answer(command.sink, normal.error());

  if ((*space)->state != NamespaceState::kRegistered) {
    return answer(command.sink, Status{internal::StatusCode::kFailedPrecondition,
                                       "Namespace has invalid state: Deprecated. Must be Registered.",
                                       internal::NamespaceInvalidStateDetail{(*space)->name, (*space)->state}});
  }

  if (const auto known = check_search_attributes(**space, request); !known) return answer(command.sink, known.error());

  const auto latest = latest_run((*space)->id, request.activity_id);
  if (!latest) return answer(command.sink, latest.error());
  if (*latest) {
    auto existing = answer_of_existing(request, *normal, **latest);
    if (!existing) return answer(command.sink, existing.error());
    if (*existing) return answer(command.sink, Reply(std::move(**existing)));
  }
  if (const auto ok = check_room_to_start(**space); !ok) return answer(command.sink, ok.error());
  request.request_id = request_id_of(std::move(request.request_id));
  std::vector<CallbackState> callbacks = callbacks_of(request, request.request_id, now_);
  ActivityInput input = input_of(request, *normal, **space, internal::make_uuid(random_), now_);
  answer(command.sink, Reply(begin_run(**space, std::move(input), std::move(callbacks), *latest)));
}

void EngineImpl::supersede(const Run& run) {
  if (run.open != nullptr) {
    run.open->superseded = true;
    return;
  }
  // Recovery cannot tell from the order of rows alone: the later run may have been deleted by then.
  const auto stored = store_->read(Table::kIndex, run.row);
  auto entry = stored ? decode_index_row(run.row, stored->value_or("")) : StatusOr<IndexRow>(stored.error());
  if (!entry) {
    broken_ = in_file(entry.error());
    return;
  }
  entry->superseded = true;
  superseded_.emplace_back(run.row, *entry);
}

StartReply EngineImpl::begin_run(const Namespace& space, ActivityInput input, std::vector<CallbackState> callbacks,
                                 const std::optional<Run>& superseded) {
  const std::uint64_t row = new_row();
  const IdFingerprint id = fingerprint(input.namespace_id, input.activity_id);
  if (superseded) {
    // The older run is from now on found by its run ID only.
    const Uuid& older_run = superseded->state().input->run_id;
    index_.erase(id.low, superseded->row);
    index_.insert(run_fingerprint(id, older_run), superseded->row);
    supersede(*superseded);
  }
  index_.insert(id.low, row);

  share_texts(texts_, input);
  OpenActivity& activity = open_[row];
  activity.row = row;
  activity.state.input = std::make_shared<const ActivityInput>(std::move(input));
  activity.state.progress.dispatch_time = activity.state.first_dispatch_time();
  activity.state.progress.transition_count = 1;
  activity.state.callbacks = std::move(callbacks);
  activity.fresh = true;
  use_.opened(space.id);
  tell("started", activity.state, activity.state.progress.attempt);
  changed(activity,
          static_cast<std::uint8_t>(kProgress | kInput | (activity.state.callbacks.empty() ? 0 : kCallbacks)));
  ++stats_.started;
  return reply_of(space.name, *activity.state.input, true);
}

}  // namespace longbeat::server
