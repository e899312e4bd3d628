#include "core/stop_state.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <future>
#include <optional>
#include <stdexcept>

#include "base/clock.h"
#include "support/catch.h"

using namespace longbeat;
using namespace longbeat::internal;
using namespace std::chrono_literals;

namespace {

bool readable(int descriptor) {
  pollfd wait{descriptor, POLLIN, 0};
  return ::poll(&wait, 1, 0) == 1;
}

bool is_open(int descriptor) {
  return ::fcntl(descriptor, F_GETFD) != -1;
}

std::uint64_t read_from(int descriptor) {
  eventfd_t value = 0;
  return ::eventfd_read(descriptor, &value) == 0 ? value : 0;
}

}  // namespace

TEST_CASE("the reasons to stop", "[worker][stop]") {
  StopState stop;
  SECTION("are kept in order of arrival, each once") {
    CHECK(stop.causes().empty());
    CHECK(stop.stop(StopCause::kPaused, false));
    CHECK(stop.stop(StopCause::kCanceled, false));
    CHECK_FALSE(stop.stop(StopCause::kPaused, false));
    CHECK(stop.causes() == std::vector{StopCause::kPaused, StopCause::kCanceled});
    CHECK_FALSE(stop.lost());
  }
  SECTION("may become final later") {
    CHECK(stop.stop(StopCause::kShutdown, false));
    CHECK(stop.stop(StopCause::kShutdown, true));
    CHECK(stop.lost());
    CHECK(stop.causes().size() == 1);
  }
  SECTION("do not come after the end") {
    stop.end();
    CHECK_FALSE(stop.stop(StopCause::kCanceled, false));
    CHECK_FALSE(stop.announce_shutdown());
    CHECK_FALSE(stop.add(std::make_shared<StopListener>([](StopCause) {})));
  }
  SECTION("are not yet there when the worker only begins to go") {
    CHECK(stop.announce_shutdown());
    CHECK_FALSE(stop.announce_shutdown());
    CHECK(stop.shutting_down());
    CHECK_FALSE(stop.stopped());
  }
  SECTION("end a wait") {
    auto waiter = std::async(std::launch::async, [&] { stop.wait(1h); });
    stop.stop(StopCause::kCanceled, false);
    CHECK(waiter.wait_for(10s) == std::future_status::ready);
  }
  SECTION("that do not come let a wait take its time") {
    const TimePoint begin = system_clock().now();
    stop.wait(5ms);
    CHECK(system_clock().now() - begin >= 5ms);
  }
}

TEST_CASE("each reason to stop has its words", "[worker][stop]") {
  const std::vector<std::pair<StopCause, std::string>> words{
      {StopCause::kCanceled, "canceled"},    {StopCause::kReset, "reset"},
      {StopCause::kPaused, "paused"},        {StopCause::kShutdown, "shutdown"},
      {StopCause::kLeaseLost, "lease lost"}, {StopCause::kNotFound, "not found"},
      {StopCause::kTimedOut, "timed out"},   {StopCause::kBrokenDetails, "broken heartbeat details"},
      {StopCause::kStalled, "stalled"}};
  for (const auto& [cause, word] : words) {
    CHECK(to_string(cause) == word);
    CHECK(ActivityStopped(cause).what() == "activity stopped: " + word);
  }
  const auto none = static_cast<StopCause>(99);
  CHECK(to_string(none) == "unknown");
  CHECK(std::string(ActivityStopped(none).what()) == "activity stopped");
}

