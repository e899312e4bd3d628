#include <algorithm>

#include "engine/engine_impl.h"
#include "engine/recovery_rows.h"
#include "request/validate.h"

namespace longbeat::server {
namespace {

constexpr auto kActivityType = static_cast<std::int32_t>(QueueType::kActivity);

RateLimitRecord record_of(const std::optional<RateSetting>& from) {
  if (!from) return {};
  return {from->requests_per_second, from->reason, from->identity, from->update_time};
}

std::optional<RateSetting> setting_of(RateLimitRecord from) {
  if (from == RateLimitRecord{}) return std::nullopt;
  return RateSetting{from.per_second, std::move(from.reason), std::move(from.update_identity), from.update_time};
}

}  // namespace

void EngineImpl::on(Command& command, DescribeTaskQueueRequest& request) {
  const auto space = resolve(request.namespace_name);
  if (!space) return answer(command.sink, space.error());
  if (const auto valid = validate(request, limits_of(*space)); !valid) return answer(command.sink, valid.error());
  DescribeTaskQueueReply reply;
  const bool wanted = request.enhanced ? std::ranges::find(request.types, kActivityType) != request.types.end()
                                       : request.type == kActivityType;
  // Queues of other kinds exist for whoever asks; nothing ever happens in them.
  if (wanted) reply.report = queues_.report((*space)->id, request.task_queue, now_);
  reply.asked = std::move(request);
  answer(command.sink, Reply(std::move(reply)));
}

void EngineImpl::on(Command& command, UpdateTaskQueueConfigRequest& request) {
  constexpr std::size_t kWeightsMax = 1000;
  const auto space = resolve(request.namespace_name);
  if (!space) return answer(command.sink, space.error());
  if (const auto valid = validate(request, limits_of(*space)); !valid) return answer(command.sink, valid.error());
  const QueueConfig* current = queues_.config((*space)->id, request.task_queue);
  QueueConfig config = current != nullptr ? *current : QueueConfig();
  const auto set = [&](const std::optional<UpdateTaskQueueConfigRequest::Rate>& from, std::optional<RateSetting>& to) {
    if (from) to = RateSetting{from->requests_per_second, from->reason, request.identity, now_};
  };
  set(request.queue_rate, config.queue_rate);
  set(request.fairness_keys_rate_default, config.fairness_keys_rate_default);
  for (const auto& [key, weight] : request.set_weights) config.weight_overrides[key] = weight;
  for (const std::string& key : request.unset_weights) config.weight_overrides.erase(key);
  if (config.weight_overrides.size() > kWeightsMax) {
    return answer(command.sink, internal::invalid_argument("a task queue has at most " + std::to_string(kWeightsMax) +
                                                           " fairness weights"));
  }
  const QueueName name{(*space)->id, request.task_queue};
  const auto row = queue_rows_.contains(name) ? queue_rows_.at(name) : new_row();
  queue_rows_[name] = row;
  queues_written_.emplace_back(name, row);
  queues_.configure(name.first, name.second, config, now_);
  answer(command.sink, Reply(TaskQueueConfigReply{std::move(config)}));
}

void EngineImpl::on(Command& command, ListTaskQueuePartitionsRequest& request) {
  const auto space = resolve(request.namespace_name);
  if (!space) return answer(command.sink, space.error());
  if (const auto valid = validate(request, limits_of(*space)); !valid) return answer(command.sink, valid.error());
  answer(command.sink, Reply(ListTaskQueuePartitionsReply{std::move(request.task_queue)}));
}

void EngineImpl::on(Command& command, IdlePollRequest& request) {
  const auto space = resolve(request.namespace_name);
  if (!space) return answer(command.sink, space.error());
  if (const auto valid = validate(request, limits_of(*space)); !valid) return answer(command.sink, valid.error());
  if (const auto ok = check_poll(command, **space, Parked::Kind::kIdle); !ok) return answer(command.sink, ok.error());
  if (is_closed_poll(**space, request.worker_instance_key, request.task_queue, request.type)) {
    return answer(command.sink, empty_answer(Parked::Kind::kIdle));
  }
  Parked parked;
  parked.kind = Parked::Kind::kIdle;
  parked.counted_in = (*space)->id;
  parked.space = *space;
  parked.worker_key = std::move(request.worker_instance_key);
  parked.queue_type = request.type;
  parked.task_queue = std::move(request.task_queue);
  park(command, std::move(parked), wait_for(command));
}

void EngineImpl::forget_queues(std::uint32_t namespace_id) {
  for (auto at = queue_rows_.lower_bound({namespace_id, ""});
       at != queue_rows_.end() && at->first.first == namespace_id; at = queue_rows_.erase(at)) {
    queues_.configure(namespace_id, at->first.second, {}, now_);
    queues_written_.emplace_back(at->first, at->second);
  }
}

void EngineImpl::write_queues() {
  std::ranges::sort(queues_written_);
  queues_written_.erase(std::unique(queues_written_.begin(), queues_written_.end()), queues_written_.end());
  for (const auto& [name, row] : queues_written_) {
    const QueueConfig* config = queues_.config(name.first, name.second);
    if (config == nullptr) {
      remove_row(Table::kQueue, row);
      continue;
    }
    TaskQueueConfigRecord record{name.first,
                                 name.second,
                                 kActivityType,
                                 record_of(config->queue_rate),
                                 record_of(config->fairness_keys_rate_default),
                                 config->weight_overrides};
    encode_task_queue_config({Table::kQueue, row}, record, new_row_bytes(Table::kQueue, row));
  }
}

StatusOr<> EngineImpl::recover_queues() {
  return scan_all(*store_, Table::kQueue, [&](std::uint64_t row, std::string_view bytes) -> StatusOr<> {
    auto record = decode_task_queue_config({Table::kQueue, row}, bytes);
    if (!record) return record.error();
    queue_rows_[{record->namespace_id, record->name}] = row;
    queues_.configure(record->namespace_id, record->name,
                      {setting_of(std::move(record->queue_rate)), setting_of(std::move(record->fairness_default_rate)),
                       std::move(record->fairness_weights)},
                      now_);
    next_row_ = std::max(next_row_, row + 1);
    return {};
  });
}

}  // namespace longbeat::server
