#include <filesystem>
#include <functional>
#include <utility>

#include "support/temporary_directory.h"
#include "unit/engine/engine_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;
namespace internal = longbeat::internal;

namespace {

/// A room whose engine has a projection from its first open() on.
struct ListRoom : Room {
  explicit ListRoom(std::string file = {}) : Room(EngineOptions()) {
    engine.reset();
    disk = std::make_shared<SimulatedDisk>();
    projection = true;
    projection_file = std::move(file);
    open();
  }

  CollectingSink& ask(Request request) {
    CollectingSink& sink = submit(std::move(request));
    step();
    step();  // The answer came inside the first one; the second releases it.
    return sink;
  }
  std::string ids(const std::string& query = {}) {
    std::string text;
    for (const ActivityRow& row :
         ask(ListActivitiesRequest{"default", query, {}, 0}).get<ListActivitiesReply>().page.rows) {
      text += (text.empty() ? "" : " ") + row.activity_id;
    }
    return text;
  }
  std::int64_t count(const std::string& query = {}) {
    return ask(CountActivitiesRequest{"default", query}).get<CountActivitiesReply>().count.count;
  }
};

}  // namespace

TEST_CASE("list and count show what the engine has committed", "[server][engine][visibility]") {
  ListRoom room;
  room.start("a");
  room.now += 1s;
  StartRequest delayed = room.start_request("b");
  delayed.start_delay = RawDuration{60, 0};
  room.call(delayed);
  CHECK(room.ids() == "b a");
  CHECK(room.count("ExecutionStatus = 'Running'") == 2);

  SECTION("with every field of an item") {
    const ActivityRow row = room.ask(ListActivitiesRequest{"default", "ActivityId = 'b'", {}, 0})
                                .get<ListActivitiesReply>()
                                .page.rows.at(0);
    CHECK(row.run_id == internal::to_string(room.state("b")->input->run_id));
    CHECK(row.type == "copy");
    CHECK(row.task_queue == "q");
    CHECK(row.start_time == kStart + 1s);
    CHECK(row.execution_time == kStart + 61s);
    CHECK(row.state_size_bytes > 0);
    CHECK_FALSE(row.close_time);
  }
  SECTION("closed ones behind, with the count of their changes") {
    const std::string token = room.poll().token;
    room.beat(token, "half");
    room.now += 10s;
    room.complete(token, "done");
    CHECK(room.ids() == "b a");
    CHECK(room.ids("ExecutionStatus = 'Completed' AND ExecutionDuration = '11s'") == "a");
    const ActivityRow row = room.ask(ListActivitiesRequest{"default", "ActivityId = 'a'", {}, 0})
                                .get<ListActivitiesReply>()
                                .page.rows.at(0);
    CHECK(row.state_transition_count == room.state("a")->progress.transition_count);
    CHECK(row.close_time == room.now);
  }
  SECTION("with the options that an operator has given them since") {
    UpdateOptionsRequest update;
    update.run = room.run("a");
    update.update_mask = std::vector<std::string>{"task_queue.name"};
    update.options = WireOptions{.task_queue = "other"};
    REQUIRE(room.call(update).ok());
    CHECK(room.ids("TaskQueue = 'other'") == "a");
    CHECK(room.ids("TaskQueue = 'q'") == "b");
  }
  SECTION("in pages of the size asked for, 1000 when that is none") {
    const auto page = [&](int size, const std::string& token) {
      return room.ask(ListActivitiesRequest{"default", "", token, size}).get<ListActivitiesReply>().page;
    };
    const ActivityPage first = page(1, {});
    CHECK(first.rows.size() == 1);
    CHECK(page(1, first.next_page_token).rows.at(0).activity_id == "a");
    for (const int size : {0, -5, 1001}) CHECK(page(size, {}).rows.size() == 2);
  }
  SECTION("no more what was deleted") {
    room.call(DeleteRequest{room.run("a")});
    CHECK(room.ids() == "b");
  }
  SECTION("not in another namespace, and not in one that nobody knows") {
    CHECK(room.ask(ListActivitiesRequest{"elsewhere", "", {}, 0}).refusal().code == internal::StatusCode::kNotFound);
    CHECK(room.ask(CountActivitiesRequest{"", ""}).refusal().message == "Namespace is empty.");
    CHECK(room.ask(ListWorkflowsRequest{"elsewhere"}).refusal().code == internal::StatusCode::kNotFound);
    CHECK(room.ask(ListWorkflowsRequest{"default"}).ok());
  }
  SECTION("a wrong query is INVALID_ARGUMENT") {
    const Status& refusal = room.ask(ListActivitiesRequest{"default", "Foo = 1", {}, 0}).refusal();
    CHECK(refusal.code == internal::StatusCode::kInvalidArgument);
    CHECK_THAT(refusal.message, ContainsSubstring("unknown field 'Foo' at position 1"));
  }
}

