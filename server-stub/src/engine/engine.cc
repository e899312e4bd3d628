#include "engine/engine.h"

#include <algorithm>
#include <exception>
#include <unordered_set>
#include <utility>

#include "base/planted.h"
#include "engine/engine_impl.h"

namespace longbeat::server {
namespace {

constexpr Duration kDiskFullPause = std::chrono::seconds(1);  // Between two looks whether there is room again.

}  // namespace

StatusOr<std::unique_ptr<Engine>> Engine::open(std::unique_ptr<Store> store, EngineOptions options, Time now) {
  auto engine = std::make_unique<EngineImpl>(std::move(store), std::move(options));
  if (auto recovered = engine->recover(now); !recovered) {
    return Status{recovered.error().code, engine->in_file(recovered.error()), {}};
  }
  return std::unique_ptr<Engine>(std::move(engine));
}

EngineImpl::EngineImpl(std::unique_ptr<Store> store, EngineOptions options)
    : store_(std::move(store)),
      options_(std::move(options)),
      random_(options_.seed != 0 ? options_.seed : internal::entropy()),
      rates_limited_(any_rate(options_.limits)),
      workers_({.workers_per_namespace_max = options_.limits.workers_per_namespace_max,
                .forgotten_after = options_.limits.worker_forgotten_after}) {}

EngineImpl::~EngineImpl() = default;

void EngineImpl::submit(Command command) {
  if (stopping_ || ended_) {
    inbox_.emplace_back(Refused{command.sink});
  } else {
    inbox_.emplace_back(std::move(command));
  }
}

void EngineImpl::caller_gone(CallId call) {
  inbox_.emplace_back(CallerGone{call});
}

void EngineImpl::hand_out_undelivered(const std::string& token) {
  inbox_.emplace_back(Undelivered{token});
}

void EngineImpl::answered(CallId call, StatusOr<Answer> answer) {
  inbox_.emplace_back(Answered{call, std::move(answer)});
}

void EngineImpl::callback_done(std::uint64_t ticket, OutboundResult result) {
  inbox_.emplace_back(CallbackDone{ticket, std::move(result)});
}

const RequestLimits& EngineImpl::limits_of(const Namespace* space) const {
  return space != nullptr ? limits_named(space->name) : options_.limits.requests;
}

void EngineImpl::step(StepTime time) {
  try {
    run_step(time);
  } catch (const std::exception& error) {
    // Half of a step may have been done (out of memory, a broken invariant): the host process goes on, this engine not.
    end(std::string("exception: ") + error.what());
    release();
  }
}

void EngineImpl::run_step(StepTime time) {
  // A reply may submit the next command at once; that one belongs to the next step.
  working_.swap(inbox_);
  step_items_ = working_.size();
  if (!ended_) {
    const Time before = now_;
    now_ = std::max(now_, time.now);
    queue_empty_at_ = time.queue_empty_at;
    if (running_attempts_ > 0 && now_ - before > kNormalGap && !options_.manual_time) {
      lost_time_ += now_ - before - kNormalGap;
      ++stats_.grace_added;
    }
  }
  for (next_item_ = 0; next_item_ < working_.size();) {
    InboxItem& item = working_[next_item_++];
    if (auto* refused = std::get_if<Refused>(&item)) {
      in_hand_ = refused->sink;
      answer(refused->sink, unavailable_now());
    } else if (auto* command = std::get_if<Command>(&item)) {
      in_hand_ = command->sink;
      apply(*command);
      in_hand_ = nullptr;  // Answered or parked.
    } else if (auto* gone = std::get_if<CallerGone>(&item)) {
      forget_caller(gone->call);
    } else if (auto* undelivered = std::get_if<Undelivered>(&item)) {
      undo_hand_out(undelivered->token);
    } else if (auto* answer = std::get_if<Answered>(&item)) {
      on_answered(answer->call, std::move(answer->answer));
    } else if (auto* done = std::get_if<CallbackDone>(&item)) {
      on_callback_done(done->ticket, done->result);
    }
  }
  working_.clear();
  next_item_ = 0;
  if (!ended_) {
    fire_timers();
    bury_some();
    sweep_retention();
    while (auto call = wait_timers_.pop_due(now_)) run_out(*call);
    match_tasks();
    deliver_commands();
    deliver_callbacks();
    if (planted(internal::Bug::kReplyBeforeCommit)) release();
    auto committed = broken_.empty() ? commit_batch() : StatusOr<>(internal::internal_error(broken_));
    if (committed) {
      finish_batch();
    } else {
      end(committed.error());
    }
  }
  release();
  if (!ended_) store_->maintain();
  if (!ended_ && backup_) continue_backup();
}

std::optional<Time> EngineImpl::next_event() const {
  if (!inbox_.empty()) return now_;
  if (ended_) return std::nullopt;
  std::optional<Time> next = timers_.next_deadline();
  const auto earlier = [&next](Time at) { next = next ? std::min(*next, at) : at; };
  if (const auto ready = queues_.next_ready()) earlier(*ready);
  if (const auto due = commands_.next_deadline()) earlier(*due);
  if (const auto due = delivery_timers_.next_deadline(); due && !stopping_) earlier(*due);
  if (next) next = std::max(*next, now_);
  return next;
}

std::optional<Time> EngineImpl::next_wakeup() const {
  std::optional<Time> wake = next_event();
  if (ended_ || !inbox_.empty()) return wake;
  const auto earlier = [&wake](Time at) { wake = wake ? std::min(*wake, at) : at; };
  if (const auto wait = wait_timers_.next_deadline()) earlier(*wait);
  if (closed_ > 0 || !dying_.empty()) earlier(next_sweep_);
  if (const auto inventory = inventory_wakeup()) earlier(*inventory);
  if (store_->disk_full()) earlier(later(now_, kDiskFullPause));
  if (const auto backup = backup_wakeup()) earlier(*backup);
  // Shows in time when this thread stood still, which counts against no attempt.
  if (running_attempts_ > 0 && !options_.manual_time) earlier(now_ + kNormalGap / 2);
  if (wake) wake = std::max(*wake, now_);
  return wake;
}

void EngineImpl::stop_accepting() {
  stopping_ = true;
  std::vector<CallId> calls;
  calls.reserve(parked_.size());
  for (const auto& [call, parked] : parked_) calls.push_back(call);
  std::ranges::sort(calls);
  for (const CallId call : calls) run_out(call);
  // Empty answers tell of nothing that would have to be durable first.
  release();
}

void EngineImpl::answer(ReplySink* sink, StatusOr<Reply> reply) {
  if (!reply) ++stats_.refused;
  releases_.push_back({sink, std::move(reply)});
  if (in_hand_ == sink) in_hand_ = nullptr;
}

void EngineImpl::release() {
  // A reply may call back into submit() or stop_accepting(): what they add is another list.
  std::vector<Release> releasing;
  releasing.swap(releases_);
  std::string failed;
  for (Release& one : releasing) {
    try {
      one.sink->reply(std::move(one.reply));
    } catch (const std::exception& error) {
      failed = std::string("exception in a reply: ") + error.what();  // The others still get theirs.
    }
  }
  releasing.clear();
  if (releases_.capacity() == 0) releases_.swap(releasing);  // Keeps the buffer.
  if (!failed.empty() && !ended_) {
    end(failed);
    release();
  }
}

void EngineImpl::end(const Status& why) {
  const bool first = !std::exchange(ended_, true);
  // Nobody knows what is on disk, so no answer of this step may leave, whatever it says.
  for (Release& one : releases_) one.reply = unavailable_now();
  std::unordered_set<ReplySink*> answered;
  for (const Release& one : releases_) answered.insert(one.sink);
  const auto owe = [&](ReplySink* sink) {
    if (sink != nullptr && answered.insert(sink).second) answer(sink, unavailable_now());
  };
  owe(std::exchange(in_hand_, nullptr));
  for (; next_item_ < working_.size(); ++next_item_) {
    if (const auto* command = std::get_if<Command>(&working_[next_item_])) owe(command->sink);
    if (const auto* refused = std::get_if<Refused>(&working_[next_item_])) owe(refused->sink);
  }
  working_.clear();
  next_item_ = 0;
  std::vector<std::pair<CallId, ReplySink*>> waiting;
  for (const auto& [call, parked] : parked_) waiting.emplace_back(call, parked.sink);
  std::ranges::sort(waiting);
  for (const auto& [call, sink] : waiting) owe(sink);
  give_up_backup();
  batch_.clear();
  removals_.clear();
  superseded_.clear();
  projected_.clear();
  parked_.clear();
  polls_of_worker_.clear();
  watchers_.clear();
  timers_.clear();
  wait_timers_.clear();
  deliveries_.clear();
  delivery_timers_.clear();
  tickets_.clear();
  deliveries_changed_.clear();
  open_.clear();
  use_.clear();
  index_ = {};
  texts_.clear();
  parked_polls_ = 0;
  running_attempts_ = 0;
  open_bytes_ = 0;
  if (!first) return;
  const std::string reason = why.code == StatusCode::kInternal ? why.message : to_string(why);
  if (why.code == StatusCode::kResourceExhausted && options_.on_disk_full) {
    // The file is sound, and the next engine wants it. Nothing here uses it any more.
    options_.visibility.reset();
    options_.outbound.reset();
    store_.reset();
    options_.on_disk_full(reason);
  } else if (options_.on_fatal) {
    options_.on_fatal(reason);
  }
}

EngineStats EngineImpl::stats() const {
  EngineStats stats = stats_;
  stats.open = open_.size();
  stats.open_bytes = open_bytes_;
  stats.closed = closed_;
  stats.undelivered = deliveries_.size();
  stats.parked_polls = parked_polls_;
  stats.parked_waits = parked_.size() - parked_polls_;
  stats.timers = timers_.size();
  return stats;
}

}  // namespace longbeat::server
