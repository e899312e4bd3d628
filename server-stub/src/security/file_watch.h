#pragma once
#include <sys/stat.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace longbeat::server {

/// Whether files have changed, told by what the file system says of them (the target's, where a path is a link). Not
/// thread-safe.
class FileMarks {
 public:
  explicit FileMarks(std::vector<std::string> paths = {});

  bool empty() const { return paths_.empty(); }

  /// Looks at the files. True when they differ from those of the last true answer (at first: of the constructor), and
  /// have been the same for two looks: whoever writes several of them, or a large one, is done.
  bool settled_anew();

 private:
  struct Mark {
    bool exists = false;
    dev_t device = 0;
    ino_t number = 0;
    off_t bytes = 0;
    std::int64_t modified = 0, changed = 0;  ///< nanoseconds
    friend bool operator==(const Mark&, const Mark&) = default;
  };
  std::vector<Mark> look() const;

  std::vector<std::string> paths_;
  std::vector<Mark> told_, seen_;
};

/// The housekeeping thread: looks at files now and then, and does what is to be done when they have changed. Without
/// files there is no thread.
class FileWatch {
 public:
  struct Watched {
    /// Made before the files were read for the first time, so that no change is missed.
    FileMarks marks;
    /// Runs on the thread; may not throw.
    std::function<void()> changed{};
  };

  FileWatch() = default;
  ~FileWatch() { stop(); }
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  /// `each_look` runs on the thread too, after each round of looks; empty: nothing.
  void start(std::vector<Watched> files, std::chrono::milliseconds interval, std::function<void()> each_look = {});
  /// Waits for what runs. May come twice or without start().
  void stop();

 private:
  void run(std::vector<Watched> files, std::chrono::milliseconds interval, const std::function<void()>& each_look);

  std::mutex mutex_{};
  std::condition_variable condition_{};
  bool over_ = false;
  std::thread thread_{};
};

}  // namespace longbeat::server
