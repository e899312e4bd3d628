#include "local/stage.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/this_thread.h"
#include "local/stage_loop.h"

namespace longbeat::server {

namespace {

/// The longest wait of the stage's thread, which bounds how late a timer runs after the machine has slept.
constexpr auto kLongestWait = std::chrono::milliseconds(50);
/// The longest of a thread that waits here, which then looks again.
constexpr std::chrono::nanoseconds kLongestSleep = std::chrono::hours(1);

Stage::WaitEnd refused_while_looking() {
  return {Stage::Ended::kRefused,
          "asked for by the condition of a wait on the same server, which looks only: nothing moves before it answers"};
}

}  // namespace

TimePoint Stage::real_now() {
  return internal::system_clock().now();
}

/// Marks a thread that asks the condition of a wait.
class Stage::Looking {
 public:
  explicit Looking(const Stage& at) : at_(at), outer_(std::exchange(innermost_, this)) {}
  ~Looking() { innermost_ = outer_; }
  Looking(const Looking&) = delete;
  Looking& operator=(const Looking&) = delete;

  static bool by_this_thread_at(const Stage& stage) {
    for (const Looking* each = innermost_; each != nullptr; each = each->outer_) {
      if (&each->at_ == &stage) return true;
    }
    return false;
  }

 private:
  static thread_local const Looking* innermost_;
  const Stage& at_;
  const Looking* const outer_;
};
thread_local const Stage::Looking* Stage::Looking::innermost_ = nullptr;

StageThread::StageThread(bool manual, StagePatience patience) : stage_(std::make_shared<Stage>(manual, patience)) {
  thread_ = std::thread([stage = stage_.get()] {
    internal::name_this_thread("lb-stage");
    stage->run();
  });
}

StageThread::~StageThread() {
  stage_->stop();
  thread_.join();
}

void Stage::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  work_came_.notify_all();
  changed_.notify_all();
}

bool Stage::post(StageLoop& loop, std::function<void()> work, bool only_looks) {
  const std::lock_guard lock(mutex_);
  if (loop.closed_ || stopping_) return false;
  posted_.push_back({&loop, std::move(work), only_looks});
  work_came_.notify_one();
  return true;
}

void Stage::run() {
  thread_id_ = std::this_thread::get_id();
  std::unique_lock lock(mutex_);
  last_idle_ = clock_->now();
  while (!stopping_) {
    if (!run_one(lock)) rest(lock);
  }
}

bool Stage::run_one(std::unique_lock<std::mutex>& lock) {
  std::function<void()> work;
  bool only_looks = false;
  if (!posted_.empty()) {
    only_looks = posted_.front().only_looks;
    work = std::move(posted_.front().work);
    posted_.pop_front();
  } else {
    const TimePoint now = clock_->now();
    for (auto each = loops_.rbegin(); each != loops_.rend(); ++each) {  // Clients before their server.
      StageLoop* const loop = *each;
      auto due = loop->targets_.pop_due(now);
      if (!due) due = loop->keepalives_.pop_due(now);
      if (!due) continue;
      work = std::move(*due);
      break;
    }
  }
  if (!work) return false;
  if (!only_looks) something_happened_ = true;
  lock.unlock();
  work();
  work = nullptr;
  lock.lock();
  return true;
}

/// Everything that is due has been done.
void Stage::rest(std::unique_lock<std::mutex>& lock) {
  last_idle_ = clock_->now();
  if (std::exchange(something_happened_, false)) {
    ++epoch_;
    changed_.notify_all();
  }
  if (clock_->manual()) return rest_manual(lock);
  const auto next = next_timer(false).value_or(TimePoint::max());
  const auto until = std::min<std::chrono::nanoseconds>(kLongestWait, next - last_idle_);
  work_came_.wait_for(lock, std::max(until, std::chrono::nanoseconds::zero()));
}

