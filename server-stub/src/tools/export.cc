#include "tools/export.h"

#include <map>
#include <utility>

#include "record/record.h"
#include "tools/activity_json.h"
#include "tools/activity_rows.h"

namespace longbeat::server {
namespace {

/// One export of one file.
class Export {
 public:
  Export(ReadOnlyFile& file, const WriteLine& write, const TellUnreadable& tell)
      : file_(file), write_(write), tell_(tell) {}

  ExportReport run() {
    namespaces();
    ActivityRows rows(file_);
    while (!report_.output_failed && rows.next()) activity(rows);
    for (const Table table : kActivityTables) tell_gaps(rows.gaps(table), table);
    return report_;
  }

 private:
  void tell(const std::string& line) {
    ++report_.defects;
    tell_(line);
  }
  void tell_gaps(const std::vector<RowGap>& gaps, Table table) {
    for (const RowGap& gap : gaps) {
      tell("rows from " + to_string(RowRef(table, static_cast<std::uint64_t>(gap.first))) +
           " on cannot be read, as far as there are any: " + gap.why);
    }
  }

  void namespaces() {
    const auto rows = file_.rows(Table::kNamespace);
    if (!rows) return tell("table namespace is missing: activities are exported without its names");
    while (rows->next()) {
      const auto row = static_cast<std::uint64_t>(rows->key());
      const auto record = decode_namespace({Table::kNamespace, row}, rows->value());
      if (record) {
        names_.emplace(record->number, record->name);
      } else {
        tell(record.error().message + ": its activities are exported without its name");
      }
    }
    tell_gaps(rows->gaps(), Table::kNamespace);
  }

  /// The decoded row; a damaged one is told, and named as missing from the activity.
  template <class Decode>
  auto decoded(const ActivityRows& rows, Table table, const char* part, Decode decode, ReadActivity& activity)
      -> std::optional<std::remove_cvref_t<decltype(*decode(RowRef(table, 0), std::string_view()))>> {
    const auto bytes = rows.bytes(table);
    if (!bytes) {
      if (rows.is_hidden(table)) activity.damaged.push_back(part);
      return std::nullopt;
    }
    auto value = decode(RowRef(table, rows.row()), *bytes);
    if (value) return std::move(*value);
    tell(value.error().message);
    activity.damaged.push_back(part);
    return std::nullopt;
  }

  void activity(const ActivityRows& rows) {
    ReadActivity activity;
    auto input = decoded(rows, Table::kInput, "input", decode_input, activity);
    if (!input) {
      ++report_.skipped;
      return tell(to_string(RowRef(Table::kInput, rows.row())) + (activity.damaged.empty() ? " is missing" : "") +
                  ": the activity is skipped, only its input tells its ID");
    }
    activity.input = std::move(*input);
    if (const auto name = names_.find(activity.input.namespace_id); name != names_.end())
      activity.namespace_name = name->second;
    activity.progress = decoded(rows, Table::kProgress, "progress", decode_progress, activity);
    if (auto closed = decoded(rows, Table::kClosed, "outcome", decode_closed, activity)) {
      activity.progress = std::move(closed->progress);
      activity.outcome = std::move(closed->outcome);
    }
    if (!activity.progress && activity.damaged.empty()) {
      tell(to_string(RowRef(Table::kInput, rows.row())) + " belongs to no activity: exported without a status");
      activity.damaged.push_back("progress");
    }
    if (auto details = decoded(rows, Table::kDetails, "heartbeat_details", decode_details, activity))
      activity.heartbeat_details = std::move(*details);
    activity.last_failure = decoded(rows, Table::kFailure, "last_failure", decode_failure, activity);
    if (auto callbacks = decoded(rows, Table::kCallbacks, "callbacks", decode_callbacks, activity))
      activity.callbacks = std::move(*callbacks);
    report_.output_failed = !write_(to_json(activity));
    ++report_.written;
    if (!activity.damaged.empty()) ++report_.incomplete;
  }

  ReadOnlyFile& file_;
  const WriteLine& write_;
  const TellUnreadable& tell_;
  std::map<std::uint32_t, std::string> names_{};
  ExportReport report_{};
};

}  // namespace

ExportReport export_file(ReadOnlyFile& file, const WriteLine& write, const TellUnreadable& tell) {
  return Export(file, write, tell).run();
}

}  // namespace longbeat::server
