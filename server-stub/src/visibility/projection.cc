#include "visibility/projection.h"

#include "base/log.h"
#include "visibility/attributes.h"
#include "visibility/fields.h"

namespace longbeat::server::projection {
namespace {

constexpr int kStepsBetweenLooks = 20'000;  // Of SQLite's machine: well under a millisecond.

constexpr const char* kPut = R"(
INSERT INTO activity VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
ON CONFLICT (row) DO UPDATE SET
  task_queue = excluded.task_queue,
  open_status = CASE WHEN excluded.close_time IS NULL THEN excluded.status ELSE open_status END,
  status = excluded.status,
  execution_time = excluded.execution_time,
  close_order = CASE WHEN close_time IS excluded.close_time THEN close_order ELSE excluded.close_order END,
  close_time = excluded.close_time,
  transitions = excluded.transitions, size = excluded.size, digest = excluded.digest)";

std::int64_t nanos(internal::WallTime time) {
  return time.time_since_epoch().count();
}

}  // namespace

StatusOr<std::unique_ptr<Projection>> Projection::open(const std::string& path, std::unique_ptr<Budget> budget) {
  std::unique_ptr<Projection> opened(new Projection(path, std::move(budget)));
  auto db = open_file(path);
  auto begun = db ? opened->begin(std::move(*db)) : StatusOr<>(db.error());
  if (db && !begun) begun = opened->remake();
  if (begun) return opened;
  if (begun.error().code != internal::StatusCode::kResourceExhausted) return begun.error();
  // Lists alone do without until there is room: a server must start on a full disk.
  internal::log(internal::LogLevel::kWarn,
                "no room for visibility file '" + path + "', list and count have to wait: " + begun.error().message);
  return opened;
}

StatusOr<> Projection::begin(Db db) {
  db_ = std::move(db);
  listed_.clear();
  const auto prepare_into = [&](Statement& into, const char* sql) -> StatusOr<> {
    auto prepared = db_.prepare(sql, true);
    if (!prepared) return prepared.error();
    into = std::move(*prepared);
    return {};
  };
  auto ok = prepare_into(put_, kPut);
  if (ok) ok = prepare_into(put_attribute_, "INSERT OR IGNORE INTO attribute VALUES (?1, ?2, ?3, ?4, ?5)");
  if (ok) ok = prepare_into(remove_, "DELETE FROM activity WHERE row = ?1");
  if (ok) ok = prepare_into(remove_attributes_, "DELETE FROM attribute WHERE row = ?1");
  if (ok) {
    ok = prepare_into(row_digests_, "SELECT row, digest FROM activity WHERE row BETWEEN ?1 AND ?2 ORDER BY row");
  }
  if (!ok) return ok;
  auto store_id = read_fact(db_, "store");
  if (!store_id) return store_id.error();
  store_id_ = std::move(*store_id);
  sqlite3_progress_handler(
      db_.get(), kStepsBetweenLooks, [](void* budget) { return static_cast<Budget*>(budget)->spent() ? 1 : 0; },
      budget_.get());
  ready_ = true;
  return {};
}

StatusOr<> Projection::remake() {
  ready_ = false;
  for (Statement* statement : {&put_, &put_attribute_, &remove_, &remove_attributes_, &row_digests_})
    *statement = Statement();
  db_ = Db();
  if (auto removed = remove_file(path_); !removed) return removed;
  auto db = open_file(path_);
  if (!db) return db.error();
  return begin(std::move(*db));
}

StatusOr<> Projection::close() {
  if (!ready_) return {};
  return close_file(db_);
}

StatusOr<> Projection::in_transaction(const std::function<StatusOr<>()>& work) {
  if (auto begun = db_.execute("BEGIN"); !begun) return begun;
  auto done = work();
  if (done) done = db_.execute("COMMIT");
  if (!done && sqlite3_get_autocommit(db_.get()) == 0) {
    if (auto undone = db_.execute("ROLLBACK"); !undone) return undone;
  }
  return done;
}

StatusOr<> Projection::write(const std::vector<ProjectionChange>& changes) {
  if (changes.empty()) return {};
  if (!ready_) {
    if (auto made = remake(); !made) return made;
  }
  return in_transaction([&] { return write_all(changes); });
}

StatusOr<> Projection::write_all(const std::vector<ProjectionChange>& changes) {
  for (const ProjectionChange& change : changes) {
    auto written = change.activity ? put(*change.activity, change.caught_up) : remove(change.row);
    if (!written) return written;
  }
  return {};
}

std::int64_t Projection::close_order(const ActivityRow& row, bool caught_up) {
  if (!row.close_time) return kOpenOrder;
  const std::int64_t time = nanos(*row.close_time);
  const auto found = listed_.find(row.namespace_id);
  if (found == listed_.end() || caught_up || time > found->second.until) return time;
  // Also in the same nanosecond as a list that is being read: behind it.
  Listed& listed = found->second;
  listed.moved_order = std::max(listed.until + 1, listed.moved_order + (time > listed.moved_time ? 1 : 0));
  listed.moved_time = time;
  return listed.moved_order;
}

