#include "storage/fault_store.h"

namespace longbeat::server {

StatusOr<> CrashableStore::commit(std::span<const Write> writes) {
  const std::uint64_t number = ++disk_->commits_;
  disk_->rows_ += writes.size();
  if (failed_) return Status{StatusCode::kDataLoss, "a commit of this store has failed before", {}};
  const auto fault = disk_->faults_.find(number);
  if (fault == disk_->faults_.end()) return disk_->content_->commit(writes);
  failed_ = true;
  if (fault->second.fault == CommitFault::kAppliedButFailed) {
    if (auto applied = disk_->content_->commit(writes); !applied) return applied;
  }
  return Status{fault->second.code, "injected failure of commit " + std::to_string(number), {}};
}

}  // namespace longbeat::server
