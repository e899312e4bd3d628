#include <algorithm>
#include <iterator>
#include <tuple>

#include "visibility/fields.h"
#include "visibility/page_token.h"
#include "visibility/projection.h"

namespace longbeat::server::projection {
namespace {

constexpr std::size_t kPageBytesMax = 3 * 1024 * 1024;  // Callers take messages of 4 MiB.
constexpr std::int64_t kFewRows = 20'000;               // Of a search attribute: looked up and sorted within some ms.

/// One item, with its place in the list.
struct Item {
  ActivityRow activity;
  std::int64_t close_order = 0;
};

constexpr const char* kColumns =
    "SELECT row, namespace, activity_id, run_id, type, task_queue, status, open_status, start_time, execution_time, "
    "close_time, close_order, transitions, size, search_attributes FROM activity WHERE namespace = ";

internal::WallTime to_time(std::int64_t nanos) {
  return internal::WallTime(std::chrono::nanoseconds(nanos));
}

Item item_of(const Statement& from, bool as_open) {
  Item item;
  ActivityRow& to = item.activity;
  to.row = static_cast<std::uint64_t>(from.number(0));
  to.namespace_id = static_cast<std::uint32_t>(from.number(1));
  to.activity_id = from.text(2);
  to.run_id = from.text(3);
  to.type = from.text(4);
  to.task_queue = from.text(5);
  to.status = static_cast<std::int32_t>(from.number(as_open ? 7 : 6));
  to.start_time = to_time(from.number(8));
  to.execution_time = to_time(from.number(9));
  if (!from.is_null(10) && !as_open) to.close_time = to_time(from.number(10));
  item.close_order = as_open ? kOpenOrder : from.number(11);
  to.state_transition_count = from.number(12);
  to.state_size_bytes = from.number(13);
  to.search_attributes = from.text(14);
  return item;
}

std::size_t bytes_of(const ActivityRow& row) {
  return 128 + row.activity_id.size() + row.run_id.size() + row.type.size() + row.task_queue.size() +
         row.search_attributes.size();
}

/// Open before closed, then what closed last, then what started last.
bool before(const Item& a, const Item& b) {
  const auto key = [](const Item& item) {
    return std::tuple(item.close_order, item.activity.start_time, item.activity.row);
  };
  return key(a) > key(b);
}

/// The parts of a list, in its order; the first two are merged.
enum class Part : std::int8_t { kOpen, kClosedSince, kClosed };

/// The rows of one part, after the place where the last page ended.
Sql select(Part part, const PageToken& from, const std::optional<Sql>& condition, std::size_t limit) {
  Sql sql;
  (sql += kColumns).bind(std::int64_t{from.namespace_id});
  (sql += " AND row <= ").bind(from.row_max);
  const bool continues_closed = from.close_order != kOpenOrder;
  switch (part) {
    case Part::kOpen:
      (sql += " AND close_order = ").bind(kOpenOrder);
      break;
    case Part::kClosedSince:
      (sql += " AND close_order > ").bind(from.closed_until);
      (sql += " AND close_order < ").bind(kOpenOrder);
      break;
    case Part::kClosed:
      (sql += " AND close_order <= ").bind(continues_closed ? from.close_order : from.closed_until);
      if (continues_closed) {
        (sql += " AND (close_order, start_time, row) < (").bind(from.close_order);
        ((sql += ", ").bind(from.start_time) += ", ").bind(from.row) += ")";
      }
      break;
  }
  if (part != Part::kClosed) {
    ((sql += " AND (start_time, row) < (").bind(from.start_time) += ", ").bind(from.row) += ")";
  }
  if (condition) ((sql += " AND (") += *condition) += ")";
  sql += part == Part::kClosed ? " ORDER BY close_order DESC, start_time DESC, row DESC LIMIT "
                               : " ORDER BY start_time DESC, row DESC LIMIT ";
  return sql.bind(static_cast<std::int64_t>(limit));
}

struct Gathered {
  std::vector<Item> items{};
  bool cut = false;  ///< there is more behind the last one, but no room in a message
};

StatusOr<> append(StatusOr<Statement> statement, bool as_open, sqlite3* db, Gathered& to) {
  if (!statement) return statement.error();
  Gathered part;
  std::size_t bytes = 0;
  int result = statement->step();
  for (; result == SQLITE_ROW && !part.cut; result = statement->step()) {
    part.items.push_back(item_of(*statement, as_open));
    bytes += bytes_of(part.items.back().activity);
    part.cut = bytes > kPageBytesMax;
  }
  if (!part.cut && result != SQLITE_DONE) return to_status(result, "list", db);
  const std::optional<Item> last = part.cut ? std::optional(part.items.back()) : std::nullopt;
  std::ranges::move(part.items, std::back_inserter(to.items));
  std::ranges::sort(to.items, before);
  if (last) {
    // What sorts behind it may have others before it, which were not read.
    std::erase_if(to.items, [&](const Item& item) { return before(*last, item); });
    to.cut = true;
  }
  return {};
}

Status plain(const Status& status) {
  if (status.code != StatusCode::kDeadlineExceeded) return status;
  return {StatusCode::kDeadlineExceeded, "the query takes too long: narrow it down, for example by ActivityType", {}};
}

}  // namespace

StatusOr<std::optional<Sql>> Projection::condition_of(const std::optional<query::Expression>& where,
                                                      std::uint32_t namespace_id, const CustomAttributes& custom,
                                                      bool as_open) {
  if (!where) return std::optional<Sql>();
  SqlContext context{namespace_id, custom, as_open, {}};
  context.finds_few = [this](const Sql& rows) {
    Sql probe;
    (((probe += "SELECT count(*) FROM (") += rows) += " LIMIT ").bind(kFewRows + 1) += ")";
    auto statement = prepare(probe);
    return statement && statement->step() == SQLITE_ROW && statement->number(0) <= kFewRows;
  };
  auto sql = to_sql(*where, context);
  if (!sql) return sql.error();
  return std::optional<Sql>(std::move(*sql));
}

StatusOr<> Projection::first_page(std::uint32_t namespace_id, PageToken& token) {
  // `coalesce`: before anything has closed or started.
  Sql newest;
  (newest += "SELECT coalesce((SELECT max(close_order) FROM activity WHERE namespace = ")
      .bind(std::int64_t{namespace_id});
  (newest += " AND close_order < ").bind(kOpenOrder) += "), -1), coalesce((SELECT max(row) FROM activity), 0)";
  auto statement = prepare(newest);
  if (!statement) return statement.error();
  if (const int result = statement->step(); result != SQLITE_ROW) return to_status(result, "list", db_.get());
  token.closed_until = statement->number(0);
  token.row_max = statement->number(1);
  Listed& listed = listed_.try_emplace(namespace_id, Listed{token.closed_until}).first->second;
  listed.until = std::max(listed.until, token.closed_until);
  return {};
}

StatusOr<Answer> Projection::on(const ListQuestion& question) {
  const auto parsed = query::parse(question.query);
  if (!parsed) return parsed.error();
  if (!parsed->group_by.empty()) {
    return query::refusal("'GROUP BY' clause is not supported in a list", parsed->group_by.front().place);
  }
  PageToken from{question.namespace_id, fingerprint(question.query), 0, 0, kOpenOrder, kOpenOrder, kOpenOrder};
  if (!question.page_token.empty()) {
    const auto token = decode_page_token(question.page_token, question.namespace_id, question.query);
    if (!token) return token.error();
    from = *token;
  } else {
    auto newest = first_page(question.namespace_id, from);
    if (!newest) return plain(newest.error());
  }

  const std::size_t size = static_cast<std::size_t>(std::max(question.page_size, 1));
  auto now = condition_of(parsed->where, question.namespace_id, question.custom, false);
  if (!now) return now.error();
  Gathered all;
  StatusOr<> read;
  if (from.close_order == kOpenOrder) {
    read = append(prepare(select(Part::kOpen, from, *now, size + 1)), false, db_.get(), all);
  }
  if (read && from.close_order == kOpenOrder && !question.page_token.empty()) {
    auto as_open = condition_of(parsed->where, question.namespace_id, question.custom, true);
    if (!as_open) return as_open.error();
    read = append(prepare(select(Part::kClosedSince, from, *as_open, size + 1)), true, db_.get(), all);
  }
  if (read && !all.cut && all.items.size() <= size) {
    read = append(prepare(select(Part::kClosed, from, *now, size + 1 - all.items.size())), false, db_.get(), all);
  }
  if (!read) return plain(read.error());

  ActivityPage page;
  std::vector<Item>& items = all.items;
  std::size_t bytes = 0;
  std::size_t taken = 0;
  for (; taken < std::min(size, items.size()) && bytes <= kPageBytesMax; ++taken) {
    bytes += bytes_of(items[taken].activity);
  }
  if (taken < items.size() || all.cut) {
    const Item& last = items[taken - 1];
    from.close_order = last.close_order;
    from.start_time = last.activity.start_time.time_since_epoch().count();
    from.row = static_cast<std::int64_t>(last.activity.row);
    page.next_page_token = encode(from);
  }
  for (std::size_t i = 0; i < taken; ++i) page.rows.push_back(std::move(items[i].activity));
  return Answer(std::move(page));
}

StatusOr<Answer> Projection::on(const CountQuestion& question) {
  const auto parsed = query::parse(question.query);
  if (!parsed) return parsed.error();
  if (parsed->group_by.size() > 1) {
    return query::refusal("'GROUP BY' clause supports only a single field", parsed->group_by[1].place);
  }
  const bool grouped = !parsed->group_by.empty();
  if (grouped && parsed->group_by.front().name != "ExecutionStatus") {
    return query::refusal(
        "'GROUP BY' clause is not supported for search attribute " + parsed->group_by.front().place.text,
        parsed->group_by.front().place);
  }
  auto condition = condition_of(parsed->where, question.namespace_id, question.custom, false);
  if (!condition) return condition.error();
  Sql sql;
  sql += grouped ? "SELECT count(*), status FROM activity WHERE namespace = "
                 : "SELECT count(*), 0 FROM activity WHERE namespace = ";
  sql.bind(std::int64_t{question.namespace_id});
  if (*condition) ((sql += " AND (") += **condition) += ")";
  if (grouped) sql += " GROUP BY status ORDER BY status";
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  ActivityCount answer;
  int result = statement->step();
  for (; result == SQLITE_ROW; result = statement->step()) {
    answer.count += statement->number(0);
    if (grouped) {
      answer.groups.emplace_back(status_name(static_cast<std::int32_t>(statement->number(1))), statement->number(0));
    }
  }
  if (result != SQLITE_DONE) return plain(to_status(result, "count", db_.get()));
  return Answer(std::move(answer));
}

}  // namespace longbeat::server::projection
