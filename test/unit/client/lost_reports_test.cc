#include "client/lost_reports.h"

#include <chrono>
#include <memory>
#include <thread>

#include "client_setup.h"

using namespace longbeat;
using namespace longbeat::internal;
using namespace longbeat::test;
using namespace std::chrono_literals;

TEST_CASE("the end of the process waits for reports of what was lost", "[client][async]") {
  ManualClient setup;
  const auto reports = std::make_shared<LostReports>();
  CHECK(reports->wait_for_all(0s));
  auto kept = reports->keep(core_of(setup.client));
  REQUIRE(kept->core());
  SECTION("until they are settled") {
    std::thread settles([&] { kept = nullptr; });
    CHECK(reports->wait_for_all(1min));
    settles.join();
    CHECK(reports->release_all() == 0);
  }
  SECTION("but not for longer than it may") {
    CHECK_FALSE(reports->wait_for_all(0s));
    CHECK(reports->release_all() == 1);
    CHECK_FALSE(kept->core());
  }
}
