#include <future>
#include <string>

#include "core/courier_pool.h"
#include "support/catch.h"

using namespace longbeat::internal;
using namespace std::chrono_literals;

TEST_CASE("the courier", "[worker][courier]") {
  SECTION("runs the jobs of one key in order, also those posted at its end") {
    std::string order;
    {
      CourierPool courier;
      for (char c = 'a'; c <= 'z'; ++c) courier.post(CourierJob::kConvert, 1, [&order, c] { order += c; });
    }
    CHECK(order == "abcdefghijklmnopqrstuvwxyz");
  }
  SECTION("lets no kind of job wait for another") {
    CourierPool courier;
    std::promise<void> release, ran;
    courier.post(CourierJob::kConvert, 1, [wait = release.get_future().share()] { wait.wait(); });
    courier.post(CourierJob::kStopCallbacks, 1, [&] { ran.set_value(); });
    CHECK(ran.get_future().wait_for(10s) == std::future_status::ready);
    release.set_value();
  }
  SECTION("adds a thread when a job blocks the others") {
    CourierPool courier;
    CHECK(courier.threads() == 2);
    std::promise<void> release, ran;
    courier.post(CourierJob::kConvert, 1, [wait = release.get_future().share()] { wait.wait(); });
    courier.post(CourierJob::kConvert, 2, [&] { ran.set_value(); });
    CHECK(ran.get_future().wait_for(10s) == std::future_status::ready);
    CHECK(courier.threads() == 3);
    release.set_value();
  }
  SECTION("gives every caller a key of its own") {
    CourierPool courier;
    CHECK(courier.new_key() != courier.new_key());
    const auto key = courier.new_key();
    CHECK(Courier::with_turn(key, 0) == key);
    CHECK(Courier::with_turn(key, 1) != Courier::with_turn(key, 2));
    CHECK(Courier::owner_of(Courier::with_turn(key, UINT16_MAX)) == key);
  }
  SECTION("survives a job that throws") {
    CourierPool courier;
    std::promise<void> ran;
    courier.post(CourierJob::kConvert, 1, [] { throw 42; });
    courier.post(CourierJob::kConvert, 1, [&] { ran.set_value(); });
    CHECK(ran.get_future().wait_for(10s) == std::future_status::ready);
  }
}
