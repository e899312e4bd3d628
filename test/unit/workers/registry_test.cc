#include "workers/registry.h"

#include "support/catch.h"

using namespace longbeat::server;
using namespace std::chrono_literals;

namespace {

constexpr WorkerRegistry::Time kStart{std::chrono::hours(24 * 365 * 50)};

WorkerBeat worker(const std::string& key, const std::string& queue = "q") {
  WorkerBeat beat;
  beat.instance_key = key;
  beat.identity = "identity of " + key;
  beat.host_name = "host";
  beat.task_queue = queue;
  beat.sdk_name = "temporal-go";
  beat.sdk_version = "1.2.3";
  beat.status = 1;
  beat.start_time = kStart - 1h;
  beat.heartbeat_time = kStart;
  beat.message = "message of " + key;
  return beat;
}

struct Registry {
  WorkerRegistry registry;
  WorkerRegistry::Time now = kStart;

  explicit Registry(WorkerRegistry::Limits limits = {}) : registry(limits) {}
  void beat(const std::string& key) { registry.beat(1, worker(key), now); }
  std::vector<std::string> keys(const std::string& query = {}, bool system = false) {
    ListWorkersRequest request;
    request.query = query;
    request.include_system_workers = system;
    const auto page = registry.list(1, request, now);
    REQUIRE(page);
    CHECK(registry.count(1, {{}, query, system}, now).value() == static_cast<std::int64_t>(page->workers.size()));
    std::vector<std::string> keys;
    for (const WorkerBeat& one : page->workers) keys.push_back(one.instance_key);
    return keys;
  }
};

using Keys = std::vector<std::string>;

}  // namespace

TEST_CASE("a worker that beats", "[server][workers]") {
  Registry room;
  room.beat("a");

  SECTION("is known with its latest heartbeat") {
    WorkerBeat later = worker("a");
    later.message = "later";
    room.registry.beat(1, later, room.now + 1s);
    CHECK(room.registry.find(1, "a", room.now + 1s)->message == "later");
    CHECK(room.registry.size(1) == 1);
  }
  SECTION("is unknown in another namespace") {
    CHECK(room.registry.find(2, "a", room.now) == nullptr);
    CHECK(room.registry.list(2, {}, room.now)->workers.empty());
    CHECK(room.registry.count(2, {}, room.now).value() == 0);
  }
  SECTION("is forgotten after five minutes of silence, by our clock, not by its own") {
    WorkerBeat ahead = worker("ahead");
    ahead.heartbeat_time = kStart + 24h;
    WorkerBeat behind = worker("behind");
    behind.heartbeat_time = kStart - 24h;
    room.registry.beat(1, ahead, room.now);
    room.now += 1s;
    room.registry.beat(1, behind, room.now);
    room.now = kStart + 5min - 1ns;
    CHECK(room.keys() == Keys{"a", "ahead", "behind"});
    room.now = kStart + 5min;
    CHECK(room.keys() == Keys{"behind"});
    CHECK(room.registry.find(1, "ahead", room.now) == nullptr);
  }
  SECTION("stays while it beats") {
    for (int i = 0; i < 10; ++i) {
      room.now += 4min;
      room.beat("a");
    }
    CHECK(room.keys() == Keys{"a"});
  }
  SECTION("is gone once it has shut down, and stays while it is shutting down") {
    WorkerBeat stopping = worker("a");
    stopping.status = 2;
    room.registry.beat(1, stopping, room.now);
    CHECK(room.keys("WorkerStatus = 'ShuttingDown'") == Keys{"a"});
    stopping.status = 3;
    room.registry.beat(1, stopping, room.now);
    CHECK(room.keys().empty());
    room.registry.beat(1, stopping, room.now);
    CHECK(room.registry.size(1) == 0);
  }
  SECTION("in a namespace that nobody asks about is forgotten too") {
    room.registry.beat(2, worker("elsewhere"), room.now);
    room.registry.beat(1, worker("b"), room.now + 11min);
    CHECK(room.registry.size(2) == 0);
  }
}