TEST_CASE("without a projection list and count are UNIMPLEMENTED", "[server][engine][visibility]") {
  Room room;
  CHECK(room.call(ListActivitiesRequest{"default", "", {}, 0}).refusal().code == internal::StatusCode::kUnimplemented);
  CHECK(room.call(CountActivitiesRequest{"default", ""}).refusal().code == internal::StatusCode::kUnimplemented);
}

namespace {

/// Hears everything and says nothing.
class Silent final : public Visibility {
 public:
  void apply(std::vector<ProjectionChange>) override {}
  void ask(std::uint64_t, Question) override {}
};

}  // namespace

TEST_CASE("a list that is not answered", "[server][engine][visibility]") {
  CollectingSink sink;  // Outlives the engine.
  EngineOptions options;
  options.seed = 1;
  options.visibility = std::make_unique<Silent>();
  auto engine = Engine::open(make_memory_store(), std::move(options), kStart).value();
  engine->submit({1, ListActivitiesRequest{"default", "", {}, 0}, 5s, &sink});
  engine->step({kStart, kStart});
  CHECK_FALSE(sink.answered());

  SECTION("ends when the caller's patience does") {
    engine->step({kStart + 5s, kStart + 5s});
    CHECK(sink.refusal().code == internal::StatusCode::kDeadlineExceeded);
  }
  SECTION("ends when the caller goes, and a late answer harms nobody") {
    engine->caller_gone(1);
    engine->step({kStart, kStart});
    CHECK(sink.refusal().code == internal::StatusCode::kCancelled);
    engine->answered(1, Answer(ActivityPage{}));
    engine->step({kStart, kStart});
    CHECK(sink.replies == 1);
  }
  SECTION("ends when the server stops") {
    engine->stop_accepting();
    CHECK(sink.refusal().code == internal::StatusCode::kUnavailable);
  }
}

TEST_CASE("a projection that missed something is told", "[server][engine][visibility][recovery]") {
  const TemporaryDirectory directory;
  const std::string file = directory.file("db.visibility");
  ListRoom room(file);
  for (int i = 0; i < 8; ++i) room.start("a" + std::to_string(i));
  for (int i = 0; i < 3; ++i) room.complete(room.poll().token);
  CHECK(room.count() == 8);

  SECTION("everything, when its file is gone") {
    room.engine.reset();
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file + suffix);
    room.open();
    room.pass(1s);
    CHECK(room.count() == 8);
    CHECK(room.count("ExecutionStatus = 'Completed'") == 3);
    CHECK(room.ids("ActivityId = 'a7'") == "a7");
  }
  SECTION("what happened while there was none") {
    room.projection = false;
    room.crash_and_reopen(1s);
    room.complete(room.poll().token);
    room.start("b");
    room.call(DeleteRequest{room.run("a0")});
    room.call(DeleteRequest{room.run("a7")});
    room.projection = true;
    room.crash_and_reopen(1s);
    room.pass(1s);
    CHECK(room.count() == 7);
    CHECK(room.count("ExecutionStatus = 'Completed'") == 3);
    CHECK(room.ids("ActivityId IN ('a0', 'a7', 'b')") == "b");
  }
  SECTION("of a commit that failed nothing") {
    room.disk->fail_next_commit(CommitFault::kNothingApplied);
    room.call(room.start_request("lost"));
    room.crash_and_reopen(1s);
    room.pass(1s);
    CHECK(room.count() == 8);
  }
  SECTION("of a commit that was applied though it failed everything") {
    room.disk->fail_next_commit(CommitFault::kAppliedButFailed);
    room.call(room.start_request("kept"));
    room.crash_and_reopen(1s);
    room.pass(1s);
    CHECK(room.ids("ActivityId = 'kept'") == "kept");
  }
  SECTION("in slices, with callers served between them") {
    for (int i = 0; i < 5'000; ++i) room.submit(room.start_request("many" + std::to_string(i)));
    room.step();
    room.engine.reset();
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file + suffix);
    room.open();
    room.step(), room.step();
    CHECK(room.count() < 5'008);
    room.start("between");
    room.pass(5s);
    CHECK(room.count() == 5'009);
  }
  SECTION("of another store's rows it keeps none") {
    room.engine.reset();
    room.disk = std::make_shared<SimulatedDisk>();
    room.open();
    room.start("other");
    room.pass(1s);
    CHECK(room.ids() == "other");
  }
}

namespace {

/// Comes to what it was given when the test lets it, in order, as one does whose thread is busy.
class Slow final : public Visibility {
 public:
  explicit Slow(std::unique_ptr<Visibility> projection) : projection_(std::move(projection)) {}
  void apply(std::vector<ProjectionChange> changes) override {
    for (const ProjectionChange& change : changes) fed_ += change.caught_up ? 1 : 0;
    waiting_.emplace_back([this, changes = std::move(changes)] { projection_->apply(changes); });
  }
  void ask(std::uint64_t ticket, Question question) override {
    ++questions_;
    waiting_.emplace_back([this, ticket, question = std::move(question)] { projection_->ask(ticket, question); });
  }
  void catch_up() {
    for (const auto& work : std::exchange(waiting_, {})) work();
  }
  /// Questions that it was asked in all, and rows that it was given because it had missed them.
  int questions() const { return questions_; }
  int fed() const { return fed_; }

 private:
  std::unique_ptr<Visibility> projection_;
  std::vector<std::function<void()>> waiting_;
  int questions_ = 0, fed_ = 0;
};

/// Eight activities, of which the middle ones are closed, and a projection that is slow.
struct SlowRoom : Room {
  SlowRoom() {
    for (int i = 0; i < 8; ++i) start("a" + std::to_string(i));
    for (int i = 2; i < 6; ++i) call(TerminateRequest{.run = run("a" + std::to_string(i))});
  }
  void open_slow(const std::string& file) {
    engine.reset();
    auto prompt = open_synchronous_visibility({.path = file}, [this](std::uint64_t ticket, auto answer) {
      if (engine) engine->answered(ticket, std::move(answer));
    });
    auto made = std::make_unique<Slow>(std::move(prompt).value());
    slow = made.get();
    EngineOptions options;
    options.seed = 1;
    options.visibility = std::move(made);
    engine = Engine::open(std::make_unique<CrashableStore>(disk), std::move(options), now).value();
    step();
  }
  /// Each second it comes to what it was given.
  void live(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      slow->catch_up();
      pass(1s);
    }
  }
  std::int64_t count() {
    CollectingSink& sink = call(CountActivitiesRequest{"default", ""});
    slow->catch_up();
    step();
    return sink.get<CountActivitiesReply>().count.count;
  }
  Slow* slow = nullptr;
};

}  // namespace

