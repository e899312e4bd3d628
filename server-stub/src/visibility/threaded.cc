#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include "base/log.h"
#include "visibility/projection.h"

namespace longbeat::server {
namespace {

using projection::Projection;

constexpr std::size_t kWriteAtOnceBytes = 4 * 1024 * 1024;  // So much has gathered: no more waiting for company.
constexpr std::size_t kRowsPerTransaction = 5'000;          // Questions wait for one of them at most.

class TimeBudget final : public projection::Budget {
 public:
  TimeBudget(const internal::Clock& clock, std::chrono::nanoseconds most) : clock_(clock), most_(most) {}
  void begin() override { end_ = clock_.now() + most_; }
  void end() override { end_.reset(); }
  bool spent() override { return end_ && clock_.now() > *end_; }

 private:
  const internal::Clock& clock_;
  std::chrono::nanoseconds most_;
  std::optional<internal::TimePoint> end_{};
};

std::size_t bytes_of(const ProjectionChange& change) {
  if (!change.activity) return 64;
  const ActivityRow& row = *change.activity;
  std::size_t bytes = sizeof(ProjectionChange) + 64 + row.activity_id.size() + row.run_id.size() + row.type.size() +
                      row.task_queue.size() + row.search_attributes.size();
  for (const AttributeValue& attribute : row.attributes) bytes += 64 + attribute.name.size() + attribute.json.size();
  return bytes;
}

/// Changes, of each row the newest, and the question that comes after them.
struct Work {
  std::vector<ProjectionChange> changes{};
  std::unordered_map<std::uint64_t, std::size_t> places{};  ///< row → its place in `changes`
  std::size_t bytes = 0;
  std::optional<std::pair<std::uint64_t, Question>> question{};
};

class ThreadedVisibility final : public Visibility {
 public:
  ThreadedVisibility(VisibilityOptions options, std::unique_ptr<Projection> projection, Sink sink)
      : options_(std::move(options)), sink_(std::move(sink)), projection_(std::move(projection)) {
    thread_ = std::thread([this] { run(); });
  }
  ~ThreadedVisibility() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    woken_.notify_one();
    thread_.join();
  }
  ThreadedVisibility(const ThreadedVisibility&) = delete;
  ThreadedVisibility& operator=(const ThreadedVisibility&) = delete;

  void apply(std::vector<ProjectionChange> changes) override {
    if (changes.empty()) return;
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      wake = queue_.empty();
      if (queue_.empty() || queue_.back().question) queue_.emplace_back();
      Work& work = queue_.back();
      const std::size_t before = work.bytes;
      for (ProjectionChange& change : changes) {
        const auto [place, fresh] = work.places.try_emplace(change.row, work.changes.size());
        work.bytes += bytes_of(change);
        if (fresh) {
          work.changes.push_back(std::move(change));
        } else {
          ProjectionChange& older = work.changes[place->second];
          work.bytes -= bytes_of(older);
          older = std::move(change);
        }
      }
      bytes_ += work.bytes - before;
      if (bytes_ > options_.queue_bytes_max) drop_changes();
      wake |= bytes_ > kWriteAtOnceBytes || overflowed_;
    }
    if (wake) woken_.notify_one();
  }

  void ask(std::uint64_t ticket, Question question) override {
    bool refused = false;
    {
      const std::lock_guard lock(mutex_);
      refused = questions_ >= options_.questions_max;
      if (!refused) {
        if (queue_.empty() || queue_.back().question) queue_.emplace_back();
        queue_.back().question.emplace(ticket, std::move(question));
        ++questions_;
      }
    }
    if (refused) {
      constexpr std::int32_t kSystemOverloaded = 3;
      constexpr std::int32_t kScopeSystem = 2;
      return sink_(ticket, Status{internal::StatusCode::kResourceExhausted, "too many list and count calls at once",
                                  internal::ResourceExhaustedDetail{kSystemOverloaded, kScopeSystem}});
    }
    woken_.notify_one();
  }

 private:
  /// Nothing is known of these rows from now on: whoever feeds us has to take the inventory again.
  void drop_changes() {
    for (Work& work : queue_) {
      work.changes.clear();
      work.places.clear();
      work.bytes = 0;
    }
    std::erase_if(queue_, [](const Work& work) { return !work.question; });
    bytes_ = 0;
    overflowed_ = true;
  }

