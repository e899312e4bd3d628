#include "engine/engine_impl.h"

/// A copy of the file while the engine goes on: the store makes it in slices, one after each step.
namespace longbeat::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kAnswerEvery = seconds(1);      // Who waits sees how far it is.
constexpr Duration kForgottenAfter = seconds(15);  // Since the last answer: who asks no more has gone.
constexpr Duration kLookAgain = milliseconds(2);   // While the copy waits for the disk.

}  // namespace

void EngineImpl::on(Command& command, BackupRequest& request) {
  if (!request.backup_id.empty()) {
    if (!backup_ || backup_->id != request.backup_id) {
      return answer(command.sink, Status{internal::StatusCode::kNotFound,
                                         "backup " + request.backup_id +
                                             " is not known: nobody asked for it in time, or "
                                             "the server has been started since",
                                         {}});
    }
    return wait_for_backup(command);
  }
  if (backup_ && !backup_->is_over())
    return answer(command.sink, internal::failed_precondition("another backup is being made"));
  if (auto begun = store_->begin_copy(request.to); !begun) return answer(command.sink, begun.error());
  backup_ = Backup{.id = internal::to_string(internal::make_uuid(random_))};
  wait_for_backup(command);
}

void EngineImpl::wait_for_backup(const Command& command) {
  backup_->given_up_at = Time::max();
  backup_->call = command.call;
  Parked parked;
  parked.kind = Parked::Kind::kBackup;
  park(command, std::move(parked), backup_->is_over() ? Duration(0) : kAnswerEvery);
}

StatusOr<Reply> EngineImpl::backup_answer() const {
  if (!backup_) return Status{internal::StatusCode::kCancelled, "the backup was given up", {}};
  if (!backup_->state) return backup_->state.error();
  const CopyProgress& at = *backup_->state;
  return Reply(BackupReply{backup_->id, at.finished, at.pages, at.pages_copied, at.bytes});
}

void EngineImpl::continue_backup() {
  const bool is_waited_for = parked_.contains(backup_->call);
  if (!is_waited_for && backup_->given_up_at == Time::max()) {  // It was answered by this step.
    if (backup_->is_over()) return backup_.reset();
    backup_->given_up_at = now_ + kForgottenAfter;
  }
  if (now_ >= backup_->given_up_at) return give_up_backup();
  if (!backup_->is_over()) backup_->state = store_->continue_copy();
  if (!backup_->is_over() || !is_waited_for) return;
  run_out(backup_->call);
  backup_.reset();
  release();
}

void EngineImpl::give_up_backup() {
  if (backup_ && !backup_->is_over()) store_->give_up_copy();
  backup_.reset();
}

std::optional<Time> EngineImpl::backup_wakeup() const {
  if (!backup_) return std::nullopt;
  if (backup_->is_over()) return backup_->given_up_at;
  return backup_->state->waits ? now_ + kLookAgain : now_;
}

}  // namespace longbeat::server