TEST_CASE("a projection that is slow", "[server][engine][visibility]") {
  const TemporaryDirectory directory;
  SlowRoom room;
  room.open_slow(directory.file("db.visibility"));

  SECTION("is asked one thing at a time, and nothing happens meanwhile") {
    room.pass(10s);
    CHECK(room.slow->questions() == 1);
    CHECK(room.engine->next_wakeup() > room.now);
    room.slow->catch_up();
    room.pass(10s);
    CHECK(room.slow->questions() == 2);
    CHECK(room.engine->next_wakeup() > room.now);
  }
  SECTION("is told all that it has missed") {
    room.live(5);
    CHECK(room.slow->fed() == 8);
    CHECK(room.count() == 8);
    SECTION("and nothing of what it has, whatever is closed of it and whatever is open") {
      room.open_slow(directory.file("db.visibility"));
      room.live(5);
      CHECK(room.slow->questions() == 2);
      CHECK(room.slow->fed() == 0);
      CHECK(room.count() == 8);
    }
  }
  SECTION("is asked anew when it has lost something, but not at once") {
    room.engine->answered(kInventoryTicket, internal::Status{internal::StatusCode::kUnavailable, "too much", {}});
    room.step();
    CHECK(room.slow->questions() == 1);
    room.pass(5s);
    CHECK(room.slow->questions() == 2);
    room.live(5);
    CHECK(room.count() == 8);
  }
}

TEST_CASE("search attributes of a start must be registered and of their type", "[server][engine][visibility]") {
  ListRoom room;
  const auto with = [&](const std::string& name, const std::string& json) {
    StartRequest request = room.start_request("x");
    request.attributes.push_back({name, "Keyword", json});
    return request;
  };
  CHECK(room.call(with("Color", "\"red\"")).refusal().message ==
        "Namespace default has no mapping defined for search attribute Color");
  AddSearchAttributesRequest add;
  add.namespace_name = "default";
  add.attributes = {{"Size", 3}};
  CollectingSink& added = room.call(add);
  REQUIRE(added.ok());
  CHECK_THAT(room.call(with("Size", "\"red\"")).refusal().message, ContainsSubstring("Size of type Int"));
  CHECK(room.call(with("Size", "17")).ok());
}
