#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include "client/calls.h"

namespace longbeat::internal {
namespace {

/// Many starts on their way at once. The calling thread makes them, waits for their answers and ends them; the loop
/// only puts answers here.
class Window {
 public:
  using Convert = PreparedCall<StartedRun>::Convert;
  struct Answered {
    std::size_t index;
    Convert convert;
  };

  void put(std::size_t index, Convert convert) {
    {
      const std::lock_guard lock(mutex_);
      answers_.push_back({index, std::move(convert)});
      if (const auto waited = std::exchange(in_time_, nullptr)) waited->end();
    }
    came_.notify_one();
  }
  Answered take(const std::shared_ptr<Watch>& watch) {
    std::unique_lock lock(mutex_);
    if (watch && answers_.empty()) in_time_ = watch->wait();
    came_.wait(lock, [this] { return !answers_.empty(); });
    Answered answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<Answered> answers_;
  std::shared_ptr<TimeWait> in_time_{};
};

class ManyStarts {
 public:
  ManyStarts(ClientCore& core, std::string_view type, const StartManyOptions& many)
      : core_(core),
        type_(type),
        many_(many),
        deadline_(many.timeout ? deadline_after(core.connection->loop().now(), many.timeout) : std::nullopt),
        refused_(refusal_to_block(*core.connection)) {}

  std::vector<Result<StartedRun>> run(const std::function<std::optional<NextStart>()>& next) {
    for (;;) {
      while (under_way_.size() < many_.max_in_flight) {
        auto start = next_of(next);
        if (!start) break;
        begin(*std::move(start));
      }
      if (under_way_.empty()) break;
      end_one();
    }
    std::vector<Result<StartedRun>> results;
    results.reserve(results_.size());
    for (auto& result : results_) results.push_back(*std::move(result));
    return results;
  }

 private:
  using StopCallback = std::stop_callback<std::function<void()>>;
  struct UnderWay {
    CallEnds ends{};
    std::optional<StopCallback> stops_alone{}, stops_with_all{};
  };

  /// What the user's code throws passes on, but not before what is under way has its answers.
  std::optional<NextStart> next_of(const std::function<std::optional<NextStart>()>& next) {
    try {
      return next();
    } catch (...) {
      while (!under_way_.empty()) end_one();
      throw;
    }
  }

  void begin(NextStart start) {
    const std::size_t index = results_.size();
    results_.emplace_back();
    if (auto why = not_begun(start.options)) {
      results_[index] = *std::move(why);
      return;
    }
    auto call = prepare_start(core_, type_, start.options, std::move(start.input));
    if (call.refused) {
      results_[index] = ended_call<StartedRun>(*core_.counters, call.ends, *std::move(call.refused));
      return;
    }
    Loop& loop = core_.connection->loop();
    UnderWay& under_way = under_way_[index];
    under_way.ends = std::move(call.ends);
    const std::function<void()> cancel = [&loop, cancel = std::move(call.cancel)] {
      static_cast<void>(loop.post(cancel));
    };
    if (call.stop_token.stop_possible()) under_way.stops_alone.emplace(call.stop_token, cancel);
    if (many_.stop_token.stop_possible()) under_way.stops_with_all.emplace(many_.stop_token, cancel);
    const bool posted = loop.post([window = window_, index, start_call = std::move(call.start)] {
      start_call([window, index](Window::Convert convert) { window->put(index, std::move(convert)); });
    });
    if (!posted) window_->put(index, [what = call.what]() -> Result<StartedRun> { return canceled_error(what); });
  }

  /// Why this start is not even tried. Otherwise its time is cut to what all of them have.
  std::optional<Error> not_begun(StartOptions& options) {
    const std::string what = "start of activity '" + options.id + "'";
    if (refused_) return to_error(*refused_, what);
    if (many_.stop_token.stop_requested())
      return Error{ErrorCode::kCanceled, what + ": it was given up before it began", {}, {}};
    if (deadline_) {
      const Nanoseconds rest = *deadline_ - core_.connection->loop().now();
      if (rest <= Nanoseconds::zero())
        return Error{ErrorCode::kDeadlineExceeded, what + ": there was no time left for it", {}, {}};
      options.call.timeout = std::min(options.call.timeout.value_or(core_.call_timeout), rest);
    }
    return std::nullopt;
  }

  void end_one() {
    auto answer = window_->take(core_.connection->watch());
    const auto found = under_way_.find(answer.index);
    const auto ends = std::move(found->second.ends);
    under_way_.erase(found);
    results_[answer.index] = ended_call(*core_.counters, ends, answer.convert());
  }

  ClientCore& core_;
  std::string_view type_;
  const StartManyOptions& many_;
  std::optional<TimePoint> deadline_;
  std::optional<Status> refused_;
  std::shared_ptr<Window> window_ = std::make_shared<Window>();
  std::map<std::size_t, UnderWay> under_way_;
  std::vector<std::optional<Result<StartedRun>>> results_;
};

}  // namespace

std::vector<Result<StartedRun>> start_many(ClientCore& core, std::string_view type,
                                           const std::function<std::optional<NextStart>()>& next,
                                           const StartManyOptions& many) {
  if (many.max_in_flight > 0) return ManyStarts(core, type, many).run(next);
  std::vector<Result<StartedRun>> refused;
  const Error error{ErrorCode::kInvalidArgument, "StartManyOptions.max_in_flight is 0, must be at least 1", {}, {}};
  while (next()) refused.emplace_back(error);
  return refused;
}

}  // namespace longbeat::internal
