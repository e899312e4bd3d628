#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/timer_heap.h"

namespace longbeat::server {

struct ControlQueue;

/// Cancel commands on their way to workers, by control queue (one per worker process). Best effort: a command waits a
/// few seconds for a poll, and as long for the word that it was taken; then it goes out again, a few times in all.
/// Workers may get one twice. Plain data; `now` never goes back.
class WorkerCommands {
 public:
  using Time = internal::WallTime;
  static constexpr std::chrono::seconds kPatience{10};
  static constexpr std::int32_t kTriesMax = 3;
  static constexpr std::size_t kPendingMax = 1000;     ///< of one queue; beyond it the oldest goes
  static constexpr std::size_t kPerDeliveryMax = 200;  ///< tokens in one answer

  /// Shared by whoever remembers the queue; in a namespace there is one of a name at a time.
  using Queue = std::shared_ptr<ControlQueue>;
  Queue queue(std::uint32_t namespace_id, std::string_view name);

  /// The attempt that `task_token` names shall be canceled. Says it once, however often it is told before a poll comes.
  void tell(const Queue& queue, std::string task_token, Time now);

  void park(const Queue& queue, std::uint64_t call);
  void unpark(const Queue& queue, std::uint64_t call);

  struct Delivery {
    std::uint64_t call = 0;    ///< of the poll, which waits no more
    std::uint64_t number = 0;  ///< for settle(); never 0
    std::vector<std::string> task_tokens{};
    Time scheduled_time{};  ///< when the first of them was told
  };
  /// Also gives up, or tries again, what has waited too long.
  std::optional<Delivery> next_delivery(Time now);

  enum class Settled : std::int8_t { kDone, kUnknown, kOfAnotherNamespace };
  /// The worker has answered. Unknown: answered before, or too late.
  Settled settle(std::uint32_t namespace_id, std::uint64_t number, bool failed, Time now);

  /// When next_delivery() has something to do without a new poll or command.
  std::optional<Time> next_deadline() const { return timers_.next_deadline(); }
  /// Commands that no worker took in time.
  std::uint64_t given_up() const { return given_up_; }
  std::size_t queues() const { return queues_.size(); }

 private:
  struct Command {
    std::string task_token{};
    Time told{};
    Time until{};  ///< while it waits for a poll
    std::int32_t tries = 0;
  };
  friend struct ControlQueue;
  struct Batch {
    Queue queue{};
    std::vector<Command> commands{};
    std::uint64_t timer = 0;
  };
  /// A batch that nobody confirmed, or (number 0) the first command that nobody fetched.
  struct Due {
    Queue queue{};
    std::uint64_t number = 0;
  };

  void wait_for_poll(const Queue& queue, Command command, Time now);
  void try_again(Batch batch, Time now);
  void expire(const Due& due, Time now);
  void touch(const Queue& queue);
  Delivery deliver(const Queue& queue, Time now);
  void forget_unused();

  std::map<std::pair<std::uint32_t, std::string>, Queue> queues_;
  std::size_t look_for_unused_at_ = 64;
  std::map<std::uint64_t, Batch> sent_;
  internal::TimerHeap<Time, Due> timers_;
  std::deque<Queue> touched_;  ///< May have a poll and a command.
  std::uint64_t last_number_ = 0;
  std::uint64_t given_up_ = 0;
};

}  // namespace longbeat::server
