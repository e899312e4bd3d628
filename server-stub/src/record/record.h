#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "machine/activity_state.h"
#include "machine/transition.h"

/// Parts of a state <-> rows of the store. A row is: one byte format, four bytes CRC32C (little endian) over table,
/// key, format and body, then the body, a message of longbeat.store.v1 (store.proto).
namespace longbeat::server {

/// The format that is written. Rows of a larger one are refused by name; unknown fields of the same one are tolerated.
inline constexpr std::uint8_t kRecordFormat = 1;

/// Which row: goes into the checksum, so that a row under a wrong key or in a wrong table is noticed.
struct RowRef {
  std::uint8_t table = 0;  ///< number of storage/store.h's Table
  std::uint64_t key = 0;

  RowRef(std::uint8_t table_number, std::uint64_t row) : table(table_number), key(row) {}
  template <class Table>
    requires std::is_enum_v<Table>
  RowRef(Table which, std::uint64_t row) : table(static_cast<std::uint8_t>(which)), key(row) {}
};
/// "progress"; for messages.
std::string table_text(std::uint8_t table);
/// "progress row 17".
std::string to_string(const RowRef& row);

/// Frames bytes that are no message of ours. `out` is overwritten.
void seal(const RowRef& row, std::string_view body, std::string& out);
/// The body inside `bytes`, which must outlive it; DATA_LOSS that names table and key when it is too short, of a newer
/// format, or its checksum is wrong.
StatusOr<std::string_view> unseal(const RowRef& row, std::string_view bytes);

using internal::NamespaceState;

struct NamespaceRecord {
  std::uint32_t number = 0;  ///< ActivityInput::namespace_id
  std::string name{};
  Uuid id{};
  Duration retention = std::chrono::hours(72);
  Time create_time{};
  std::string description{};
  std::string owner_email{};
  std::map<std::string, std::string> data{};
  NamespaceState state = NamespaceState::kRegistered;
  /// Custom search attributes: name and number of enums.IndexedValueType, 1 to 7.
  std::map<std::string, std::int32_t> search_attributes{};
  friend bool operator==(const NamespaceRecord&, const NamespaceRecord&) = default;
};

/// A limit, or the lack of one, and who set it.
struct RateLimitRecord {
  std::optional<float> per_second{};  ///< absent: no limit
  std::string reason{};
  std::string update_identity{};
  Time update_time{};  ///< zero: never set
  friend bool operator==(const RateLimitRecord&, const RateLimitRecord&) = default;
};

/// What UpdateTaskQueueConfig set for one task queue.
struct TaskQueueConfigRecord {
  std::uint32_t namespace_id = 0;
  std::string name{};
  std::int32_t type = 0;  ///< enums.TaskQueueType
  RateLimitRecord queue_rate{};
  RateLimitRecord fairness_default_rate{};  ///< of each fairness key
  std::map<std::string, float> fairness_weights{};
  friend bool operator==(const TaskQueueConfigRecord&, const TaskQueueConfigRecord&) = default;
};

/// Facts about the file; the engine may keep them in one row or one each.
inline constexpr std::uint64_t kMetaRow = 1;  ///< its row; row 0 of that table is the file's own
struct MetaRecord {
  std::uint32_t format_version = 1;
  Uuid cluster_id{};
  std::uint64_t next_row = 0;
  friend bool operator==(const MetaRecord&, const MetaRecord&) = default;
};

struct ClosedRecord {
  ActivityProgress progress{};
  Outcome outcome{};
};

// Each encode_ function overwrites `out` with the whole sealed row and reuses its memory; none of them can fail. Each
// decode_ function checks the seal first; its errors are DATA_LOSS and name table and key.
// encode_progress is on the hot path: no allocation once `out` has grown.
void encode_progress(const RowRef& row, const ActivityProgress& progress, std::string& out);
StatusOr<ActivityProgress> decode_progress(const RowRef& row, std::string_view bytes);

void encode_input(const RowRef& row, const ActivityInput& input, std::string& out);
StatusOr<ActivityInput> decode_input(const RowRef& row, std::string_view bytes);

/// Heartbeat details: serialised Payloads, kept as they are.
void encode_details(const RowRef& row, std::string_view details, std::string& out);
StatusOr<std::string> decode_details(const RowRef& row, std::string_view bytes);

void encode_failure(const RowRef& row, const StoredFailure& failure, std::string& out);
StatusOr<StoredFailure> decode_failure(const RowRef& row, std::string_view bytes);

void encode_closed(const RowRef& row, const ActivityProgress& progress, const Outcome& outcome, std::string& out);
StatusOr<ClosedRecord> decode_closed(const RowRef& row, std::string_view bytes);

/// All callbacks of one activity, in their order.
void encode_callbacks(const RowRef& row, const std::vector<CallbackState>& callbacks, std::string& out);
StatusOr<std::vector<CallbackState>> decode_callbacks(const RowRef& row, std::string_view bytes);

void encode_namespace(const RowRef& row, const NamespaceRecord& record, std::string& out);
StatusOr<NamespaceRecord> decode_namespace(const RowRef& row, std::string_view bytes);

void encode_task_queue_config(const RowRef& row, const TaskQueueConfigRecord& record, std::string& out);
StatusOr<TaskQueueConfigRecord> decode_task_queue_config(const RowRef& row, std::string_view bytes);

void encode_meta(const RowRef& row, const MetaRecord& meta, std::string& out);
StatusOr<MetaRecord> decode_meta(const RowRef& row, std::string_view bytes);

}  // namespace longbeat::server
