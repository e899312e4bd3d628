#include "base/log.h"

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/log_pause.h"
#include "base/one_line.h"
#include "base/this_thread.h"
#include "longbeat/spdlog.h"

namespace longbeat::internal {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kWaitingLinesMax = 4'096;
constexpr std::size_t kWaitingBytesMax = 1 << 20;
constexpr auto kFlushAtExit = 1'000ms;
constexpr auto kFlushHalf = 500ms;
/// Of the sink that is set; with the default one, spdlog's own level counts.
constexpr int kAskSpdlog = -1;

/// spdlog's own dies with the other static objects; as it was then it serves those who log later.
std::atomic<std::shared_ptr<spdlog::logger>*> last_logger{nullptr};

void keep_last_logger() {
  spdlog::default_logger_raw();  // Made before the handler is registered, so destroyed after it ran.
  std::atexit([] { last_logger.store(new std::shared_ptr<spdlog::logger>(spdlog::default_logger())); });
}

spdlog::logger* default_logger() {
  const auto* last = last_logger.load();
  return last != nullptr ? last->get() : spdlog::default_logger_raw();
}

void write_by_default(const LogRecord& record) {
  if (auto* const logger = default_logger()) logger->log(to_spdlog(record.level), "{}", to_string(record));
}

/// A line that waits for the log's thread.
struct Line {
  LogLevel level = LogLevel::kInfo;
  std::string message{};
  std::vector<std::pair<std::string, std::string>> fields{};

  Line() = default;
  explicit Line(const LogRecord& record) : level(record.level), message(record.message) {
    fields.reserve(record.fields.size());
    for (const auto& field : record.fields) fields.emplace_back(field.name, field.value);
  }
  std::size_t bytes() const {
    std::size_t sum = message.size();
    for (const auto& [name, value] : fields) sum += name.size() + value.size();
    return sum;
  }
};

enum class Mode {
  kDirect,  // The caller runs the sink.
  kQueued,  // The log's thread does.
  kEnding,  // The thread writes what is left and ends; callers run the sink again.
  kStuck,   // The thread was told to end and has not: lines are dropped, so that nobody else gets stuck.
};

/// The log of the process. Immortal: threads may log while static objects are being destroyed.
class Log {
 public:
  static Log& instance() {
    static Log* const log = [] {
      keep_last_logger();
      return new Log;  // Reachable for ever, so no leak.
    }();
    return *log;
  }

  void set_sink(LogSink sink, LogLevel least) {
    auto next = sink ? std::make_shared<const LogSink>(std::move(sink)) : nullptr;
    const bool idle = flush(kFlushHalf);
    {
      const std::lock_guard lock(mutex_);
      sink_.swap(next);
      least_.store(sink_ ? static_cast<int>(least) : kAskSpdlog, std::memory_order_relaxed);
    }
    if (idle) flush(kFlushHalf);  // What the sink that goes had got in between.
  }

  bool enabled(LogLevel level) const {
    const int least = least_.load(std::memory_order_relaxed);
    if (least != kAskSpdlog) return static_cast<int>(level) >= least;
    const auto* const logger = default_logger();
    return logger != nullptr && logger->should_log(to_spdlog(level));
  }

  void add(const LogRecord& record) {
    if (mode_.load(std::memory_order_acquire) != Mode::kDirect && queued(record)) return;
    write(record);
  }

  void start() {
    const std::lock_guard starting(starting_);
    const std::unique_lock lock(mutex_);
    if (mode_ != Mode::kDirect) return;
    spdlog::default_logger_raw();  // Made before the handler is registered, so destroyed after it ran.
    static const bool registered = std::atexit([] { instance().end(kFlushAtExit); }) == 0;
    if (!registered) return;
    thread_ = std::thread([this] { run(); });
    mode_ = Mode::kQueued;
  }

  bool end(std::chrono::milliseconds within) {
    const std::lock_guard starting(starting_);
    std::unique_lock lock(mutex_);
    if (mode_ == Mode::kDirect) return true;
    if (thread_.get_id() == std::this_thread::get_id()) return false;  // The sink itself ends the process.
    mode_ = Mode::kEnding;
    work_.notify_all();
    if (!progress_.wait_for(lock, within, [this] { return ended_; })) {
      mode_ = Mode::kStuck;
      lost_ += waiting_.size();
      waiting_.clear();
      bytes_ = 0;
      return false;
    }
    lock.unlock();
    thread_.join();
    lock.lock();
    ended_ = false;
    mode_ = Mode::kDirect;
    return true;
  }

  bool flush(std::chrono::milliseconds within) {
    std::unique_lock lock(mutex_);
    if (mode_ == Mode::kDirect) return true;
    if (mode_ == Mode::kStuck || thread_.get_id() == std::this_thread::get_id()) return false;
    const auto upto = added_;
    return progress_.wait_for(lock, within, [&] { return written_ >= upto || ended_; });
  }

