#include "tools/check.h"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "engine/index_row.h"
#include "record/record.h"
#include "record/seal.h"
#include "tools/activity_rows.h"

namespace longbeat::server {
namespace {

constexpr int kStructureLinesMax = 100;
constexpr std::uint64_t kFormatRow = 0;  // Of table meta: the file's own, checked when the file is opened.

std::string text_of(Table table) {
  static_assert(kTableTexts.size() == kTableCount);
  return table_text(static_cast<std::uint8_t>(table));
}

/// One check of one file.
class Check {
 public:
  Check(ReadOnlyFile& file, const TellDefect& tell) : file_(file), tell_(tell) {}

  CheckReport run() {
    structure();
    log();
    format();
    for (std::size_t i = 0; i < kTableCount; ++i) {
      const auto table = static_cast<Table>(i);
      report_.tables[i].exists = file_.has(table);
      if (file_.expects(table) && !file_.has(table)) defect(table, "table " + text_of(table) + " is missing");
    }
    namespaces();
    meta();
    activities();
    task_queues();
    numbers();
    return report_;
  }

 private:
  void defect(Table table, const std::string& line) {
    ++report_.tables[static_cast<std::size_t>(table)].defects;
    tell_(line);
  }
  void defect(Table table, std::uint64_t row, const std::string& what) {
    defect(table, to_string(RowRef(table, row)) + " " + what);
  }
  void defect(const RowRef& row, const Status& why) {
    defect(static_cast<Table>(row.table), why.message);  // Names the row itself.
  }
  void count(Table table) { ++report_.tables[static_cast<std::size_t>(table)].rows; }

  void tell_gaps(Table table, const std::vector<RowGap>& gaps) {
    for (const RowGap& gap : gaps) {
      const std::string last =
          gap.last == std::numeric_limits<std::int64_t>::max() ? "on" : "to " + std::to_string(gap.last);
      defect(table, text_of(table) + " rows from " + std::to_string(gap.first) + ' ' + last +
                        " cannot be read, as far as there are any: " + gap.why);
    }
  }

  void structure() {
    for (const std::string& line : file_.quick_check(kStructureLinesMax)) {
      ++report_.structure_defects;
      tell_("structure: " + line);
    }
  }

  void log() {
    const sqlite::LogScan& log = report_.log = file_.scan_log();
    const auto defect = [&](const std::string& line) {
      ++report_.log_defects;
      tell_("log: " + line);
    };
    if (log.header_damaged) defect("its header is damaged: nothing of it is read");
    if (log.commits_behind > 1) {
      defect("damaged behind frame " + std::to_string(log.frames) + ": " + std::to_string(log.frames_behind) +
             " frames with " + std::to_string(log.commits_behind) + " transactions are not read");
    }
  }

  void format() {
    if (!file_.format()) defect(Table::kMeta, kFormatRow, "is damaged: " + file_.format().error().message);
  }

  /// Visits every row of a table that is not about activities. True: these are all there are.
  template <class Visit>
  bool each(Table table, Visit visit) {
    const auto rows = file_.rows(table);
    if (!rows) return false;
    while (rows->next()) {
      count(table);
      visit(static_cast<std::uint64_t>(rows->key()), rows->value());
    }
    tell_gaps(table, rows->gaps());
    return rows->gaps().empty();
  }

  void namespaces() {
    std::map<std::string, std::uint64_t> names;
    all_namespaces_known_ = each(Table::kNamespace, [&](std::uint64_t row, std::string_view bytes) {
      namespaces_.insert(row);
      const auto record = decode_namespace({Table::kNamespace, row}, bytes);
      if (!record) return defect({Table::kNamespace, row}, record.error());
      if (record->number != row)
        defect(Table::kNamespace, row, "says that it is number " + std::to_string(record->number));
      const auto [other, is_new] = names.emplace(std::string(record->name), row);
      if (!is_new)
        defect(Table::kNamespace, row, "has the name '" + other->first + "' of row " + std::to_string(other->second));
    });
  }

  void meta() {
    bool is_there = false;
    each(Table::kMeta, [&](std::uint64_t row, std::string_view bytes) {
      if (row == kFormatRow) return;
      if (row != kMetaRow) return defect(Table::kMeta, row, "is not known to any server");
      is_there = true;
      const auto record = decode_meta({Table::kMeta, row}, bytes);
      if (!record) return defect({Table::kMeta, row}, record.error());
      next_row_ = record->next_row;
    });
    // A server writes it with its first namespace.
    if (!is_there && !namespaces_.empty() && report_of(Table::kMeta).defects == 0)
      defect(Table::kMeta, kMetaRow, "is missing");
  }