void Stage::rest_manual(std::unique_lock<std::mutex>& lock) {
  const bool advancing = !goals_.empty() && !goals_.front().reached;
  const bool waited_for = advancing || anybody_waits();
  const TimePoint real = real_now();
  if (!waited_for) not_idle_since_ = nothing_left_since_ = std::nullopt;
  const std::string who = waited_for ? who_is_busy(advancing, real) : std::string();
  if (waited_for && who.empty()) {
    not_idle_since_.reset();
    if (advancing ? goals_reached() || move(goals_.front().goal) : move(TimePoint::max())) {
      nothing_left_since_.reset();
      return tell_who_waits_long(lock, real);
    }
    if (!nothing_left_since_) nothing_left_since_ = real;
    if (real - *nothing_left_since_ >= patience_.idle)
      complain(lock, "nobody is at work, and nothing is planned", false);
  } else if (waited_for) {
    nothing_left_since_.reset();
    if (!not_idle_since_) not_idle_since_ = real;
    const auto since = real - *not_idle_since_;
    if (advancing && since >= patience_.advance && pass_over_workers(real)) return not_idle_since_.reset();
    if (since >= patience_.idle) complain(lock, who, true);
  }
  work_came_.wait_for(lock, longest_rest(real));
}

/// Moves time by one step towards `goal`, or when that is the end of time towards the next target. False when there is
/// none.
bool Stage::move(TimePoint goal) {
  TimePoint to = goal;
  if (goal == TimePoint::max()) {
    to = next_timer(true).value_or(TimePoint::max());
    for (const Waiter& waiter : waiters_) to = std::min(to, waiter.until);
    if (to == TimePoint::max()) return false;
  }
  to = std::min(to, next_timer(false).value_or(TimePoint::max()));
  for (const Waiter& waiter : waiters_) to = std::min(to, waiter.until);
  if (to <= clock_->now()) return false;  // A thread whose wait is over has yet to leave.
  clock_->now_.store(to.time_since_epoch().count());
  something_happened_ = true;
  return true;
}

bool Stage::goals_reached() {
  bool reached = false;
  for (Call& call : goals_) {
    if (call.reached || call.goal > clock_->now()) continue;
    call.reached = reached = true;
  }
  if (reached) {
    sort_goals();
    changed_.notify_all();
  }
  return reached;
}

void Stage::sort_goals() {
  goals_.sort([](const Call& a, const Call& b) { return !a.reached && (b.reached || a.goal < b.goal); });
}

/// Time moves, and what they wait for may never come: so the program hears of it.
void Stage::tell_who_waits_long(std::unique_lock<std::mutex>& lock, TimePoint real) {
  const auto any_since_long = [&](std::list<Call>& calls) {
    bool any = false;
    for (Call& call : calls) {
      if (call.told || call.reached || real - call.since < patience_.moving) continue;
      call.told = any = true;
    }
    return any;
  };
  const bool advance = any_since_long(goals_), blocks = any_since_long(calls_waiting_);
  if (!advance && !blocks) return;
  const std::string what = advance ? "advance() has been on its way" : "a blocking call has waited";
  const auto seconds = [](auto time) { return std::to_string(time / std::chrono::seconds(1)) + " s"; };
  const std::string text = what + " for " + seconds(patience_.moving) +
                           " of real time, and the local server's clock has come to " + seconds(clock_->passed()) +
                           ": much happens on the way, or something repeats without end (an attempt that fails, a call "
                           "to a server that is dead)";
  lock.unlock();  // A log may be the program's own.
  internal::log(internal::LogLevel::kWarn, text);
  lock.lock();
}

void Stage::complain(std::unique_lock<std::mutex>& lock, const std::string& why, bool busy) {
  complaint_ = {busy ? Ended::kBusy : Ended::kNothingLeft, why};
  ++complaints_;
  (busy ? not_idle_since_ : nothing_left_since_).reset();
  changed_.notify_all();
  lock.unlock();  // A log may be the program's own.
  internal::log(internal::LogLevel::kWarn, "the local server's clock has stood still for " +
                                               std::to_string(patience_.idle / std::chrono::seconds(1)) +
                                               " s of real time while somebody waited: " + why);
  lock.lock();
}

bool Stage::pass_over_workers(TimePoint real) {
  bool any = false;
  for (Worker& worker : workers_) {
    const bool at_work = worker.at_work(real);
    any = any || (at_work && !worker.passed_over);
    worker.passed_over = at_work;
  }
  return any;
}