TEST_CASE("the descriptor of a stop", "[worker][stop]") {
  StopState stop;
  SECTION("becomes readable with the first cause, and again with each later one") {
    const int descriptor = stop.descriptor();
    REQUIRE(descriptor >= 0);
    CHECK(stop.descriptor() == descriptor);
    CHECK_FALSE(readable(descriptor));
    stop.stop(StopCause::kPaused, false);
    CHECK(readable(descriptor));
    CHECK(readable(descriptor));
    CHECK(read_from(descriptor) == 1);
    CHECK_FALSE(readable(descriptor));
    stop.stop(StopCause::kPaused, true);  // Not a new one.
    CHECK_FALSE(readable(descriptor));
    stop.stop(StopCause::kCanceled, false);
    stop.stop(StopCause::kShutdown, false);
    CHECK(read_from(descriptor) == 2);
  }
  SECTION("that is made late is readable at once") {
    stop.stop(StopCause::kPaused, false);
    stop.stop(StopCause::kCanceled, false);
    CHECK(read_from(stop.descriptor()) == 2);
  }
  SECTION("is closed with it") {
    std::optional<StopState> brief(std::in_place);
    const int descriptor = brief->descriptor();
    REQUIRE(is_open(descriptor));
    brief.reset();
    CHECK_FALSE(is_open(descriptor));
  }
}

TEST_CASE("a stop listener", "[worker][stop]") {
  std::vector<StopCause> heard;
  StopListener listener([&](StopCause cause) { heard.push_back(cause); });
  SECTION("hears each cause once, in order") {
    listener.deliver({StopCause::kPaused});
    listener.deliver({StopCause::kPaused, StopCause::kCanceled, StopCause::kShutdown});
    listener.deliver({StopCause::kPaused, StopCause::kCanceled, StopCause::kShutdown});
    CHECK(heard == std::vector{StopCause::kPaused, StopCause::kCanceled, StopCause::kShutdown});
  }
  SECTION("hears nothing after it was closed") {
    listener.close();
    listener.deliver({StopCause::kPaused});
    CHECK(heard.empty());
  }
  SECTION("that throws hears the next cause all the same") {
    int calls = 0;
    StopListener thrower([&](StopCause) {
      if (++calls == 1) throw std::runtime_error("first");
      throw 42;
    });
    thrower.deliver({StopCause::kPaused, StopCause::kCanceled});
    CHECK(calls == 2);
  }
  SECTION("may be closed from inside its call, and is destroyed after it") {
    auto held = std::make_shared<int>(1);
    std::weak_ptr<int> watch = held;
    StopListener* self = nullptr;
    int calls = 0;
    StopListener closer([&, held = std::move(held)](StopCause) {
      ++calls;
      self->close();
      CHECK(*held == 1);
    });
    self = &closer;
    closer.deliver({StopCause::kPaused, StopCause::kCanceled});
    CHECK(calls == 1);
    CHECK(watch.expired());
  }
  SECTION("is waited for by whoever closes it on another thread") {
    std::promise<void> entered, release;
    StopListener slow([&, wait = release.get_future().share()](StopCause) {
      entered.set_value();
      wait.wait();
    });
    auto delivery = std::async(std::launch::async, [&] { slow.deliver({StopCause::kPaused}); });
    entered.get_future().wait();
    auto closing = std::async(std::launch::async, [&] { slow.close(); });
    CHECK(closing.wait_for(20ms) == std::future_status::timeout);
    release.set_value();
    CHECK(closing.wait_for(10s) == std::future_status::ready);
  }
}

TEST_CASE("listeners are told of what they have not heard", "[worker][stop]") {
  StopState stop;
  const auto early = std::make_shared<StopListener>([](StopCause) {});
  REQUIRE(stop.add(early));
  CHECK(stop.listeners_to_tell().empty());
  stop.stop(StopCause::kPaused, false);
  CHECK(stop.listeners_to_tell().size() == 1);
  CHECK(stop.listeners_to_tell().empty());
  auto late = std::make_shared<StopListener>([](StopCause) {});
  REQUIRE(stop.add(late));
  CHECK(stop.listeners_to_tell() == std::vector{late});
  late.reset();
  stop.stop(StopCause::kCanceled, false);
  CHECK(stop.listeners_to_tell() == std::vector{early});
}
