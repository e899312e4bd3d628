#include "storage/wal_helper.h"

#include "storage/crash_point.h"

namespace longbeat::server::sqlite {

StatusOr<std::unique_ptr<WalHelper>> WalHelper::start(const std::string& path) {
  auto connection = Connection::open(path, false);
  if (!connection) return connection.error();
  // A connection that has never read does not know that the file is in WAL mode, and its checkpoints do nothing.
  if (auto warmed = connection->number("SELECT count(*) FROM sqlite_master"); !warmed) return warmed.error();
  std::unique_ptr<WalHelper> helper(new WalHelper(std::move(*connection)));
  helper->thread_ = std::thread([h = helper.get()] { h->run(); });
  return helper;
}

WalHelper::~WalHelper() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void WalHelper::kick() {
  {
    const std::lock_guard lock(mutex_);
    if (!progress_.idle) return;
    asked_ = true;
    progress_.idle = false;
  }
  wake_.notify_one();
}

void WalHelper::wait() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return progress_.idle; });
}

WalHelper::Progress WalHelper::progress() {
  const std::lock_guard lock(mutex_);
  return progress_;
}

void WalHelper::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return asked_ || stopping_; });
    if (stopping_) return;
    asked_ = false;
    lock.unlock();
    int log_pages = 0;
    int moved_pages = 0;
    LONGBEAT_CRASH_POINT("checkpoint");
    const int result =
        sqlite3_wal_checkpoint_v2(connection_.get(), "main", SQLITE_CHECKPOINT_PASSIVE, &log_pages, &moved_pages);
    const bool disk_full =
        result != SQLITE_OK && to_status(result, "", connection_.get()).code == StatusCode::kResourceExhausted;
    LONGBEAT_CRASH_POINT("after checkpoint");
    lock.lock();
    progress_.idle = true;
    idle_.notify_all();
    progress_.disk_full = disk_full;
    ++progress_.runs;
    progress_.error = result == SQLITE_BUSY ? SQLITE_OK : result;  // Busy: the owner restarts the log just now.
    if (result == SQLITE_OK) {
      progress_.log_pages = log_pages;
      progress_.moved_pages = moved_pages;
    } else {
      progress_.moved_pages = 0;  // What it was may be true of an older log only.
    }
  }
}

}  // namespace longbeat::server::sqlite
