#include "client/lost_reports.h"

#include <chrono>
#include <future>
#include <memory>
#include <thread>

#include "client_setup.h"

using namespace longbeat;
using namespace longbeat::internal;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

/// All of its user code runs on the thread of the test; tells which thread it ends on.
struct OwnThreadConnection final : Connection {
  struct Here final : Courier {
    void post(CourierJob, std::uint64_t, std::function<void()> job) override { job(); }
    std::uint64_t running_here() const noexcept override { return std::this_thread::get_id() == thread ? 1 : 0; }
    std::thread::id thread = std::this_thread::get_id();
  };
  ManualLoop manual{};
  FakeService service{manual};
  Here jobs{};
  std::shared_ptr<std::promise<std::thread::id>> ended = std::make_shared<std::promise<std::thread::id>>();

  OwnThreadConnection() = default;
  ~OwnThreadConnection() override { ended->set_value(std::this_thread::get_id()); }
  OwnThreadConnection(const OwnThreadConnection&) = delete;
  OwnThreadConnection& operator=(const OwnThreadConnection&) = delete;
  Loop& loop() override { return manual; }
  ServiceStub& stub() override { return service; }
  Courier& courier() override { return jobs; }
};

}  // namespace

TEST_CASE("a connection whose last owner goes on one of its own threads ends on another", "[client]") {
  auto connection = std::make_shared<OwnThreadConnection>();
  auto ended = connection->ended->get_future();
  {
    const Client client = EagerClient::make(std::exchange(connection, nullptr), {});
  }
  REQUIRE(ended.wait_for(1min) == std::future_status::ready);
  CHECK(ended.get() != std::this_thread::get_id());
}

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
