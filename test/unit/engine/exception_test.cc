#include <stdexcept>

#include "unit/engine/engine_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

namespace {

struct Throwing {
  bool on_commit = false, on_read = false;
};

/// Memory that throws when told to, as when memory is out.
class ThrowingStore final : public Store {
 public:
  explicit ThrowingStore(const Throwing& throwing) : throwing_(throwing) {}
  StatusOr<> commit(std::span<const Write> writes) override {
    if (throwing_.on_commit) throw std::bad_alloc();
    return rows_->commit(writes);
  }
  StatusOr<std::optional<std::string>> read(Table table, std::uint64_t key) override {
    if (throwing_.on_read) throw std::runtime_error("a page is missing");
    return rows_->read(table, key);
  }
  StatusOr<> scan(Table table, std::uint64_t first,
                  const std::function<bool(std::uint64_t, std::string_view)>& visit) override {
    return rows_->scan(table, first, visit);
  }

 private:
  const Throwing& throwing_;
  std::unique_ptr<Store> rows_ = make_memory_store();
};

class ThrowingSink final : public ReplySink {
 public:
  void reply(StatusOr<Reply>) override {
    ++replies;
    throw std::runtime_error("no room for the answer");
  }
  int replies = 0;
};

}  // namespace

TEST_CASE("an exception in a step ends the engine, and every call is answered once", "[server][engine]") {
  Room room;
  Throwing throwing;
  EngineOptions options;
  options.seed = 1;
  int ends = 0;
  options.on_fatal = [&](const std::string& reason) { room.fatal = reason, ++ends; };
  room.engine = Engine::open(std::make_unique<ThrowingStore>(throwing), std::move(options), room.now).value();
  room.start("closed");
  CHECK(room.complete(room.poll().token).ok());
  const CollectingSink& parked = room.call(room.poll_request());
  REQUIRE_FALSE(parked.answered());
  const std::size_t from = room.sinks.size() - 1;
  const auto check_all_unavailable = [&] {
    for (std::size_t i = from; i < room.sinks.size(); ++i) {
      CHECK(room.sinks[i].refusal().code == StatusCode::kUnavailable);
    }
    CHECK(ends == 1);
    CHECK(room.call(room.start_request("later")).refusal().code == StatusCode::kUnavailable);
    CHECK(ends == 1);
  };

  SECTION("when the commit throws, also the worker that had been given the task") {
    throwing.on_commit = true;
    room.submit(room.start_request("a"));
    room.submit(room.start_request("b"));
    room.step();
    check_all_unavailable();
  }
  SECTION("when one command of several throws, those before it and after it") {
    throwing.on_read = true;
    room.submit(room.start_request("a"));
    room.submit(PollOutcomeRequest{room.run("closed")});
    room.submit(room.start_request("b"));
    room.step();
    CHECK_THAT(room.fatal, ContainsSubstring("a page is missing"));
    check_all_unavailable();
  }
  SECTION("when a reply throws: that one is not repeated, the others keep theirs") {
    ThrowingSink throws;
    room.engine->submit({1000, room.start_request("a"), 70s, &throws});
    const CollectingSink& other = room.submit(room.start_request("b"));
    room.step();
    CHECK(throws.replies == 1);
    CHECK(other.ok());
    CHECK(parked.replies == 1);
    CHECK_THAT(room.fatal, ContainsSubstring("no room for the answer"));
    CHECK(room.call(room.start_request("later")).refusal().code == StatusCode::kUnavailable);
  }
}
