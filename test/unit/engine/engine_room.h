#pragma once
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "engine/engine.h"
#include "storage/fault_store.h"
#include "support/catch.h"

/// An engine on virtual time with a disk that outlives it.
namespace longbeat::server::test {

using namespace std::chrono_literals;

inline constexpr Time kStart{std::chrono::hours(24 * 365 * 50)};

class CollectingSink final : public ReplySink {
 public:
  void reply(StatusOr<Reply> reply) override {
    ++replies;
    reply_ = std::move(reply);
  }
  bool answered() const { return replies > 0; }
  /// The answer, which must be of this type.
  template <class R>
  const R& get() const {
    REQUIRE(replies == 1);
    if (!*reply_) FAIL("refused: " + to_string(reply_->error()));
    return std::get<R>(**reply_);
  }
  const Status& refusal() const {
    REQUIRE(replies == 1);
    REQUIRE_FALSE(*reply_);
    return reply_->error();
  }
  bool ok() const { return answered() && reply_->ok(); }
  int replies = 0;

 private:
  std::optional<StatusOr<Reply>> reply_;
};

class Recorder final : public Outbound {
 public:
  explicit Recorder(std::vector<OutboundCall>& calls) : calls_(calls) {}
  void send(OutboundCall call) override { calls_.push_back(std::move(call)); }

 private:
  std::vector<OutboundCall>& calls_;
};

class Room {
 public:
  explicit Room(EngineOptions options = {}) : options_(std::move(options)) { open(); }

  void open() {
    EngineOptions options;
    options.namespaces = options_.namespaces;
    options.retentions = options_.retentions;
    options.limits = options_.limits;
    options.seed = ++seed_;
    if (projection) options.visibility = open_projection();
    if (callbacks) {
      options.outbound = std::make_unique<Recorder>(sent);
      options.make_completion = [](const ActivityState& closed, const CallbackState& callback) {
        return OutboundCall{.url = callback.url, .body = std::string(to_string(closed.progress.phase))};
      };
    }
    options.cut_failure = [](const std::string& failure, std::size_t bytes_max) {
      return failure.substr(0, bytes_max);
    };
    options.on_fatal = [this](const std::string& reason) { fatal = reason; };
    if (survives_full_disk) {
      options.on_disk_full = [this](const std::string& reason) { disk_was_full = reason; };
    }
    auto opened = Engine::open(std::make_unique<CrashableStore>(disk), std::move(options), now);
    if (!opened) FAIL("open: " + to_string(opened.error()));
    engine = std::move(*opened);
  }
  /// Begins anew on a real file, new or with what is in it.
  void open_file(const std::string& path) {
    engine.reset();
    disk = std::make_shared<SimulatedDisk>(open_sqlite_store({.path = path}).value());
    open();
  }
  /// What is only in memory is lost; calls that were open get no answer.
  void crash_and_reopen(Duration down = 0s) {
    engine.reset();
    now += down;
    open();
  }

  CollectingSink& submit(Request request, std::optional<Duration> patience = 70s) {
    CollectingSink& sink = sinks.emplace_back();
    engine->submit({++last_call, std::move(request), patience, &sink});
    return sink;
  }
  CollectingSink& call(Request request, std::optional<Duration> patience = 70s) {
    CollectingSink& sink = submit(std::move(request), patience);
    step();
    return sink;
  }
  void step() { engine->step({now, now}); }
  /// Lets time pass as the real loop does: a step whenever the engine asks for one.
  void pass(Duration duration) {
    const Time end = now + duration;
    while (true) {
      const auto wake = engine->next_wakeup();
      if (!wake || *wake > end) break;
      now = std::max(now + 1ms, *wake);
      step();
    }
    now = std::max(now, end);
    step();
  }

  StartRequest start_request(const std::string& id = "a") const {
    StartRequest request;
    request.namespace_name = "default";
    request.request_id = "request of " + id;
    request.activity_id = id;
    request.type = "copy";
    request.has_task_queue = true;
    request.task_queue = "q";
    request.start_to_close = RawDuration{3600, 0};
    request.heartbeat = RawDuration{5, 0};
    request.input = "some input";
    return request;
  }
  StartReply start(const std::string& id = "a") { return call(start_request(id)).get<StartReply>(); }
  PollTaskRequest poll_request() const {
    PollTaskRequest request;
    request.namespace_name = "default";
    request.task_queue = "q";
    request.identity = "w1";
    return request;
  }
  PollTaskReply poll() { return call(poll_request()).get<PollTaskReply>(); }
  CollectingSink& beat(const std::string& token, const std::string& details = {}) {
    return call(HeartbeatRequest{"default", token, "w1", details});
  }
  CollectingSink& complete(const std::string& token, const std::string& result = {}) {
    return call(CompletedRequest{"default", token, "w1", result});
  }
  CollectingSink& fail(const std::string& token, const std::string& failure = "failure bytes") {
    return call(failed_request(token, failure));
  }
  FailedRequest failed_request(const std::string& token, const std::string& failure = "failure bytes") const {
    FailedRequest request;
    request.namespace_name = "default";
    request.token = token;
    request.has_failure = true;
    request.failure = failure;
    request.failure_info = 5;
    request.failure_type = "Boom";
    return request;
  }
  RunRef run(const std::string& id = "a", const std::string& run_id = {}) const { return {"default", id, run_id}; }
  PollOutcomeReply outcome(const std::string& id = "a") {
    return call(PollOutcomeRequest{run(id)}).get<PollOutcomeReply>();
  }
  CollectingSink& describe(const std::string& id = "a", const std::string& run_id = {}, const std::string& token = {}) {
    DescribeRequest request;
    request.run = run(id, run_id);
    request.long_poll_token = token;
    return call(request);
  }
  std::shared_ptr<const ActivityState> state(const std::string& id = "a") const {
    auto found = engine->find(run(id));
    REQUIRE(found);
    return found;
  }

  Time now = kStart;
  std::shared_ptr<SimulatedDisk> disk = std::make_shared<SimulatedDisk>();
  std::unique_ptr<Engine> engine;
  std::deque<CollectingSink> sinks;
  CallId last_call = 0;
  std::string fatal;
  /// From the next open() on: a commit that finds the disk full is told to `disk_was_full`, not to `fatal`.
  bool survives_full_disk = false;
  std::string disk_was_full{};
  /// List and count, from the next open() on: answers inside the step, in memory.
  bool projection = false;
  std::string projection_file{};
  /// Completion callbacks go to `sent`, from the next open() on; the body is the phase in which the activity ended.
  bool callbacks = false;
  std::vector<OutboundCall> sent{};
  EngineLimits& limits() { return options_.limits; }  ///< from the next open() on

 private:
  std::unique_ptr<Visibility> open_projection() {
    auto opened = open_synchronous_visibility({.path = projection_file}, [this](std::uint64_t ticket, auto answer) {
      if (engine) engine->answered(ticket, std::move(answer));
    });
    if (!opened) FAIL("open the projection: " + to_string(opened.error()));
    return std::move(*opened);
  }

  EngineOptions options_;
  std::uint64_t seed_ = 0;
};

}  // namespace longbeat::server::test