  void check_number(std::uint64_t row) {
    if (next_row_ && row >= *next_row_) ++numbers_free_;
  }
  /// Numbers of rows that are there, but would be given to new ones as soon as they are deleted.
  void numbers() {
    if (numbers_free_ == 0) return;
    const std::string taken = std::to_string(numbers_free_) + (numbers_free_ == 1 ? " of them is" : " of them are");
    defect(Table::kMeta, kMetaRow,
           "says that row numbers are free from " + std::to_string(*next_row_) + " on, but " + taken + " taken");
  }

  void check_namespace(Table table, std::uint64_t row, std::uint32_t number) {
    if (all_namespaces_known_ && !namespaces_.contains(number))
      defect(table, row, "belongs to namespace number " + std::to_string(number) + ", which does not exist");
  }

  void activities() {
    ActivityRows rows(file_);
    while (rows.next()) activity(rows);
    for (const Table table : kActivityTables) tell_gaps(table, rows.gaps(table));
  }

  /// The decoded row, if there is one and it is in order.
  template <class Decode>
  auto decoded(const ActivityRows& rows, Table table, Decode decode)
      -> std::optional<std::remove_cvref_t<decltype(*decode(RowRef(table, 0), std::string_view()))>> {
    const auto bytes = rows.bytes(table);
    if (!bytes) return std::nullopt;
    count(table);
    auto value = decode(RowRef(table, rows.row()), *bytes);
    if (value) return std::move(*value);
    defect({table, rows.row()}, value.error());
    return std::nullopt;
  }

  void activity(const ActivityRows& rows) {
    const std::uint64_t row = rows.row();
    const auto progress = decoded(rows, Table::kProgress, decode_progress);
    const auto input = decoded(rows, Table::kInput, decode_input);
    decoded(rows, Table::kDetails, decode_details);
    decoded(rows, Table::kFailure, decode_failure);
    const auto closed = decoded(rows, Table::kClosed, decode_closed);
    const auto entry = decoded(rows, Table::kIndex,
                               [&](const RowRef&, std::string_view bytes) { return decode_index_row(row, bytes); });
    decoded(rows, Table::kCallbacks, decode_callbacks);

    const auto is_there = [&](Table table) { return rows.bytes(table).has_value(); };
    // Whether it might be there decides about what is missing: a row that cannot be read is not.
    const auto may_be = [&](Table table) { return is_there(table) || rows.is_hidden(table); };
    const bool is_open = is_there(Table::kProgress);
    const bool is_closed = is_there(Table::kClosed) || is_there(Table::kIndex);
    report_.open += is_open ? 1 : 0;
    report_.closed += !is_open && is_closed ? 1 : 0;
    if (!may_be(Table::kProgress) && !may_be(Table::kClosed) && !may_be(Table::kIndex)) {
      for (const Table table : {Table::kInput, Table::kDetails, Table::kFailure, Table::kCallbacks}) {
        if (is_there(table))
          defect(table, row, "belongs to no activity: neither progress nor closed nor index have that row");
      }
      return;
    }
    check_number(row);
    if (!may_be(Table::kInput)) defect(Table::kInput, row, "is missing");
    if (is_open && is_closed) defect(Table::kProgress, row, "is of an activity that is also closed");
    if (is_there(Table::kClosed) && !may_be(Table::kIndex))
      defect(Table::kIndex, row, "is missing: the closed activity cannot be found, and its ID can be used again");
    if (is_there(Table::kIndex) && !may_be(Table::kClosed))
      defect(Table::kClosed, row, "is missing: its outcome is lost");
    if (input) check_namespace(Table::kInput, row, input->namespace_id);
    if (progress && server::is_closed(progress->phase))
      defect(Table::kProgress, row, "says that the activity has closed");
    if (closed) check_closed(row, *closed);
    if (entry) check_index(row, *entry, closed, input);
  }

  void check_closed(std::uint64_t row, const ClosedRecord& closed) {
    const Phase phase = closed.progress.phase;
    if (!server::is_closed(phase)) return defect(Table::kClosed, row, "says that the activity is open");
    if (closed.outcome.has_failure == (phase == Phase::kCompleted))
      defect(Table::kClosed, row,
             phase == Phase::kCompleted ? "has completed with a failure" : "ended without a failure");
  }

