#include "engine/engine_impl.h"
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
          internal::AlreadyStartedDetail{existing.start_request_id, internal::to_string(existing.run_id)}};
}

StartReply reply_of(const std::string& namespace_name, const ActivityInput& input, bool started) {
  return {namespace_name, input.activity_id, internal::to_string(input.run_id), started};
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

StatusOr<std::optional<StartReply>> EngineImpl::answer_of_existing(const StartRequest& request,
                                                                   const NormalStart& normal, const Run& latest) const {
  const ActivityInput& existing = *latest.state().input;
  // First of all: a repeated request finds its own run, open or closed, whatever the policies say.
  if (!request.request_id.empty() && existing.start_request_id == request.request_id) {
    return std::optional(reply_of(request.namespace_name, existing, false));
  }
  const Phase phase = latest.state().progress.phase;
  if (!is_closed(phase)) {
    if (normal.id_conflict_policy == IdConflictPolicy::kUseExisting)
      return std::optional(reply_of(request.namespace_name, existing, false));
    return already_started(existing);
  }
  if (!reusable(normal.id_reuse_policy, phase)) return already_started(existing);
  return std::optional<StartReply>();
}

void EngineImpl::on(Command& command, StartRequest& request) {
  const auto space = namespaces_.resolve(request.namespace_name);
  if (!space) return answer(command.sink, space.error());
  const auto normal = normalise(request, request_limits_);
  if (!normal) return answer(command.sink, normal.error());

  const auto latest = latest_run((*space)->id, request.activity_id);
  if (!latest) return answer(command.sink, latest.error());
  if (*latest) {
    auto existing = answer_of_existing(request, *normal, **latest);
    if (!existing) return answer(command.sink, existing.error());
    if (*existing) return answer(command.sink, Reply(std::move(**existing)));
  }
  if (open_.size() >= options_.limits.open_activities_max) {
    return answer(command.sink,
                  exhausted("limit of open activities reached: " + std::to_string(options_.limits.open_activities_max),
                            kPersistenceStorageLimit, kScopeSystem));
  }
  if (open_bytes_ >= options_.limits.open_bytes_max) {
    return answer(command.sink, exhausted("limit of memory for open activities reached: " +
                                              std::to_string(options_.limits.open_bytes_max) + " bytes",
                                          kPersistenceStorageLimit, kScopeSystem));
  }
  if (request.request_id.empty()) request.request_id = internal::to_string(internal::make_uuid(random_));
  ActivityInput input = input_of(request, *normal, **space, internal::make_uuid(random_), now_);
  answer(command.sink, Reply(begin_run(**space, std::move(input), *latest)));
}

StartReply EngineImpl::begin_run(const Namespace& space, ActivityInput input, const std::optional<Run>& superseded) {
  const std::uint64_t row = new_row();
  const IdFingerprint id = fingerprint(input.namespace_id, input.activity_id);
  if (superseded) {
    // The older run is from now on found by its run ID only.
    const Uuid& older_run = superseded->state().input->run_id;
    index_.erase(id.low, superseded->row);
    index_.insert(run_fingerprint(id, older_run), superseded->row);
  }
  index_.insert(id.low, row);

  OpenActivity& activity = open_[row];
  activity.row = row;
  activity.state.input = std::make_shared<const ActivityInput>(std::move(input));
  activity.state.progress.dispatch_time = activity.state.first_dispatch_time();
  activity.state.progress.transition_count = 1;
  activity.fresh = true;
  changed(activity, kProgress | kInput);
  ++stats_.started;
  return reply_of(space.name, *activity.state.input, true);
}

}  // namespace longbeat::server