  void run() {
    while (true) {
      Work work;
      bool overflowed = false;
      bool stopping = false;
      {
        std::unique_lock lock(mutex_);
        woken_.wait(lock, [this] { return stopping_ || overflowed_ || !queue_.empty(); });
        // Company may come for what nobody waits for.
        woken_.wait_for(lock, options_.linger, [this] {
          return stopping_ || overflowed_ || queue_.front().question || bytes_ > kWriteAtOnceBytes;
        });
        stopping = stopping_;
        overflowed = std::exchange(overflowed_, false);
        if (!queue_.empty()) {
          work = std::move(queue_.front());
          queue_.pop_front();
          bytes_ -= work.bytes;
          if (work.question) --questions_;
        } else if (stopping && !overflowed) {
          break;
        }
      }
      try {
        carry_out(work, overflowed, stopping);
      } catch (const std::exception& error) {
        // Out of memory: what was in hand is gone.
        lost(internal::internal_error(std::string("exception: ") + error.what()));
        if (work.question) sink_(work.question->first, internal::unavailable("list and count are not available now"));
      }
    }
    if (auto closed = projection_->close(); !closed) {
      internal::log(internal::LogLevel::kWarn, "close the visibility file: " + to_string(closed.error()));
    }
  }

  void carry_out(Work& work, bool overflowed, bool stopping) {
    work.places.clear();
    if (overflowed) {
      lost(Status{internal::StatusCode::kResourceExhausted, "changes came faster than they could be written", {}});
    }
    write(work.changes);
    if (!work.question) return;
    const auto question = std::move(*work.question);
    work.question.reset();
    answer(question.first, question.second, stopping);
  }

  void write(std::vector<ProjectionChange>& changes) {
    std::vector<ProjectionChange> some;
    for (std::size_t at = 0; at < changes.size(); at += some.size()) {
      some.clear();
      const std::size_t end = std::min(changes.size(), at + kRowsPerTransaction);
      for (std::size_t i = at; i < end; ++i) some.push_back(std::move(changes[i]));
      if (auto written = projection_->write(some); !written) return failed(written.error());
    }
  }

  void answer(std::uint64_t ticket, const Question& question, bool stopping) {
    if (stopping) return sink_(ticket, internal::unavailable("the server is stopping"));
    auto answer = projection_->answer(question);
    if (answer || answer.error().code != internal::StatusCode::kDataLoss) return sink_(ticket, std::move(answer));
    failed(answer.error());
    if (ticket == kInventoryTicket) return;
    sink_(ticket, internal::unavailable("the projection behind list and count is being built anew"));
  }

  /// What was to be written is gone, maybe the whole file.
  void failed(const Status& why) {
    if (why.code == internal::StatusCode::kDataLoss) {
      if (auto made = projection_->remake(); !made) return lost(made.error());
    }
    lost(why);
  }

  void lost(const Status& why) {
    if (why != last_logged_) internal::log(internal::LogLevel::kWarn, "list and count fall behind: " + to_string(why));
    last_logged_ = why;
    sink_(kInventoryTicket, why);
  }

  const VisibilityOptions options_;
  const Sink sink_;
  // The thread's.
  std::unique_ptr<Projection> projection_;
  Status last_logged_{};  ///< One line for one cause.

  std::mutex mutex_;
  std::condition_variable woken_;
  // Guarded by the mutex.
  std::deque<Work> queue_;
  std::size_t bytes_ = 0, questions_ = 0;
  bool overflowed_ = false;  ///< Changes were dropped, and nobody has been told yet.
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace

StatusOr<std::unique_ptr<Visibility>> open_visibility(VisibilityOptions options, Visibility::Sink sink) {
  auto projection =
      Projection::open(options.path, std::make_unique<TimeBudget>(*options.clock, options.query_time_max));
  if (!projection) {
    const Status& error = projection.error();
    return Status{error.code, "visibility file '" + options.path + "': " + error.message, {}};
  }
  return std::unique_ptr<Visibility>(
      std::make_unique<ThreadedVisibility>(std::move(options), std::move(*projection), std::move(sink)));
}

}  // namespace longbeat::server