  /// True when there was a thread, and it has ended. One whose sink blocks is left in peace.
  bool pause() { return mode_ == Mode::kQueued && flush(kFlushHalf) && end(kFlushAtExit); }

  void count_lost() noexcept { ++lost_; }
  unsigned long lost() const noexcept { return lost_; }

 private:
  /// Takes the line to the queue, or drops it; false: the caller has to write it.
  bool queued(const LogRecord& record) {
    const std::lock_guard lock(mutex_);
    if (mode_ == Mode::kDirect || mode_ == Mode::kEnding) return false;
    Line line(record);
    const auto bytes = line.bytes();
    if (mode_ == Mode::kStuck || waiting_.size() >= kWaitingLinesMax || bytes_ + bytes > kWaitingBytesMax) {
      ++lost_;
      ++dropped_;
      return true;
    }
    waiting_.push_back(std::move(line));
    bytes_ += bytes;
    ++added_;
    work_.notify_one();
    return true;
  }

  void run() {
    name_this_thread("lb-log");
    std::unique_lock lock(mutex_);
    for (;;) {
      work_.wait(lock, [this] { return !waiting_.empty() || mode_ != Mode::kQueued; });
      if (waiting_.empty()) break;
      const Line line = std::move(waiting_.front());
      waiting_.pop_front();
      bytes_ -= line.bytes();
      const auto dropped = std::exchange(dropped_, 0);
      lock.unlock();
      if (dropped > 0) say_dropped(dropped);
      write_counted(line);
      lock.lock();
      ++written_;
      progress_.notify_all();
    }
    ended_ = true;
    progress_.notify_all();
  }

  void say_dropped(unsigned long dropped) {
    try {
      const auto text = std::to_string(dropped) + " log lines were dropped here: the log's sink was too slow";
      write({LogLevel::kWarn, text, {}});
    } catch (...) {
      count_lost();
    }
  }

  void write_counted(const Line& line) {
    try {
      std::vector<LogField> fields;
      fields.reserve(line.fields.size());
      for (const auto& [name, value] : line.fields) fields.push_back({name, value});
      write({line.level, line.message, fields});
    } catch (...) {
      count_lost();
    }
  }

  void write(const LogRecord& record) {
    std::shared_ptr<const LogSink> sink;
    {
      const std::lock_guard lock(mutex_);
      sink = sink_;
    }
    if (sink) {
      (*sink)(record);
    } else {
      write_by_default(record);
    }
  }

  std::atomic<int> least_{kAskSpdlog};
  std::atomic<Mode> mode_{Mode::kDirect};  // Written under the mutex.
  std::atomic<unsigned long> lost_{0};
  std::mutex starting_;  // One start or end at a time; taken before the other.
  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable progress_;
  std::shared_ptr<const LogSink> sink_{};
  std::deque<Line> waiting_{};
  std::size_t bytes_ = 0;
  unsigned long dropped_ = 0;  // Since the sink last took a line.
  unsigned long added_ = 0;
  unsigned long written_ = 0;
  bool ended_ = false;
  std::thread thread_{};
};

}  // namespace

bool log_enabled(LogLevel level) noexcept {
  return Log::instance().enabled(level);
}

void log(LogLevel level, std::string_view line) noexcept {
  log(level, line, {});
}

void log(LogLevel level, std::string_view line, std::span<const LogField> fields) noexcept {
  auto& log = Log::instance();
  if (!log.enabled(level)) return;
  try {
    log.add({level, line, fields});
  } catch (...) {
    log.count_lost();
  }
}

unsigned long lost_log_lines() noexcept {
  return Log::instance().lost();
}

void log_on_own_thread() noexcept {
  try {
    Log::instance().start();
  } catch (const std::exception& error) {
    log(LogLevel::kWarn, "no thread for the log, a sink that blocks will delay other work",
        std::array{LogField{"error", error.what()}});
  }
}

bool flush_log(std::chrono::milliseconds within) noexcept {
  return Log::instance().flush(within);
}

bool log_on_callers_thread(std::chrono::milliseconds within) noexcept {
  return Log::instance().end(within);
}

LogPause::LogPause() noexcept : paused_(Log::instance().pause()) {}
LogPause::~LogPause() {
  if (paused_) log_on_own_thread();
}

}  // namespace longbeat::internal

LONGBEAT_BEGIN

std::string to_string(const LogRecord& record) {
  std::string line;
  line.reserve(record.message.size());
  internal::append_one_line(line, record.message);
  for (const auto& field : record.fields) {
    line += ' ';
    internal::append_one_line(line, field.name);
    line += '=';
    internal::append_one_line(line, field.value);
  }
  return line;
}

void set_log_sink(LogSink sink, LogLevel least) {
  internal::Log::instance().set_sink(std::move(sink), least);
}

LONGBEAT_END
