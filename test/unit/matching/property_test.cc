// Random interleavings against a model that is too simple to be wrong: lists that are searched from end to end.
#include <algorithm>
#include <map>
#include <set>

#include "base/random.h"
#include "unit/matching/queue_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

namespace {

using longbeat::internal::Random;

struct ModelTask {
  std::uint64_t row;
  std::string queue;
  std::int32_t level;
  std::string key;
  TaskQueues::Time due;
  std::uint64_t arrival;
};
struct ModelPoll {
  std::uint64_t call;
  std::string queue;
};

/// Everything that waits, and the rules that hold without fairness being modelled: of its level and key a task must be
/// the oldest, its level the first that has any, and its poll the first of the queue.
struct Model {
  std::vector<ModelTask> tasks;
  std::vector<ModelPoll> polls;
  bool key_rates = false;

  void check_and_take(const TaskQueues::Match& match) {
    const auto task = std::ranges::find(tasks, match.row, &ModelTask::row);
    REQUIRE(task != tasks.end());  // Neither lost nor doubled nor withdrawn.
    const auto first_poll = std::ranges::find(polls, task->queue, &ModelPoll::queue);
    REQUIRE(first_poll != polls.end());
    CHECK(first_poll->call == match.call);
    for (const ModelTask& other : tasks) {
      if (other.queue != task->queue || other.row == task->row) continue;
      if (!key_rates) CHECK(other.level >= task->level);
      if (other.level != task->level || other.key != task->key) continue;
      CHECK((other.due > task->due || (other.due == task->due && other.arrival > task->arrival)));
    }
    polls.erase(first_poll);
    tasks.erase(task);
  }
  bool has_pair() const {
    return std::ranges::any_of(
        tasks, [&](const ModelTask& task) { return std::ranges::count(polls, task.queue, &ModelPoll::queue) > 0; });
  }
};

struct Run {
  explicit Run(std::uint64_t seed) : random(seed), limited(seed % 3 == 1) { model.key_rates = seed % 3 == 2; }

  std::string any_queue() { return "q" + std::to_string(random.below(4)); }

  void add() {
    const std::string queue = any_queue();
    const auto priority = static_cast<std::int32_t>(random.below(6));
    const std::string key = random.chance(50) ? "" : "key " + std::to_string(random.below(5));
    const auto due = now - std::chrono::milliseconds(random.below(50));
    const auto weight = static_cast<float>(random.below(40)) / 10;
    const std::uint64_t row = ++last;
    places[row] = queues.add_task(1, queue, {row, priority, key, weight, due}, now);
    model.tasks.push_back({row, queue, priority == 0 ? 3 : priority, key, due, row});
  }
  void park() {
    const std::string queue = any_queue();
    const std::uint64_t call = ++last;
    places[call] = queues.park(1, queue, {call, "w" + std::to_string(random.below(3)), {}, {}}, now);
    model.polls.push_back({call, queue});
  }
  void withdraw() {
    if (model.tasks.empty()) return;
    const auto at = model.tasks.begin() + static_cast<std::ptrdiff_t>(random.below(model.tasks.size()));
    queues.remove_task(places.at(at->row));
    model.tasks.erase(at);
  }
  void leave() {
    if (model.polls.empty()) return;
    const auto at = model.polls.begin() + static_cast<std::ptrdiff_t>(random.below(model.polls.size()));
    queues.unpark(places.at(at->call));
    model.polls.erase(at);
  }
  void configure() {
    QueueConfig config;
    if (limited && random.chance(70)) {
      config.queue_rate = RateSetting{static_cast<float>(random.below(300)), {}, {}, now};
    }
    if (model.key_rates && random.chance(70)) {
      config.fairness_keys_rate_default = RateSetting{static_cast<float>(random.below(100)), {}, {}, now};
    }
    if (random.chance(30)) config.weight_overrides["key 1"] = static_cast<float>(1 + random.below(9));
    queues.configure(1, any_queue(), config, now);
  }
  void match() {
    while (const auto match = queues.next_match(now)) {
      model.check_and_take(*match);
      if (random.chance(20)) add();  // As a retry would.
    }
    CHECK(queues.tasks() == model.tasks.size());
    CHECK(queues.polls() == model.polls.size());
    if (!limited && !model.key_rates) CHECK_FALSE(model.has_pair());
  }
  void step() {
    const auto what = random.below(100);
    if (what < 35) {
      add();
    } else if (what < 70) {
      park();
    } else if (what < 78) {
      withdraw();
    } else if (what < 86) {
      leave();
    } else if (what < 90) {
      configure();
    } else {
      match();
    }
    now += random.chance(1) ? std::chrono::milliseconds(400'000) : std::chrono::milliseconds(random.below(20));
  }
  /// Without limits and with enough polls everything that waits goes.
  void drain() {
    for (int queue = 0; queue < 4; ++queue) queues.configure(1, "q" + std::to_string(queue), {}, now);
    for (const ModelTask& task : std::vector<ModelTask>(model.tasks)) {
      const std::uint64_t call = ++last;
      places[call] = queues.park(1, task.queue, {call, "w", {}, {}}, now);
      model.polls.push_back({call, task.queue});
    }
    while (const auto match = queues.next_match(now)) model.check_and_take(*match);
    CHECK(model.tasks.empty());
    CHECK(queues.tasks() == 0);
    for (const ModelPoll& poll : model.polls) queues.unpark(places.at(poll.call));
    CHECK(queues.polls() == 0);
    now += 6min;
    CHECK_FALSE(queues.next_match(now));
    CHECK(queues.queues() == 0);
  }

  Random random;
  bool limited;
  TaskQueues queues;
  Model model;
  std::map<std::uint64_t, TaskQueues::Place> places;
  TaskQueues::Time now = kStart;
  std::uint64_t last = 0;
};

}  // namespace

TEST_CASE("no task is lost or handed out twice, whatever happens in between", "[server][matching][property]") {
  const auto seed = GENERATE(range(0, 150));
  CAPTURE(seed);
  Run run(static_cast<std::uint64_t>(seed));
  for (int i = 0; i < 400; ++i) run.step();
  run.match();
  run.drain();
}

TEST_CASE("a queue that is held back always wakes", "[server][matching][property]") {
  const auto seed = GENERATE(range(0, 50));
  CAPTURE(seed);
  Random random(static_cast<std::uint64_t>(seed));
  QueueRoom room;
  const auto rate = static_cast<float>(1 + random.below(50));
  room.limit(random.chance(50) ? std::optional(rate) : std::nullopt,
             random.chance(50) ? std::optional(rate / 2) : std::nullopt);
  std::uint64_t left = 50 + random.below(100);
  for (std::uint64_t row = 0; row < left; ++row) {
    (void)room.add(row, static_cast<std::int32_t>(random.below(5)), "key " + std::to_string(random.below(4)));
    (void)room.park(row);
  }
  left -= room.rows().size();
  bool in_vain = false;
  while (left > 0) {
    REQUIRE(room.queues.next_ready());
    REQUIRE(*room.queues.next_ready() > room.now);
    room.now = *room.queues.next_ready();
    const auto went = room.rows().size();
    REQUIRE((went > 0 || !in_vain));  // The queue may have its rate again, and then no key has.
    in_vain = went == 0;
    left -= went;
  }
}
