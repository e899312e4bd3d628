#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "client_setup.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

constexpr Activity<int(std::string, int)> repeat{"repeat"};
constexpr Activity<int(std::string, std::optional<int>)> find{"find"};
constexpr Activity<int(int)> twice{"twice"};

StartedActivity started(std::string run_id) {
  return {std::move(run_id), true, {}};
}

}  // namespace

TEST_CASE("a start with everything", "[client][start]") {
  EagerClient setup;
  setup.service.starts = {started("run-1"), started("run-1")};
  auto all = start_options();
  all.details = "# Why\nBecause.";
  all.search_attributes = {{"Customer", "c-17"}, {"Amount", 12.5}};
  all.completion_callbacks = {{"http://example.test/done", {{"token", "t"}}, {}}};
  all.links = {LinkToActivity{"default", "parent", "run-0"}};
  all.id_conflict_policy = IdConflictPolicy::kUseExisting;
  all.on_conflict_options =
      OnConflictOptions{.attach_request_id = true, .attach_completion_callbacks = true, .attach_links = true};
  all.request_id = "order-17";
  all.call.timeout = 3s;
  REQUIRE(setup.client.start(twice, all, 1).ok());
  const auto& sent = setup.service.seen_starts.at(0);
  CHECK(sent.details == json_payload("\"# Why\\u000aBecause.\""));
  CHECK(sent.search_attributes.at("Customer").metadata.at("type") == "Keyword");
  CHECK(sent.search_attributes.at("Amount").data == "12.5");
  CHECK(sent.completion_callbacks.at(0).url == "http://example.test/done");
  CHECK(sent.completion_callbacks.at(0).header.at("token") == "t");
  CHECK(sent.links == std::vector<LinkFields>{ActivityLink{"default", "parent", "run-0"}});
  CHECK(sent.on_conflict->attach_request_id);
  CHECK(sent.on_conflict->attach_links);
  CHECK(sent.request_id == "order-17");
  CHECK(setup.service.timeouts.at(0) == 3s);
  SECTION("sends the same in the other form") {
    CHECK(setup.client.start_async(twice, all, 1).get()->run_id() == "run-1");
    CHECK(setup.service.seen_starts.at(1).request_id == "order-17");
  }
  SECTION("may take as long as it likes, also when the namespace's limits have to be asked for") {
    setup.service.namespaces.answers = {NamespaceInfo()};
    all.call.timeout = std::chrono::nanoseconds::max();
    const Payloads large{{{{"encoding", "binary/plain"}}, std::string(100'000, 'x')}};
    CHECK(setup.client.start(dynamic_activity("any"), all, large).ok());
    CHECK(setup.service.seen_starts.size() == 2);
  }
}

TEST_CASE("a start tells whether it began the run or joined one", "[client][start]") {
  EagerClient setup;
  setup.service.starts = {StartedActivity{"run-1", true, {}}, StartedActivity{"run-1", false, {}},
                          StartedActivity{"run-1", false, {}}, StartedActivity{"run-1", false, {}}};
  CHECK_FALSE(setup.client.start(twice, start_options(), 1).value().joined());
  const auto handle = setup.client.start(twice, start_options(), 1).value();
  CHECK(handle.joined());
  CHECK(handle.run_id() == "run-1");
  CHECK(setup.client.start_async(twice, start_options(), 1).get().value().joined());
  const auto many = setup.client.start_many(twice, std::vector{1}, [](int) { return start_options(); });
  CHECK(many.at(0).value().joined());
  CHECK_FALSE(setup.client.handle<int>("a", "run-1").joined());
}

TEST_CASE("a start with what the protocol does not take is refused", "[client][start][errors]") {
  EagerClient setup;
  auto options = start_options();
  const auto refusal = [&] {
    const auto result = setup.client.start(twice, options, 1);
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().code == ErrorCode::kInvalidArgument);
    CHECK(setup.service.seen_starts.empty());
    return result.error().message;
  };
  SECTION("too many details") {
    options.details = std::string(20'000, 'x');
    CHECK_THAT(refusal(), ContainsSubstring("StartOptions.details"));
  }
  SECTION("a search attribute that is no number") {
    options.search_attributes = {{"Amount", 0.0 / 0.0}};
    CHECK_THAT(refusal(), ContainsSubstring("StartOptions.search_attributes['Amount']"));
  }
  SECTION("a search attribute without a name") {
    options.search_attributes = {{"", 1}};
    CHECK_THAT(refusal(), ContainsSubstring("empty name"));
  }
  SECTION("a callback without an address") {
    options.completion_callbacks = {{}};
    CHECK(refusal() == "StartOptions.completion_callbacks[0].url is empty, but required");
  }
  SECTION("a callback whose header is not UTF-8") {
    options.completion_callbacks = {{"http://example.test/done", {{"token", "\xff"}}, {}}};
    CHECK_THAT(refusal(), ContainsSubstring("StartOptions.completion_callbacks[0].header['token']"));
    options.completion_callbacks = {{"http://example.test/done", {{"\xff", "t"}}, {}}};
    CHECK_THAT(refusal(), ContainsSubstring("completion_callbacks[0].header"));
  }
  SECTION("a link to nothing, and more than ten") {
    options.links = {Link()};
    CHECK_THAT(refusal(), ContainsSubstring("StartOptions.links[0]"));
    options.links = std::vector<Link>(11, LinkToBatchJob{"j"});
    CHECK_THAT(refusal(), ContainsSubstring("at most 10"));
  }
  SECTION("a link with a text that is not UTF-8, whatever it leads to") {
    const std::vector<std::pair<Link, std::string>> bad = {
        {LinkToActivity{"\xff", "a", "r"}, "namespace_name"},
        {LinkToActivity{"n", "\xff", "r"}, "activity_id"},
        {LinkToActivity{"n", "a", "\xff"}, "run_id"},
        {LinkToWorkflow{"n", "\xff", "r", ""}, "workflow_id"},
        {LinkToWorkflow{"n", "w", "r", "\xff"}, "reason"},
        {LinkToWorkflowEvent{"n", "w", "r", 1, {}, "\xff"}, "request_id"},
        {LinkToBatchJob{"\xff"}, "job_id"},
        {LinkToNexusOperation{"n", "\xff", "r"}, "operation_id"}};
    for (const auto& [link, field] : bad) {
      options.links = {LinkToBatchJob{"j"}, link};
      options.completion_callbacks = {};
      CHECK_THAT(refusal(), ContainsSubstring("StartOptions.links[1]." + field));
      options.links = {};
      options.completion_callbacks = {{"http://example.test/done", {}, {link}}};
      CHECK_THAT(refusal(), ContainsSubstring("StartOptions.completion_callbacks[0].links[0]." + field));
    }
    options.completion_callbacks = {{"http://example.test/done", {}, {Link()}}};
    CHECK_THAT(refusal(), ContainsSubstring("StartOptions.completion_callbacks[0].links[0] is of no kind"));
  }
  SECTION("conflict options that lack what they need") {
    options.on_conflict_options = OnConflictOptions{.attach_completion_callbacks = true};
    CHECK_THAT(refusal(), ContainsSubstring("attach_request_id"));
    options.on_conflict_options = OnConflictOptions{.attach_request_id = true};
    CHECK_THAT(refusal(), ContainsSubstring("without completion_callbacks and links"));
  }
  SECTION("a request ID that is too long") {
    options.request_id = std::string(1001, 'x');
    CHECK_THAT(refusal(), ContainsSubstring("StartOptions.request_id"));
  }
}

TEST_CASE("an execution", "[client][start]") {
  EagerClient setup;
  auto& service = setup.service;
  SECTION("is a start and its result") {
    service.starts = {started("run-1"), started("run-2"), started("run-3")};
    service.outcomes = {completed({json_payload("8")}), completed({json_payload("9")}),
                        completed({json_payload("10")})};
    CHECK(setup.client.execute(repeat, start_options(), "x", 4).value() == 8);
    CHECK(setup.client.execute(find, start_options(), "x").value() == 9);
    CHECK(setup.client.execute(dynamic_activity("any"), start_options(), 1, true).value() ==
          Payloads{json_payload("10")});
    CHECK(service.seen_polls.at(0).run_id == "run-1");
    CHECK(service.seen_starts.at(1).input.size() == 1);
  }
  SECTION("that was not started has no result") {
    service.starts = {
        Status{StatusCode::kAlreadyExists, "activity execution already started", AlreadyStartedDetail{"r", "run-0"}}};
    const auto error = setup.client.execute(twice, start_options(), 4).error();
    CHECK(error.code == ErrorCode::kAlreadyStarted);
    CHECK(error.run_id == "run-0");
    CHECK(service.seen_polls.empty());
  }
  SECTION("that failed says how") {
    service.starts = {started("run-1")};
    service.outcomes = {closed({.kind = FailureKind::kApplication, .message = "no", .type = "Disk"})};
    const auto error = setup.client.execute(twice, start_options(), 4).error();
    CHECK(error.code == ErrorCode::kActivityFailed);
    CHECK(error.failure->type == "Disk");
  }
  SECTION("is bounded as a whole") {
    service.latency = 2s;
    service.starts = {started("run-1")};
    auto options = start_options();
    options.call.timeout = 7s;
    const auto began = setup.connection->eager.now();
    CHECK(setup.client.execute(twice, options, 4).error().code == ErrorCode::kDeadlineExceeded);
    CHECK(setup.connection->eager.now() - began == 7s);
  }
}

TEST_CASE("many starts", "[client][start]") {
  const auto options_of = [](int number) { return start_options("a" + std::to_string(number)); };
  SECTION("give one result an element, in order, whatever becomes of the others") {
    EagerClient setup;
    setup.service.starts = {started("run-1"), refused(StatusCode::kUnavailable, "away"), started("run-3")};
    const auto results = setup.client.start_many(twice, std::vector{1, 2, 3}, options_of);
    REQUIRE(results.size() == 3);
    CHECK(results[0]->run_id() == "run-1");
    CHECK(results[1].error().code == ErrorCode::kUnavailable);
    CHECK(results[2]->id() == "a3");
    CHECK(setup.service.seen_starts.at(2).input == Payloads{json_payload("3")});
    CHECK(setup.service.seen_starts.at(0).request_id != setup.service.seen_starts.at(2).request_id);
  }
  SECTION("take tuples and pairs for several arguments, and payloads for any") {
    EagerClient setup;
    setup.service.starts.assign(4, started("run-1"));
    const auto same = [](const auto&) { return start_options(); };
    CHECK(setup.client.start_many(repeat, std::vector{std::tuple("x", 1)}, same).at(0).ok());
    CHECK(setup.client.start_many(find, std::map<std::string, std::optional<int>>{{"y", 2}}, same).at(0).ok());
    CHECK(setup.client.start_many(find, std::vector<std::string>{"z"}, same).at(0).ok());
    CHECK(
        setup.client.start_many(dynamic_activity("any"), std::vector<Payloads>{{json_payload("7")}}, same).at(0).ok());
    CHECK(setup.service.seen_starts.at(0).input == Payloads{json_payload("\"x\""), json_payload("1")});
    CHECK(setup.service.seen_starts.at(1).input == Payloads{json_payload("\"y\""), json_payload("2")});
    CHECK(setup.service.seen_starts.at(2).input == Payloads{json_payload("\"z\"")});
    CHECK(setup.service.seen_starts.at(3).input == Payloads{json_payload("7")});
  }
  SECTION("of nothing are none") {
    EagerClient setup;
    CHECK(setup.client.start_many(twice, std::vector<int>(), options_of).empty());
  }
  SECTION("with bad options fail one by one, without a call") {
    EagerClient setup;
    setup.service.starts = {started("run-1")};
    const auto results = setup.client.start_many(twice, std::vector{1, 2}, [&](int number) {
      auto options = options_of(number);
      if (number == 1) options.task_queue = "";
      return options;
    });
    CHECK(results[0].error().code == ErrorCode::kInvalidArgument);
    CHECK(results[1].ok());
    CHECK(setup.client.start_many(twice, std::vector{1}, options_of, {.max_in_flight = 0}).at(0).error().message ==
          "StartManyOptions.max_in_flight is 0, must be at least 1");
  }
  SECTION("end with their stop token") {
    EagerClient setup;
    setup.service.starts = {started("run-1")};
    std::stop_source source;
    const auto stopping = [&](int number) {
      if (number == 2) source.request_stop();
      return options_of(number);
    };
    const auto results = setup.client.start_many(twice, std::vector{1, 2, 3}, stopping,
                                                 {.max_in_flight = 1, .stop_token = source.get_token()});
    CHECK(results[0].ok());
    CHECK(results[1].error().code == ErrorCode::kCanceled);
    CHECK(results[2].error().code == ErrorCode::kCanceled);
    CHECK(setup.service.seen_starts.size() == 1);
  }
  SECTION("end, and are told to interceptors, before what the caller's code throws passes on") {
    struct Teller final : ClientInterceptor {
      Result<CallEnded> call(ClientCallParams&) override {
        return [this](const Result<>& result) { told.push_back(result.ok()); };
      }
      std::vector<bool> told{};
    };
    const auto teller = std::make_shared<Teller>();
    ClientOptions with;
    with.interceptors = {teller};
    EagerClient setup(with);
    setup.service.starts = {started("run-1"), refused(StatusCode::kFailedPrecondition, "no")};
    const auto failing = [&](int number) {
      if (number == 3) throw std::out_of_range("no such order");
      return options_of(number);
    };
    CHECK_THROWS_AS(setup.client.start_many(twice, std::vector{1, 2, 3, 4}, failing), std::out_of_range);
    CHECK(teller->told == std::vector{true, false});
    CHECK(setup.client.stats().calls == 2);
    CHECK(setup.service.seen_starts.size() == 2);
  }
  SECTION("are bounded as a whole") {
    EagerClient setup;
    setup.service.latency = 4s;
    setup.service.starts.assign(4, started("run-1"));
    const auto results = setup.client.start_many(twice, std::vector{1, 2, 3, 4}, options_of, {.timeout = 10s});
    CHECK(results[1].ok());
    CHECK(results[3].error().code == ErrorCode::kDeadlineExceeded);
    CHECK(setup.service.timeouts.at(2) == 2s);
    CHECK(setup.service.seen_starts.size() == 3);  // No time was left for the fourth.
  }
  SECTION("are on their way together, as many as asked for and no more") {
    // The loop stands still until as many starts wait as may.
    struct CountingLoop final : ManualLoop {
      bool post(std::function<void()> work) override {
        const std::lock_guard lock(mutex);
        waiting.push_back(std::move(work));
        most = std::max(most, waiting.size());
        return true;
      }
      std::mutex mutex{};
      std::vector<std::function<void()>> waiting{};
      std::size_t most = 0;
    };
    struct CountingConnection final : Connection {
      CountingLoop counting{};
      FakeService service{counting};
      InlineCourier jobs{};
      Loop& loop() override { return counting; }
      ServiceStub& stub() override { return service; }
      Courier& courier() override { return jobs; }
    };
    const auto connection = std::make_shared<CountingConnection>();
    connection->service.starts.assign(10, started("run-1"));
    const auto client = EagerClient::make(connection, {});
    std::atomic<bool> over = false;
    std::thread driver([&] {
      for (std::size_t left = 10; !over.load();) {
        std::vector<std::function<void()>> work;
        {
          const std::lock_guard lock(connection->counting.mutex);
          if (connection->counting.waiting.size() >= std::min<std::size_t>(left, 4)) {
            work.swap(connection->counting.waiting);
          }
        }
        left -= work.size();
        for (const auto& each : work) each();
        connection->counting.run_for(1s);
        std::this_thread::yield();
      }
    });
    std::vector<int> numbers(10);
    const auto results = client.start_many(twice, numbers, options_of, {.max_in_flight = 4});
    over = true;
    driver.join();
    CHECK(results.size() == 10);
    CHECK(results[9].ok());
    CHECK(connection->counting.most == 4);
  }
}
