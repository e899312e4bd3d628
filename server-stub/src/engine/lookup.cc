#include "base/log.h"
#include "base/planted.h"
#include "engine/engine_impl.h"
#include "record/record.h"
#include "request/validate.h"

namespace longbeat::server {
namespace {

Status missing_part(Table table, std::uint64_t row) {
  return {internal::StatusCode::kDataLoss, to_string(RowRef(table, row)) + " is missing", {}};
}

/// Reads the rows of one closed activity.
struct ClosedReader {
  Store& store;
  std::uint64_t row;
  bool damaged = false;  ///< The rows are at fault, not the reading.

  /// Reads and decodes one row; `into` stays as it is when there is none. Returns whether there was one.
  template <class Decode, class Value>
  StatusOr<bool> part(Table table, Decode decode, Value& into) {
    auto bytes = store.read(table, row);
    if (!bytes) return bytes.error();
    if (!*bytes) return false;
    auto decoded = decode(RowRef(table, row), **bytes);
    damaged |= !decoded;
    if (!decoded) return decoded.error();
    into = std::move(*decoded);
    return true;
  }
  Status missing(Table table) {
    damaged = true;
    return missing_part(table, row);
  }
};

StatusOr<std::shared_ptr<const ActivityState>> read_closed(ClosedReader& reader, bool whole) {
  auto state = std::make_shared<ActivityState>();
  ActivityInput input;
  auto found = reader.part(Table::kInput, decode_input, input);
  if (!found) return found.error();
  if (!*found) return reader.missing(Table::kInput);
  state->input = std::make_shared<const ActivityInput>(std::move(input));
  ClosedRecord closed;
  found = reader.part(Table::kClosed, decode_closed, closed);
  if (!found) return found.error();
  if (!*found) return reader.missing(Table::kClosed);
  state->progress = std::move(closed.progress);
  state->outcome = std::move(closed.outcome);
  if (!whole) return std::shared_ptr<const ActivityState>(std::move(state));
  found = reader.part(Table::kDetails, decode_details, state->heartbeat_details);
  if (!found) return found.error();
  found = reader.part(Table::kFailure, decode_failure, state->last_failure);
  if (!found) return found.error();
  found = reader.part(Table::kCallbacks, decode_callbacks, state->callbacks);
  if (!found) return found.error();
  return std::shared_ptr<const ActivityState>(std::move(state));
}

bool names(const ActivityInput& input, std::uint32_t namespace_id, const std::string& activity_id, const Uuid* run_id) {
  return input.namespace_id == namespace_id && input.activity_id == activity_id &&
         (run_id == nullptr || input.run_id == *run_id);
}

}  // namespace

std::string EngineImpl::in_file(const Status& status) const {
  const std::string path = store_->path();
  if (path.empty() || status.message.find(path) != std::string::npos) return status.message;
  return "database file '" + path + "': " + status.message;
}

void EngineImpl::report_damaged(std::uint64_t row, const Status& why) const {
  if (!damaged_.insert(row).second) return;
  internal::log(internal::LogLevel::kError, in_file(why) + "; of the closed activity in row " + std::to_string(row) +
                                                " nothing can be told, everything else is served");
}

StatusOr<std::shared_ptr<const ActivityState>> EngineImpl::load_closed(std::uint64_t row, Depth depth) const {
  ClosedReader reader{*store_, row};
  auto state = read_closed(reader, depth == Depth::kWhole);
  if (reader.damaged) report_damaged(row, state.error());
  return state;
}

StatusOr<std::optional<EngineImpl::Run>> EngineImpl::match_run(std::uint64_t fingerprint, std::uint32_t namespace_id,
                                                               const std::string& activity_id, const Uuid* run_id,
                                                               Depth depth) const {
  std::optional<Run> run;
  std::optional<Status> failed;
  index_.find(fingerprint, [&](std::uint64_t row) {
    if (const auto open = open_.find(row); open != open_.end()) {
      if (!names(*open->second.state.input, namespace_id, activity_id, run_id)) return false;
      run = Run{const_cast<OpenActivity*>(&open->second), {}, row};
      return true;
    }
    auto stored = load_closed(row, depth);
    if (!stored) {
      failed = stored.error();
      return true;
    }
    if (!names(*(*stored)->input, namespace_id, activity_id, run_id)) return false;
    run = Run{nullptr, std::move(*stored), row};
    return true;
  });
  if (failed) return *failed;
  return run;
}

StatusOr<std::optional<EngineImpl::Run>> EngineImpl::latest_run(std::uint32_t namespace_id,
                                                                const std::string& activity_id) const {
  return match_run(fingerprint(namespace_id, activity_id).low, namespace_id, activity_id, nullptr, Depth::kOutcome);
}

StatusOr<EngineImpl::Run> EngineImpl::find_run(const Namespace& space, const RunRef& ref, Depth depth) const {
  const IdFingerprint id = fingerprint(space.id, ref.activity_id);
  Uuid run_id{};
  const bool one_run = !ref.run_id.empty();
  if (one_run && !internal::parse_uuid(ref.run_id, run_id)) {
    return internal::invalid_argument("invalid run id: must be a valid UUID");
  }
  auto run = match_run(id.low, space.id, ref.activity_id, one_run ? &run_id : nullptr, depth);
  if (run && !*run && one_run) run = match_run(run_fingerprint(id, run_id), space.id, ref.activity_id, &run_id, depth);
  if (!run) return run.error();
  if (!*run) return not_found_activity(ref.activity_id);
  return std::move(**run);
}

StatusOr<EngineImpl::Held> EngineImpl::held(const std::string& bytes, const std::string& namespace_name) {
  auto token = decode_task_token(bytes);
  if (!token) return token.error();
  if (!namespace_name.empty()) {
    const auto space = resolve(namespace_name);
    if (!space) return space.error();
    const bool other = (*space)->id != token->namespace_id && !planted(internal::Bug::kTokenOfOtherNamespace);
    if (other) return token_of_another_namespace();
  }
  const auto found = open_.find(token->row);
  if (found == open_.end() ||
      !names(*found->second.state.input, token->namespace_id, token->activity_id, &token->run_id)) {
    return not_found_activity(token->activity_id);
  }
  return Held{&found->second, token->attempt, &limits_of(namespaces_.by_id(token->namespace_id))};
}

StatusOr<EngineImpl::Held> EngineImpl::held_by_id(const std::string& namespace_name, const ById& id, bool completes) {
  const auto space = resolve(namespace_name);
  if (!space) return space.error();
  if (!id.workflow_id.empty()) return not_found_workflow(id.workflow_id);
  const auto run = find_run(**space, {namespace_name, id.activity_id, id.run_id}, Depth::kOutcome);
  if (!run) return run.error();
  if (run->open == nullptr) {
    ActivityState closed = *run->stored;
    return completes ? transition(closed, Completed{}, now_).error() : not_found_activity(id.activity_id);
  }
  return Held{run->open, std::nullopt, &limits_of(*space)};
}

std::shared_ptr<const ActivityState> EngineImpl::find(const RunRef& ref) const {
  const Namespace* space = namespaces_.by_name(ref.namespace_name);
  if (space == nullptr) return nullptr;
  const auto run = find_run(*space, ref, Depth::kWhole);
  if (!run) return nullptr;
  if (run->open != nullptr) return std::make_shared<const ActivityState>(run->open->state);
  return run->stored;
}

}  // namespace longbeat::server