StatusOr<> Projection::put(const ActivityRow& row, bool caught_up) {
  put_.bind(1, static_cast<std::int64_t>(row.row));
  put_.bind(2, std::int64_t{row.namespace_id});
  put_.bind_text(3, row.activity_id);
  put_.bind_text(4, row.run_id);
  put_.bind_text(5, row.type);
  put_.bind_text(6, row.task_queue);
  put_.bind(7, std::int64_t{row.status});
  put_.bind(8, std::int64_t{row.close_time ? 1 : row.status});
  put_.bind(9, nanos(row.start_time));
  put_.bind(10, nanos(row.execution_time));
  if (row.close_time) {
    put_.bind(11, nanos(*row.close_time));
  } else {
    put_.bind_null(11);
  }
  put_.bind(12, close_order(row, caught_up));
  put_.bind(13, row.state_transition_count);
  put_.bind(14, row.state_size_bytes);
  put_.bind(15, static_cast<std::int64_t>(row.digest));
  put_.bind_blob(16, row.search_attributes);
  const int result = put_.run();
  if (result != SQLITE_DONE) return to_status(result, "write activity row", db_.get());
  return put_attributes(row);
}

StatusOr<> Projection::put_attributes(const ActivityRow& row) {
  for (const AttributeValue& attribute : row.attributes) {
    const auto values = typed_values(attribute.type, attribute.json);
    if (!values) continue;  // Stored before its name had this type: no query can mean it.
    put_attribute_.bind(1, std::int64_t{row.namespace_id});
    put_attribute_.bind_text(2, attribute.name);
    put_attribute_.bind(3, static_cast<std::int64_t>(attribute.type));
    put_attribute_.bind(5, static_cast<std::int64_t>(row.row));
    for (const AttributeScalar& value : *values) {
      const Bind bound = std::visit([](const auto& one) { return Bind(one); }, value);
      put_attribute_.bind(4, bound);
      const int result = put_attribute_.run();
      if (result != SQLITE_DONE) return to_status(result, "write search attribute", db_.get());
    }
  }
  return {};
}

StatusOr<> Projection::remove(std::uint64_t row) {
  for (Statement* statement : {&remove_attributes_, &remove_}) {
    statement->bind(1, static_cast<std::int64_t>(row));
    const int result = statement->run();
    if (result != SQLITE_DONE) return to_status(result, "remove activity row", db_.get());
  }
  return {};
}

StatusOr<Answer> Projection::answer(const Question& question) {
  if (!ready_) {
    if (auto made = remake(); !made) return made.error();
  }
  if (!std::holds_alternative<InventoryQuestion>(question)) budget_->begin();
  auto answer = std::visit([this](const auto& one) { return on(one); }, question);
  budget_->end();
  return answer;
}

StatusOr<> Projection::belong_to(const std::string& store_id) {
  if (store_id == store_id_) return {};
  if (!store_id_.empty()) {
    if (auto made = remake(); !made) return made;
  }
  if (auto written = write_fact(db_, "store", store_id); !written) return written;
  store_id_ = store_id;
  return {};
}

StatusOr<Answer> Projection::on(const InventoryQuestion& question) {
  if (auto ours = belong_to(question.store_id); !ours) return ours.error();
  InventoryAnswer answer{question.number, {}};
  std::vector<std::uint64_t> extra;
  auto expected = question.items.begin();
  row_digests_.bind(1, static_cast<std::int64_t>(question.first));
  row_digests_.bind(2, static_cast<std::int64_t>(question.last));
  int result = row_digests_.step();
  for (; result == SQLITE_ROW; result = row_digests_.step()) {
    const auto row = static_cast<std::uint64_t>(row_digests_.number(0));
    for (; expected != question.items.end() && expected->row < row; ++expected) answer.wanted.push_back(expected->row);
    if (expected == question.items.end() || expected->row != row) {
      extra.push_back(row);
      continue;
    }
    if (expected->digest != static_cast<std::uint64_t>(row_digests_.number(1))) answer.wanted.push_back(row);
    ++expected;
  }
  row_digests_.reset();
  if (result != SQLITE_DONE) return to_status(result, "read rows", db_.get());
  for (; expected != question.items.end(); ++expected) answer.wanted.push_back(expected->row);
  if (!extra.empty()) {
    auto removed = in_transaction([&]() -> StatusOr<> {
      for (const std::uint64_t row : extra) {
        if (auto ok = remove(row); !ok) return ok;
      }
      return {};
    });
    if (!removed) return removed.error();
  }
  return Answer(std::move(answer));
}

StatusOr<Statement> Projection::prepare(const Sql& sql) {
  auto statement = db_.prepare(sql.text);
  if (!statement) return statement.error();
  for (std::size_t i = 0; i < sql.binds.size(); ++i) statement->bind(static_cast<int>(i + 1), sql.binds[i]);
  return statement;
}

}  // namespace longbeat::server::projection