/// Empty: everything is idle.
std::string Stage::who_is_busy(bool for_advance, TimePoint real) const {
  std::string all;
  for (const Worker& worker : workers_) {
    if (!worker.at_work(real) || (for_advance && worker.passed_over)) continue;
    all += (all.empty() ? "" : "; ") + worker.who;
  }
  if (!all.empty()) return all;
  if (std::ranges::all_of(waiters_, [this](const Waiter& waiter) { return waiter.seen == epoch_; })) return "";
  // Only conditions of the program's own can take long, or make all the others look again and again.
  if (std::ranges::none_of(waiters_, &Waiter::jumps)) return "a thread that waits in an activity has not looked yet";
  return "the condition that a wait was given has not answered, or makes things happen each time it is asked: it looks "
         "only, and neither waits, nor calls a client, nor changes the server";
}

/// Until a thread that is awake has had its time, of which nobody tells.
std::chrono::nanoseconds Stage::longest_rest(TimePoint real) const {
  std::chrono::nanoseconds longest = kLongestWait;
  for (const Worker& worker : workers_) {
    if (const auto until = worker.awake.until(real); until && worker.waits > 0)
      longest = std::min(longest, *until - real);
  }
  return longest;
}

bool Stage::anybody_waits() const {
  return !calls_waiting_.empty() || std::ranges::any_of(waiters_, &Waiter::jumps);
}

std::optional<TimePoint> Stage::next_timer(bool targets_only) const {
  std::optional<TimePoint> next;
  const auto earlier = [&next](std::optional<TimePoint> at) {
    if (at) next = next ? std::min(*next, *at) : *at;
  };
  for (const StageLoop* loop : loops_) {
    earlier(loop->targets_.next_deadline());
    if (!targets_only) earlier(loop->keepalives_.next_deadline());
  }
  return next;
}

void Stage::happened() {
  something_happened_ = true;
  work_came_.notify_one();
}

Stage::WaitEnd Stage::wait_here(std::unique_lock<std::mutex>& lock, Waiter& waiter, const std::function<bool()>& over,
                                bool hears_complaints) {
  const auto complaints = complaints_;
  for (;;) {
    const auto epoch = epoch_;
    lock.unlock();
    const bool ended = over();
    lock.lock();
    if (ended) return {};
    if (stopping_) return {Ended::kStopped, "the local server's clock has stopped"};
    if (clock_->now() >= waiter.until) return {Ended::kLate, {}};
    const TimePoint real = real_now();
    if (real >= waiter.real_until) return {Ended::kRealLate, {}};
    waiter.seen = epoch;
    work_came_.notify_one();
    const auto woken = [&] { return stopping_ || epoch_ != epoch || (hears_complaints && complaints_ != complaints); };
    auto sleep = std::min(kLongestSleep, waiter.real_until - real);
    if (!clock_->manual()) sleep = std::min(sleep, waiter.until - clock_->now());
    changed_.wait_for(lock, sleep, woken);
    if (hears_complaints && complaints_ != complaints) return complaint_;
  }
}

Stage::WaitEnd Stage::wait_until(const std::function<bool()>& met, TimePoint until, TimePoint real_until) {
  if (Looking::by_this_thread_at(*this)) return refused_while_looking();
  std::unique_lock lock(mutex_);
  /// Its place among the waiters; a condition that throws leaves it too, without the lock.
  struct Place {
    Stage& stage;
    std::unique_lock<std::mutex>& lock;
    const std::list<Waiter>::iterator own;
    ~Place() {
      if (!lock.owns_lock()) lock.lock();
      stage.waiters_.erase(own);
      stage.work_came_.notify_one();
    }
  };
  const Place place{*this, lock, waiters_.insert(waiters_.end(), {until, true, real_until})};
  happened();
  const auto look = [&] {
    const Looking looking(*this);
    return met();
  };
  return wait_here(lock, *place.own, look, true);
}

Stage::WaitEnd Stage::advance(std::chrono::nanoseconds by) {
  if (Looking::by_this_thread_at(*this)) return refused_while_looking();
  std::unique_lock lock(mutex_);
  const TimePoint now = clock_->now();
  const auto goal = by < TimePoint::max() - now ? now + by : TimePoint::max();
  const auto own = goals_.insert(goals_.begin(), {real_now(), false, goal});
  sort_goals();
  const auto complaints = complaints_;
  happened();
  changed_.wait(lock, [&] { return stopping_ || own->reached || complaints_ != complaints; });
  const bool reached = own->reached;
  goals_.erase(own);
  if (reached) return {};
  return stopping_ ? WaitEnd{Ended::kStopped, "the local server's clock has stopped"} : complaint_;
}

}  // namespace longbeat::server
