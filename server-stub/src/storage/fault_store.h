#pragma once
#include <map>
#include <vector>

#include "storage/store.h"

namespace longbeat::server {

/// What an injected failure of a commit leaves behind; the caller sees the same error either way.
enum class CommitFault : std::int8_t {
  kNothingApplied,    ///< The transaction is not on disk.
  kAppliedButFailed,  ///< It is on disk, but the caller was told that it failed.
};

/// A disk that outlives the engines that use it: tests and the simulation keep it, crash the engine and open the next
/// one on it. What a commit acknowledged is there afterwards; what was never committed is not. Belongs to one thread.
class SimulatedDisk {
 public:
  SimulatedDisk() : content_(make_memory_store()) {}
  /// Injects faults in front of any other store.
  explicit SimulatedDisk(std::unique_ptr<Store> content) : content_(std::move(content)) {}

  /// Lets commit number `n` fail, counted from the disk's first commit, which is 1.
  void fail_commit(std::uint64_t n, CommitFault fault, StatusCode code = StatusCode::kDataLoss) {
    faults_[n] = {fault, code};
  }
  void fail_next_commit(CommitFault fault, StatusCode code = StatusCode::kDataLoss) {
    fail_commit(commits_ + 1, fault, code);
  }

  /// A crash takes back the latest commit, acknowledged or not, as where nobody waits until it is written: what a
  /// server must not stand on.
  void lose_latest_commit_in_crashes(bool lose) { loses_latest_ = lose; }

  /// What stores on it say of their room. A commit fails only when it is told to.
  void set_full(bool full) { full_ = full; }

  /// Commits that were tried, the failed ones included.
  std::uint64_t commits() const { return commits_; }
  /// Rows of all commits that were tried.
  std::uint64_t rows() const { return rows_; }
  /// Reads and damages rows behind the engine's back.
  Store& content() { return *content_; }

 private:
  friend class CrashableStore;
  struct Fault {
    CommitFault fault;
    StatusCode code;
  };
  std::unique_ptr<Store> content_;
  std::map<std::uint64_t, Fault> faults_;
  std::uint64_t commits_ = 0;
  std::uint64_t rows_ = 0;
  bool full_ = false;
  bool loses_latest_ = false;
};

/// The store an engine is given; destroying it is the crash. Once a commit has failed, so does every later one.
class CrashableStore final : public Store {
 public:
  explicit CrashableStore(std::shared_ptr<SimulatedDisk> disk) : disk_(std::move(disk)) {}
  ~CrashableStore() override;
  CrashableStore(const CrashableStore&) = delete;
  CrashableStore& operator=(const CrashableStore&) = delete;
  StatusOr<> commit(std::span<const Write> writes) override;
  StatusOr<std::optional<std::string>> read(Table table, std::uint64_t key) override {
    return disk_->content_->read(table, key);
  }
  StatusOr<> scan(Table table, std::uint64_t first,
                  const std::function<bool(std::uint64_t, std::string_view)>& visit) override {
    return disk_->content_->scan(table, first, visit);
  }
  std::string path() const override { return disk_->content_->path(); }
  void maintain() override { disk_->content_->maintain(); }
  StatusOr<> begin_copy(const std::string& to) override { return disk_->content_->begin_copy(to); }
  StatusOr<CopyProgress> continue_copy() override { return disk_->content_->continue_copy(); }
  void give_up_copy() override { disk_->content_->give_up_copy(); }
  bool disk_full() const override { return disk_->full_; }

 private:
  struct Before {
    Table table;
    std::uint64_t key;
    std::optional<std::string> value;
  };
  StatusOr<> remember(std::span<const Write> writes);

  std::shared_ptr<SimulatedDisk> disk_;
  std::vector<Before> before_latest_{};  ///< where a crash takes it back
  bool failed_ = false;
};

}  // namespace longbeat::server