TEST_CASE("too many workers", "[server][workers]") {
  SECTION("push out whoever has been silent longest") {
    Registry room({.workers_per_namespace_max = 2});
    room.beat("a"), room.beat("b"), room.beat("a"), room.beat("c");
    CHECK(room.keys() == Keys{"a", "c"});
    room.registry.beat(2, worker("elsewhere"), room.now);
    CHECK(room.keys() == Keys{"a", "c"});
  }
  SECTION("of large messages do as well, but the latest stays") {
    Registry room({.bytes_per_namespace_max = 10'000});
    WorkerBeat large = worker("large");
    large.message.assign(6'000, 'x');
    room.beat("small");
    room.registry.beat(1, large, room.now);
    CHECK(room.keys() == Keys{"large", "small"});
    large.instance_key = "larger";
    large.message.assign(60'000, 'x');
    room.registry.beat(1, large, room.now);
    CHECK(room.keys() == Keys{"larger"});
    large.message.clear();
    room.registry.beat(1, large, room.now);
    room.beat("small");
    CHECK(room.keys() == Keys{"larger", "small"});
  }
}

TEST_CASE("a list of workers", "[server][workers][query]") {
  Registry room;
  room.beat("b"), room.beat("a");
  WorkerBeat other = worker("c", "other queue");
  other.host_name = "far away";
  other.deployment_name = "blue", other.build_id = "7";
  other.sdk_name = "temporal-python", other.sdk_version = "9";
  other.status = 2;
  other.start_time = kStart + 1h;
  other.heartbeat_time = kStart + 2h;
  room.registry.beat(1, other, room.now);

  SECTION("without a query holds all, by instance key") {
    CHECK(room.keys() == Keys{"a", "b", "c"});
  }
  SECTION("knows every field") {
    CHECK(room.keys("WorkerInstanceKey = 'a'") == Keys{"a"});
    CHECK(room.keys("WorkerIdentity = 'identity of b'") == Keys{"b"});
    CHECK(room.keys("HostName != 'host'") == Keys{"c"});
    CHECK(room.keys("TaskQueue IN ('other queue', 'x')") == Keys{"c"});
    CHECK(room.keys("DeploymentName = 'blue' AND BuildId = '7'") == Keys{"c"});
    CHECK(room.keys("SdkName STARTS_WITH 'temporal-'") == Keys{"a", "b", "c"});
    CHECK(room.keys("SdkVersion >= '9' OR WorkerInstanceKey = 'a'") == Keys{"a", "c"});
    CHECK(room.keys("StartTime < '2019-12-20T00:00:00Z'") == Keys{"a", "b"});
    CHECK(room.keys("HeartbeatTime > '2019-12-20T01:00:00Z'") == Keys{"c"});
    CHECK(room.keys("WorkerStatus = 'Running'") == Keys{"a", "b"});
    CHECK(room.keys("Status = 'ShuttingDown'") == Keys{"c"});
    CHECK(room.keys("NOT (Status = 'ShuttingDown')") == Keys{"a", "b"});
  }
  SECTION("is empty for a field that workers do not have, whatever is asked of it") {
    CHECK(room.keys("Colour = 'red'").empty());
    CHECK(room.keys("Colour IS NULL").empty());
    CHECK(room.keys("NOT (Colour = 'red') OR Status = 'Running'").empty());
  }
  SECTION("is refused for what is no query") {
    for (const std::string query : {"Status =", "Status = 'Running' ORDER BY StartTime", "GROUP BY Status"}) {
      ListWorkersRequest request;
      request.query = query;
      const auto listed = room.registry.list(1, request, room.now);
      REQUIRE_FALSE(listed);
      CHECK(listed.error().code == longbeat::internal::StatusCode::kInvalidArgument);
      CHECK_FALSE(room.registry.count(1, {{}, query, false}, room.now));
    }
  }
  SECTION("shows workers that SDKs run for themselves only on request") {
    room.registry.beat(1, worker("s1", "temporal-sys/worker-commands/default/x"), room.now);
    room.registry.beat(1, worker("s2", "/temporal-sys/worker-commands/default/x"), room.now);
    CHECK(room.keys() == Keys{"a", "b", "c"});
    CHECK(room.keys({}, true) == Keys{"a", "b", "c", "s1", "s2"});
    CHECK(room.registry.find(1, "s1", room.now) != nullptr);
  }
  SECTION("comes in pages, which hold while workers come and go") {
    ListWorkersRequest request;
    request.page_size = 2;
    auto page = room.registry.list(1, request, room.now).value();
    CHECK(page.workers.size() == 2);
    REQUIRE_FALSE(page.next_token.empty());
    WorkerBeat gone = worker("b");
    gone.status = 3;
    room.registry.beat(1, gone, room.now);
    room.beat("aa"), room.beat("d");
    request.page_token = page.next_token;
    page = room.registry.list(1, request, room.now).value();
    REQUIRE(page.workers.size() == 2);
    CHECK(page.workers[0].instance_key == "c");
    CHECK(page.workers[1].instance_key == "d");
    CHECK(page.next_token.empty());
  }
  SECTION("has no token when nothing that is asked for comes after the page") {
    ListWorkersRequest request;
    request.page_size = 2;
    request.query = "Status = 'Running'";
    CHECK(room.registry.list(1, request, room.now)->next_token.empty());
  }
  SECTION("comes whole for a page size of zero or less") {
    ListWorkersRequest request;
    request.page_size = -5;
    CHECK(room.registry.list(1, request, room.now)->workers.size() == 3);
  }
  SECTION("is refused for a page token that is none of ours") {
    ListWorkersRequest request;
    request.page_token = "xyz";
    CHECK(room.registry.list(1, request, room.now).error() ==
          longbeat::internal::invalid_argument("invalid next page token"));
  }
}
