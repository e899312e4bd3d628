#include "unit/engine/engine_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

namespace {

constexpr std::int32_t kFailedOnly = 2, kRejectDuplicate = 3;  // enums.ActivityIdReusePolicy
constexpr std::int32_t kUseExisting = 2;                       // enums.ActivityIdConflictPolicy

/// Another start of "a", by somebody who does not know of the first.
StartRequest second_start(const Room& room) {
  StartRequest request = room.start_request();
  request.request_id = "second";
  return request;
}

StartRequest attaching(const Room& room, const std::string& request_id = "second") {
  StartRequest request = second_start(room);
  request.request_id = request_id;
  request.id_conflict_policy = kUseExisting;
  request.has_on_conflict_options = request.attach_request_id = true;
  return request;
}

EngineOptions with_few_of_each() {
  EngineOptions options;
  options.limits.requests.links_per_activity_max = 3;
  options.limits.requests.callbacks_enabled = true;
  options.limits.requests.callback_addresses = {"http://good:*"};
  options.limits.requests.callbacks_per_activity_max = 2;
  return options;
}

WireCallback callback() {
  return {true, "http://good:1/x", 0, "callback"};
}

}  // namespace

TEST_CASE("an ID whose activity has ended", "[server][engine][start]") {
  Room room;
  const std::string first = room.start().run_id;
  const std::string token = room.poll().token;
  StartRequest request = second_start(room);

  SECTION("is free again, unless the caller says otherwise") {
    room.complete(token);
    const auto reply = room.call(request).get<StartReply>();
    CHECK(reply.started);
    CHECK(reply.run_id != first);
  }
  SECTION("is taken for a caller who rejects duplicates, however it ended") {
    room.call(TerminateRequest{.run = room.run()});
    request.id_reuse_policy = kRejectDuplicate;
    CHECK(room.call(request).refusal().code == StatusCode::kAlreadyExists);
    CHECK(room.state()->progress.phase == Phase::kTerminated);
  }
  SECTION("is taken for a caller who repeats failures only, when it completed") {
    room.complete(token);
    request.id_reuse_policy = kFailedOnly;
    const Status refusal = room.call(request).refusal();
    CHECK(refusal.code == StatusCode::kAlreadyExists);
    CHECK(refusal.message == "activity execution already started");
  }
  SECTION("is free for a caller who repeats failures only, when it failed") {
    FailedRequest failed = room.failed_request(token);
    failed.non_retryable = true;
    room.call(failed);
    request.id_reuse_policy = kFailedOnly;
    CHECK(room.call(request).get<StartReply>().started);
  }
}

TEST_CASE("an ID whose activity is open", "[server][engine][start]") {
  Room room;
  const std::string first = room.start().run_id;

  SECTION("is taken") {
    CHECK(room.call(second_start(room)).refusal().code == StatusCode::kAlreadyExists);
  }
  SECTION("is shared by a caller who asks for that, and nothing of the second start is kept") {
    StartRequest request = second_start(room);
    request.id_conflict_policy = kUseExisting;
    request.links = {"link"};
    const auto reply = room.call(request).get<StartReply>();
    CHECK_FALSE(reply.started);
    CHECK(reply.run_id == first);
    CHECK(room.state()->input->attached.empty());
    SECTION("so that it is not known as one of its own") {
      CHECK(room.call(second_start(room)).refusal().code == StatusCode::kAlreadyExists);
    }
  }
  SECTION("knows a start that was attached again, also after a crash and after its end") {
    StartRequest request = attaching(room);
    request.attach_links = true;
    request.links = {"link"};
    CHECK_FALSE(room.call(request).get<StartReply>().started);
    room.crash_and_reopen();
    CHECK(room.call(second_start(room)).get<StartReply>().run_id == first);
    room.call(TerminateRequest{.run = room.run()});
    CHECK(room.call(second_start(room)).get<StartReply>().run_id == first);
  }
}

TEST_CASE("what a start attaches to an open activity has limits", "[server][engine][start]") {
  Room room(with_few_of_each());
  StartRequest first = room.start_request();
  first.links = {"one"};
  first.completion_callbacks = {callback()};
  room.call(first);

  SECTION("links of all starts together") {
    StartRequest request = attaching(room);
    request.attach_links = true;
    request.links = {"two", "three"};
    CHECK(room.call(request).ok());
    request.request_id = "third";
    request.links = {"four"};
    const Status refusal = room.call(request).refusal();
    CHECK(refusal.code == StatusCode::kFailedPrecondition);
    CHECK(refusal.message == "cannot attach more than 3 links to an activity");
    CHECK(room.state()->input->attached.size() == 1);
  }
  SECTION("callbacks of all starts together") {
    StartRequest request = attaching(room);
    request.attach_completion_callbacks = true;
    request.completion_callbacks = {callback()};
    CHECK(room.call(request).ok());
    CHECK(room.state()->callbacks.back().request_id == "second");
    request.request_id = "third";
    const Status refusal = room.call(request).refusal();
    CHECK(refusal.message == "cannot attach more than 2 callbacks to an activity (2 callbacks already attached)");
    CHECK(room.state()->callbacks.size() == 2);
  }
  SECTION("and what is not to be attached is not counted") {
    StartRequest request = attaching(room);
    request.attach_links = true;
    request.links = {"two"};
    request.completion_callbacks = {callback(), callback()};
    CHECK(room.call(request).ok());
    CHECK(room.state()->input->attached.front().links.size() == 1);
    CHECK(room.state()->callbacks.size() == 1);
  }
}
