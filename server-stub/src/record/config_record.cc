#include <utility>

#include "record/message.h"
#include "record/record.h"

/// Namespaces, task queues and the file itself: written rarely.
namespace longbeat::server {
namespace {

void put(const RateLimitRecord& from, pb::RateLimit& to) {
  if (from.per_second) to.set_per_second(*from.per_second);
  to.set_reason(from.reason);
  to.set_update_identity(from.update_identity);
  to.set_update_time(nanos(from.update_time));
}

void get(const pb::RateLimit& from, RateLimitRecord& to) {
  if (from.has_per_second()) to.per_second = from.per_second();
  to.reason = from.reason();
  to.update_identity = from.update_identity();
  to.update_time = time(from.update_time());
}

constexpr std::int32_t kSearchAttributeTypeMax = 7;  // Text, Keyword, Int, Double, Bool, Datetime, KeywordList.

}  // namespace

void encode_namespace(const RowRef& row, const NamespaceRecord& record, std::string& out) {
  pb::Namespace message;
  message.set_number(record.number);
  message.set_name(record.name);
  put_uuid(record.id, *message.mutable_id());
  message.set_retention(record.retention.count());
  message.set_create_time(nanos(record.create_time));
  message.set_description(record.description);
  message.set_owner_email(record.owner_email);
  for (const auto& [key, value] : record.data) {
    pb::NamespaceDatum& datum = *message.add_data();
    datum.set_key(key);
    datum.set_value(value);
  }
  message.set_state(static_cast<std::int32_t>(record.state));
  for (const auto& [name, type] : record.search_attributes) {
    pb::SearchAttribute& attribute = *message.add_search_attributes();
    attribute.set_name(name);
    attribute.set_type(type);
  }
  finish(row, message, out);
}
StatusOr<NamespaceRecord> decode_namespace(const RowRef& row, std::string_view bytes) {
  return read<NamespaceRecord, pb::Namespace>(row, bytes, [](pb::Namespace& from, NamespaceRecord& to) {
    to.number = from.number();
    to.name = std::move(*from.mutable_name());
    to.id = uuid(from.id());
    to.retention = Duration(from.retention());
    to.create_time = time(from.create_time());
    to.description = std::move(*from.mutable_description());
    to.owner_email = std::move(*from.mutable_owner_email());
    for (const pb::NamespaceDatum& datum : from.data()) to.data.emplace(datum.key(), datum.value());
    if (from.state() < 0 || from.state() > static_cast<int>(NamespaceState::kDeleted)) return false;
    if (from.state() != 0) to.state = static_cast<NamespaceState>(from.state());
    for (const pb::SearchAttribute& attribute : from.search_attributes()) {
      if (attribute.type() < 1 || attribute.type() > kSearchAttributeTypeMax) return false;
      to.search_attributes.emplace(attribute.name(), attribute.type());
    }
    return true;
  });
}

void encode_task_queue_config(const RowRef& row, const TaskQueueConfigRecord& record, std::string& out) {
  pb::TaskQueueConfig message;
  message.set_namespace_id(record.namespace_id);
  message.set_name(record.name);
  message.set_type(record.type);
  put(record.queue_rate, *message.mutable_queue_rate());
  put(record.fairness_default_rate, *message.mutable_fairness_default_rate());
  for (const auto& [key, weight] : record.fairness_weights) {
    pb::FairnessWeight& entry = *message.add_fairness_weights();
    entry.set_key(key);
    entry.set_weight(weight);
  }
  finish(row, message, out);
}
StatusOr<TaskQueueConfigRecord> decode_task_queue_config(const RowRef& row, std::string_view bytes) {
  return read<TaskQueueConfigRecord, pb::TaskQueueConfig>(
      row, bytes, [](pb::TaskQueueConfig& from, TaskQueueConfigRecord& to) {
        to.namespace_id = from.namespace_id();
        to.name = std::move(*from.mutable_name());
        to.type = from.type();
        get(from.queue_rate(), to.queue_rate);
        get(from.fairness_default_rate(), to.fairness_default_rate);
        for (const pb::FairnessWeight& entry : from.fairness_weights()) {
          to.fairness_weights.emplace(entry.key(), entry.weight());
        }
        return true;
      });
}

void encode_meta(const RowRef& row, const MetaRecord& meta, std::string& out) {
  pb::Meta message;
  message.set_format_version(meta.format_version);
  put_uuid(meta.cluster_id, *message.mutable_cluster_id());
  message.set_next_row(meta.next_row);
  finish(row, message, out);
}
StatusOr<MetaRecord> decode_meta(const RowRef& row, std::string_view bytes) {
  return read<MetaRecord, pb::Meta>(row, bytes, [](pb::Meta& from, MetaRecord& to) {
    to.format_version = from.format_version();
    to.cluster_id = uuid(from.cluster_id());
    to.next_row = from.next_row();
    return true;
  });
}

}  // namespace longbeat::server
