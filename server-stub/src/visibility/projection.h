#pragma once
#include <map>

#include "visibility/db.h"
#include "visibility/page_token.h"
#include "visibility/to_sql.h"
#include "visibility/visibility.h"

namespace longbeat::server::projection {

/// Answers whether a query may go on; asked every so many of SQLite's steps. Outside of begin() and end() everything
/// may.
class Budget {
 public:
  virtual ~Budget() = default;
  virtual void begin() = 0;
  virtual void end() = 0;
  virtual bool spent() = 0;
};

/// The projection's file and its SQL. Belongs to one thread. A DATA_LOSS from any call: the file cannot be used any
/// more, remake().
class Projection {
 public:
  /// Opens or makes the file. What is damaged, of another format, or was left by a crash of the machine is made anew.
  static StatusOr<std::unique_ptr<Projection>> open(const std::string& path, std::unique_ptr<Budget> budget);
  Projection(const Projection&) = delete;
  Projection& operator=(const Projection&) = delete;
  ~Projection() = default;

  /// One transaction.
  StatusOr<> write(const std::vector<ProjectionChange>& changes);
  StatusOr<Answer> answer(const Question& question);
  /// Throws the file away and begins an empty one.
  StatusOr<> remake();
  /// Everything on the disk, and marked so. The object is of no use afterwards.
  StatusOr<> close();

 private:
  Projection(std::string path, std::unique_ptr<Budget> budget) : path_(std::move(path)), budget_(std::move(budget)) {}
  StatusOr<> begin(Db db);

  StatusOr<> write_all(const std::vector<ProjectionChange>& changes);
  StatusOr<> put(const ActivityRow& row, bool caught_up);
  StatusOr<> put_attributes(const ActivityRow& row);
  StatusOr<> remove(std::uint64_t row);
  StatusOr<> in_transaction(const std::function<StatusOr<>()>& work);

  StatusOr<Answer> on(const ListQuestion& question);
  StatusOr<Answer> on(const CountQuestion& question);
  StatusOr<Answer> on(const InventoryQuestion& question);
  /// How the list looks now.
  StatusOr<> first_page(std::uint32_t namespace_id, PageToken& token);
  StatusOr<> belong_to(const std::string& store_id);

  /// The WHERE of a query's text; nothing when it asks for all.
  StatusOr<std::optional<Sql>> condition_of(const std::optional<query::Expression>& where, std::uint32_t namespace_id,
                                            const CustomAttributes& custom, bool as_open);
  StatusOr<Statement> prepare(const Sql& sql);

  std::string path_;
  std::unique_ptr<Budget> budget_;
  Db db_;
  Statement put_, put_attribute_, remove_, remove_attributes_, row_digests_;
  /// What the newest list of a namespace takes for closed; what closes later sorts behind it. Where a clock was set
  /// back that is not its close time: it goes one behind what had closed before it.
  struct Listed {
    std::int64_t until = 0;
    std::int64_t moved_time = 0, moved_order = 0;  ///< of the latest one that was moved behind a list
  };
  std::int64_t close_order(const ActivityRow& row, bool caught_up);
  std::map<std::int64_t, Listed> listed_;  ///< by namespace
  std::string store_id_;
  bool ready_ = false;  ///< False while there is no file, for which a full disk has no room: the next call tries again.
};

// --- The file (file.cc) ---
/// Removes the file and its log.
StatusOr<> remove_file(const std::string& path);
/// Opens the file, whatever it is, and makes an empty one of it unless it is ours, of our format, and closed by us or
/// left by a crash of the process alone.
StatusOr<Db> open_file(const std::string& path);
StatusOr<> make_tables(Db& db);
StatusOr<std::string> read_fact(Db& db, const std::string& name);
StatusOr<> write_fact(Db& db, const std::string& name, const std::string& value);
/// Marks the file as closed in order, everything in it on the disk.
StatusOr<> close_file(Db& db);

}  // namespace longbeat::server::projection
