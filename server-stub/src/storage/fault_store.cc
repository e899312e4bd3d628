#include "storage/fault_store.h"

namespace longbeat::server {

CrashableStore::~CrashableStore() {
  std::vector<Write> undo;
  for (const Before& one : before_latest_) {
    undo.push_back({one.table, one.key, std::nullopt});
    if (one.value) undo.back().value = *one.value;
  }
  // Rows in memory: there is nothing that could fail.
  if (!undo.empty()) static_cast<void>(disk_->content_->commit(undo));
}

StatusOr<> CrashableStore::remember(std::span<const Write> writes) {
  before_latest_.clear();
  for (const Write& write : writes) {
    auto value = read(write.table, write.key);
    if (!value) return value.error();
    before_latest_.push_back({write.table, write.key, std::move(*value)});
  }
  return {};
}

StatusOr<> CrashableStore::commit(std::span<const Write> writes) {
  const std::uint64_t number = ++disk_->commits_;
  disk_->rows_ += writes.size();
  if (failed_) return Status{StatusCode::kDataLoss, "a commit of this store has failed before", {}};
  if (disk_->loses_latest_) {
    if (auto ok = remember(writes); !ok) return ok;
  }
  const auto fault = disk_->faults_.find(number);
  if (fault == disk_->faults_.end()) return disk_->content_->commit(writes);
  failed_ = true;
  if (fault->second.fault == CommitFault::kAppliedButFailed) {
    if (auto applied = disk_->content_->commit(writes); !applied) return applied;
  }
  return Status{fault->second.code, "injected failure of commit " + std::to_string(number), {}};
}

}  // namespace longbeat::server
