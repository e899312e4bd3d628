#include "security/file_watch.h"

#include <utility>

namespace longbeat::server {
namespace {

std::int64_t nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

FileMarks::FileMarks(std::vector<std::string> paths) : paths_(std::move(paths)), told_(look()), seen_(told_) {}

std::vector<FileMarks::Mark> FileMarks::look() const {
  std::vector<Mark> marks;
  for (const std::string& path : paths_) {
    struct stat facts{};
    Mark& mark = marks.emplace_back();
    if (::stat(path.c_str(), &facts) != 0) continue;
    mark = {true, facts.st_dev, facts.st_ino, facts.st_size, nanoseconds(facts.st_mtim), nanoseconds(facts.st_ctim)};
  }
  return marks;
}

bool FileMarks::settled_anew() {
  auto marks = look();
  const bool settled = marks == seen_;
  seen_ = std::move(marks);
  if (!settled || seen_ == told_) return false;
  told_ = seen_;
  return true;
}

void FileWatch::start(std::vector<Watched> files, std::chrono::milliseconds interval, std::function<void()> each_look) {
  std::erase_if(files, [](const Watched& one) { return one.marks.empty(); });
  if (files.empty()) return;
  over_ = false;
  thread_ = std::thread([this, files = std::move(files), interval, each_look = std::move(each_look)]() mutable {
    run(std::move(files), interval, each_look);
  });
}

void FileWatch::stop() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
    condition_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void FileWatch::run(std::vector<Watched> files, std::chrono::milliseconds interval,
                    const std::function<void()>& each_look) {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (condition_.wait_for(lock, interval, [this] { return over_; })) return;
    }
    for (Watched& one : files) {
      if (one.marks.settled_anew()) one.changed();
    }
    if (each_look) each_look();
  }
}

}  // namespace longbeat::server