  void check_index(std::uint64_t row, const IndexRow& entry, const std::optional<ClosedRecord>& closed,
                   const std::optional<ActivityInput>& input) {
    if (closed && entry.close_time != closed->progress.close_time.time_since_epoch().count())
      defect(Table::kIndex, row, "has another close time than the closed activity");
    if (!input) return;
    const IdFingerprint id = fingerprint(input->namespace_id, input->activity_id);
    if (entry.id != id || entry.run != run_fingerprint(id, input->run_id))
      defect(Table::kIndex, row, "is of another activity or run than its input");
    if (entry.namespace_id != 0 && entry.namespace_id != input->namespace_id)
      defect(Table::kIndex, row, "is of another namespace than its input");
  }

  void task_queues() {
    std::map<std::pair<std::uint32_t, std::string>, std::uint64_t> names;
    each(Table::kQueue, [&](std::uint64_t row, std::string_view bytes) {
      const auto record = decode_task_queue_config({Table::kQueue, row}, bytes);
      if (!record) return defect({Table::kQueue, row}, record.error());
      check_number(row);
      check_namespace(Table::kQueue, row, record->namespace_id);
      const auto [other, is_new] = names.emplace(std::pair(record->namespace_id, std::string(record->name)), row);
      if (!is_new)
        defect(Table::kQueue, row,
               "is of the task queue '" + other->first.second + "' of row " + std::to_string(other->second));
    });
  }

  CheckReport::OfTable& report_of(Table table) { return report_.tables[static_cast<std::size_t>(table)]; }

  ReadOnlyFile& file_;
  const TellDefect& tell_;
  CheckReport report_{};
  std::set<std::uint64_t> namespaces_{};  ///< Rows, also damaged ones.
  bool all_namespaces_known_ = false;
  std::optional<std::uint64_t> next_row_{};
  std::uint64_t numbers_free_ = 0;  ///< rows at or beyond it
};

std::string size_text(std::uint64_t bytes) {
  constexpr std::uint64_t kKiB = 1024, kMiB = 1024 * kKiB;
  if (bytes < 10 * kMiB) return std::to_string((bytes + kKiB - 1) / kKiB) + " KiB";
  return std::to_string((bytes + kMiB / 2) / kMiB) + " MiB";
}

}  // namespace

std::uint64_t CheckReport::defects() const {
  std::uint64_t sum = structure_defects + log_defects;
  for (const OfTable& table : tables) sum += table.defects;
  return sum;
}

CheckReport check_file(ReadOnlyFile& file, const TellDefect& tell) {
  return Check(file, tell).run();
}

std::string summary(const CheckReport& report, const ReadOnlyFile& file) {
  std::string text = "database file '" + file.path() + "', format " +
                     (file.format() ? std::to_string(*file.format()) : "unknown") + ", " + size_text(file.file_bytes());
  if (file.log_bytes() > 0) text += " and a log of " + size_text(file.log_bytes());
  text += "\n\n  table              rows     defects\n";
  const auto line = [&text](std::string_view name, const std::string& rows, std::uint64_t defects) {
    char row[80];
    std::snprintf(row, sizeof row, "  %-10.*s %12s %11llu\n", static_cast<int>(name.size()), name.data(), rows.c_str(),
                  static_cast<unsigned long long>(defects));
    text += row;
  };
  line("structure", "", report.structure_defects);
  line("log", "", report.log_defects);
  for (std::size_t i = 0; i < kTableCount; ++i) {
    const CheckReport::OfTable& table = report.tables[i];
    if (!table.exists && table.defects == 0) continue;  // Not in this format.
    line(text_of(static_cast<Table>(i)), table.exists ? std::to_string(table.rows) : "none", table.defects);
  }
  text += "\nactivities: " + std::to_string(report.open) + " open, " + std::to_string(report.closed) + " closed\n";
  if (report.log.frames_behind > 0 && report.log_defects == 0)
    text += "the log ends in an unfinished transaction, which is left out (a crash leaves such)\n";
  const std::uint64_t defects = report.defects();
  text += defects == 0 ? "no defects\n" : std::to_string(defects) + (defects == 1 ? " defect\n" : " defects\n");
  return text;
}

}  // namespace longbeat::server
