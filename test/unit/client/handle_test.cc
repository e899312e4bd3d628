#include <set>
#include <string>
#include <vector>

#include "client/update_params.h"
#include "client_setup.h"
#include "longbeat/activity_handle.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

using Paths = std::vector<std::string>;

internal::ActivityDescription running(std::string token = "state-1") {
  internal::ActivityDescription from;
  from.present = true;
  from.activity_id = "a";
  from.run_id = "run-1";
  from.status = 1;
  from.long_poll_token = std::move(token);
  return from;
}
internal::ActivityDescription completed_state() {
  auto from = running("state-9");
  from.status = 2;
  return from;
}

/// The request IDs that two calls of a kind sent, the second one with one of the caller's.
template <class Seen>
void check_request_ids(const Seen& seen) {
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].request_id.size() == 36);
  CHECK(seen[1].request_id == "mine");
}

Timestamp at(int seconds) {
  return Timestamp(std::chrono::seconds(seconds));
}

}  // namespace

TEST_CASE("operations on one activity", "[client][operator]") {
  EagerClient setup;
  const auto handle = setup.client.handle<int>("a", "run-1");
  SECTION("terminate with a reason") {
    setup.service.terminations.answers = {StatusOr<void>(), refused(StatusCode::kFailedPrecondition, "closed")};
    CHECK(handle.terminate({.reason = "obsolete"}).ok());
    CHECK(handle.terminate({.request_id = "mine"}).error().code == ErrorCode::kFailedPrecondition);
    check_request_ids(setup.service.terminations.seen);
    CHECK(setup.service.terminations.seen[0].reason == "obsolete");
    CHECK(setup.service.terminations.seen[0].run.run_id == "run-1");
    CHECK_THAT(setup.service.terminations.seen[0].identity, ContainsSubstring("@"));
  }
  SECTION("cancel with options") {
    setup.service.cancels = {StatusOr<void>(), StatusOr<void>()};
    CHECK(handle.cancel({.reason = "superseded"}).ok());
    CHECK(handle.cancel({.request_id = "mine"}).ok());
    check_request_ids(setup.service.seen_cancels);
  }
  SECTION("remove the run") {
    setup.service.deletions.answers = {StatusOr<void>()};
    CHECK(handle.remove().ok());
    CHECK(setup.service.deletions.seen.at(0).run_id == "run-1");
  }
  SECTION("pause and unpause") {
    setup.service.pauses.answers = {StatusOr<void>(), StatusOr<void>()};
    setup.service.unpauses.answers = {StatusOr<void>(), StatusOr<void>()};
    CHECK(handle.pause({.reason = "maintenance"}).ok());
    CHECK(handle.pause({.request_id = "mine"}).ok());
    CHECK(handle.unpause({.reason = "over", .jitter = 3s}).ok());
    CHECK(handle.unpause({.request_id = "mine"}).ok());
    check_request_ids(setup.service.pauses.seen);
    check_request_ids(setup.service.unpauses.seen);
    CHECK(setup.service.pauses.seen[0].reason == "maintenance");
    CHECK(setup.service.pauses.seen[0].target.workflow_id.empty());
    CHECK(setup.service.unpauses.seen[0].jitter == 3s);
  }
  SECTION("reset with everything") {
    setup.service.resets.answers = {StatusOr<void>(), StatusOr<void>()};
    CHECK(handle.reset({.keep_paused = true, .jitter = 2s, .restore_original_options = true, .reset_heartbeat = true})
              .ok());
    CHECK(handle.reset({.request_id = "mine"}).ok());
    const auto& seen = setup.service.resets.seen;
    check_request_ids(seen);
    CHECK(seen[0].keep_paused);
    CHECK(seen[0].restore_original_options);
    CHECK(seen[0].reset_heartbeat);
    CHECK(seen[0].jitter == 2s);
    CHECK_FALSE(seen[1].reset_heartbeat);
  }
  SECTION("are refused without a call when their options are bad") {
    CHECK(handle.unpause({.jitter = -1s}).error().message == "UnpauseOptions.jitter is -1000 ms, must be 0 or more");
    CHECK(handle.reset({.jitter = -1s}).error().code == ErrorCode::kInvalidArgument);
    CHECK(handle.pause({.request_id = std::string(1001, 'x')}).error().code == ErrorCode::kInvalidArgument);
    CHECK(handle.terminate({.reason = "\xff"}).error().code == ErrorCode::kInvalidArgument);
    CHECK(setup.service.sent_at.empty());
  }
  SECTION("are refused without a call when the handle names no activity") {
    for (const auto& [id, run_id] :
         {std::pair<std::string, std::string>("", ""), {std::string(1001, 'x'), ""}, {"a\xff", ""}, {"a", "run\xff"}}) {
      CAPTURE(id, run_id);
      const auto nothing = setup.client.handle<int>(id, run_id);
      CHECK(nothing.describe().error().code == ErrorCode::kInvalidArgument);
      CHECK(nothing.result().error().code == ErrorCode::kInvalidArgument);
      CHECK(nothing.watch().next()->error().code == ErrorCode::kInvalidArgument);
      CHECK(nothing.remove().error().code == ErrorCode::kInvalidArgument);
      CHECK(nothing.cancel_async().get().error().code == ErrorCode::kInvalidArgument);
    }
    CHECK(setup.client.handle<int>("").pause().error().message == "the activity's ID is empty, but required");
    CHECK(setup.service.sent_at.empty());
  }
  SECTION("name the operation, the activity and the server when they fail") {
    setup.service.pauses.answers = {refused(StatusCode::kUnimplemented, "disabled")};
    const auto error = handle.pause().error();
    CHECK(error.code == ErrorCode::kUnimplemented);
    CHECK(error.message == "pause of activity 'a' (run run-1) at 127.0.0.1:7233: disabled");
  }
  SECTION("take the client's limit, or their own") {
    setup.service.pauses.answers = {StatusOr<void>(), StatusOr<void>()};
    CHECK(handle.pause().ok());
    CHECK(handle.pause({.call = {.timeout = 3s}}).ok());
    CHECK(setup.service.timeouts == std::vector<Nanoseconds>{10s, 3s});
    CHECK(handle.pause({.call = {.timeout = 0s}}).error().code == ErrorCode::kDeadlineExceeded);
    CHECK(setup.service.pauses.seen.size() == 2);
  }
  SECTION("take all the time there is, as far as it can be added to a time") {
    setup.service.pauses.answers = {StatusOr<void>()};
    CHECK(handle.pause({.call = {.timeout = Nanoseconds::max()}}).ok());
    CHECK(setup.service.timeouts.at(0) > 24h * 365);
    CHECK(setup.service.timeouts.at(0) < Nanoseconds::max() / 2);
  }
}

TEST_CASE("a change of options", "[client][operator]") {
  EagerClient setup;
  const auto handle = setup.client.handle<int>("a", "run-1");
  auto& updates = setup.service.updates;
  SECTION("names what changes, and nothing else") {
    ActivityOptionsFields now;
    now.task_queue = "fast";
    now.start_to_close = 2h;
    now.heartbeat = 0s;
    now.retry = RetryPolicyFields{1s, 2.0, 100s, 0, {}};
    updates.answers = {now};
    const auto options = handle.update_options({.task_queue = "fast",
                                                .start_to_close_timeout = 2h,
                                                .heartbeat_timeout = clear,
                                                .retry_policy_fields = {.maximum_attempts = clear}});
    REQUIRE(options.ok());
    CHECK(options->task_queue == "fast");
    CHECK(options->start_to_close_timeout == 2h);
    CHECK_FALSE(options->heartbeat_timeout.has_value());
    CHECK(options->retry_policy.maximum_interval == 100s);
    CHECK_FALSE(options->retry_policy.maximum_attempts.has_value());
    const auto& sent = updates.seen.at(0);
    CHECK(sent.update_mask ==
          Paths{"task_queue.name", "start_to_close_timeout", "heartbeat_timeout", "retry_policy.maximum_attempts"});
    CHECK(sent.options.task_queue == "fast");
    CHECK(sent.options.start_to_close == 2h);
    CHECK_FALSE(sent.options.heartbeat.has_value());
    CHECK_FALSE(sent.options.schedule_to_close.has_value());
    REQUIRE(sent.options.retry.has_value());
    CHECK(sent.options.retry->maximum_attempts == 0);
    CHECK_FALSE(sent.restore_original);
    CHECK(sent.request_id.size() == 36);
  }
  SECTION("knows every path of the protocol") {
    const auto one = update_params({.task_queue = "q",
                                    .schedule_to_close_timeout = 1s,
                                    .schedule_to_start_timeout = 1s,
                                    .start_to_close_timeout = 1s,
                                    .heartbeat_timeout = 1s,
                                    .start_delay = 0s,
                                    .retry_policy_fields = {1s, 2.0, 3s, 4},
                                    .priority_fields = {2, "tenant", 0.5F}});
    const auto other =
        update_params({.retry_policy = RetryPolicy{.non_retryable_error_types = {"Disk"}}, .priority = clear});
    std::set<std::string> paths(one.update_mask.begin(), one.update_mask.end());
    paths.insert(other.update_mask.begin(), other.update_mask.end());
    CHECK(paths == std::set<std::string>{"task_queue.name", "schedule_to_close_timeout", "schedule_to_start_timeout",
                                         "start_to_close_timeout", "heartbeat_timeout", "start_delay", "retry_policy",
                                         "retry_policy.initial_interval", "retry_policy.backoff_coefficient",
                                         "retry_policy.maximum_interval", "retry_policy.maximum_attempts", "priority",
                                         "priority.priority_key", "priority.fairness_key", "priority.fairness_weight"});
    CHECK(one.options.retry == RetryPolicyFields{1s, 2.0, 3s, 4, {}});
    CHECK(one.options.priority == PriorityFields{2, "tenant", 0.5F});
    CHECK(other.options.retry->non_retryable_error_types == Paths{"Disk"});
    CHECK_FALSE(other.options.priority.has_value());
  }
  SECTION("back to those of the start goes alone") {
    updates.answers = {ActivityOptionsFields{}};
    CHECK(handle.update_options({.restore_original = true}).ok());
    CHECK(updates.seen.at(0).restore_original);
    CHECK(updates.seen.at(0).update_mask.empty());
    CHECK(handle.update_options({.heartbeat_timeout = 1s, .restore_original = true}).error().code ==
          ErrorCode::kInvalidArgument);
  }
  SECTION("that is nothing or makes no sense is refused without a call") {
    const auto refusal = [&](const UpdateOptions& options) {
      const auto result = handle.update_options(options);
      REQUIRE_FALSE(result.ok());
      CHECK(result.error().code == ErrorCode::kInvalidArgument);
      return result.error().message;
    };
    CHECK(refusal({}) == "UpdateOptions changes nothing");
    CHECK(refusal({.task_queue = ""}) == "UpdateOptions.task_queue is empty, but required");
    CHECK(refusal({.heartbeat_timeout = 0s}) ==
          "UpdateOptions.heartbeat_timeout is 0 ms, must be more than 0; `clear` takes the limit away");
    CHECK(refusal({.start_delay = -1s}) == "UpdateOptions.start_delay is -1000 ms, must be 0 or more");
    CHECK_THAT(refusal({.retry_policy = clear, .retry_policy_fields = {.maximum_attempts = 2}}),
               ContainsSubstring("must be one of them"));
    CHECK_THAT(refusal({.priority = clear, .priority_fields = {.priority_key = 2}}),
               ContainsSubstring("must be one of them"));
    CHECK_THAT(refusal({.retry_policy_fields = {.backoff_coefficient = 0.5}}),
               ContainsSubstring("UpdateOptions.retry_policy_fields.backoff_coefficient"));
    CHECK_THAT(refusal({.priority_fields = {.priority_key = 6}}), ContainsSubstring("from 1 to 5"));
    CHECK(updates.seen.empty());
  }
}

TEST_CASE("a full description", "[client][describe]") {
  EagerClient setup;
  const auto handle = setup.client.handle<int>("a");
  auto from = running();
  SECTION("asks for what was asked for") {
    setup.service.descriptions = {from, from};
    CHECK(handle.describe().ok());
    CHECK(handle
              .describe({.include_input = true,
                         .include_outcome = true,
                         .include_heartbeat_details = false,
                         .include_last_failure = false})
              .ok());
    const auto& seen = setup.service.seen_describes;
    CHECK_FALSE(seen.at(0).include_input);
    CHECK_FALSE(seen.at(0).include_outcome);
    CHECK(seen.at(0).include_heartbeat_details);
    CHECK(seen.at(0).include_last_failure);
    CHECK(seen.at(1).include_input);
    CHECK(seen.at(1).include_outcome);
    CHECK_FALSE(seen.at(1).include_heartbeat_details);
    CHECK_FALSE(seen.at(1).include_last_failure);
  }
  SECTION("shows input and outcome as values") {
    from.input = Payloads{json_payload("\"x\""), json_payload("3")};
    from.outcome = ActivityOutcome{Payloads{json_payload("42")}, {}, 0};
    setup.service.descriptions = {from};
    const auto shown = handle.describe({.include_input = true, .include_outcome = true}).value();
    CHECK(shown.input<std::string, int>().value() == std::tuple<std::string, int>("x", 3));
    CHECK(shown.input<int>().error().code == ErrorCode::kUndecodable);
    CHECK(shown.outcome<int>()->value() == 42);
  }
  SECTION("shows how it failed, and why there was no other attempt") {
    from.status = 3;
    from.outcome = ActivityOutcome{{}, Failure{.kind = FailureKind::kApplication, .message = "no", .type = "Disk"}, 4};
    setup.service.descriptions = {from};
    const auto shown = handle.describe({.include_outcome = true}).value();
    CHECK(shown.outcome<int>()->error().code == ErrorCode::kActivityFailed);
    CHECK(shown.retry_state == RetryState::kMaximumAttemptsReached);
    CHECK_FALSE(shown.open());
  }
  SECTION("without them has none") {
    setup.service.descriptions = {from};
    const auto shown = handle.describe().value();
    CHECK(shown.open());
    CHECK_FALSE(shown.outcome<int>().has_value());
    CHECK(shown.input<int>().error().code == ErrorCode::kNotFound);
  }
  SECTION("shows limits, times and everything people wrote") {
    from.start_to_close = 1h;
    from.retry = RetryPolicyFields{1s, 2.0, 100s, 5, {"Disk"}};
    from.priority = PriorityFields{1, "tenant", 2.0F};
    from.execution_time = at(7);
    from.expiration_time = at(8);
    from.current_retry_interval = 4s;
    from.execution_duration = 5s;
    from.sdk_name = "longbeat";
    from.last_deployment_version = DeploymentVersionFields{"billing", "b1"};
    from.summary = json_payload("\"one \\u00e4 line\"");
    from.details = json_payload("17");
    from.search_attributes = {{"Count", {{{"encoding", "json/plain"}, {"type", "Int"}}, "3"}}};
    from.links = {ActivityLink{"default", "b", "run-2"}};
    from.callbacks = {CallbackStateFields{
        CallbackFields{"http://x", {{"k", "v"}}, {}}, 3, 2, {}, {}, {}, Failure{.message = "503"}, {}}};
    setup.service.descriptions = {from};
    const auto shown = handle.describe().value();
    CHECK(shown.start_to_close_timeout == 1h);
    CHECK_FALSE(shown.heartbeat_timeout.has_value());
    CHECK(shown.retry_policy.maximum_attempts == 5);
    CHECK(shown.retry_policy.non_retryable_error_types == Paths{"Disk"});
    CHECK(shown.priority.fairness_key == "tenant");
    CHECK(shown.execution_time == at(7));
    CHECK(shown.expiration_time == at(8));
    CHECK(shown.current_retry_interval == 4s);
    CHECK(shown.execution_duration == 5s);
    CHECK(shown.last_deployment_version->build_id == "b1");
    CHECK(shown.summary == "one \xc3\xa4 line");
    CHECK(shown.details.empty());
    CHECK(shown.search_attributes.at("Count") == SearchAttribute(3));
    CHECK(shown.links == std::vector<Link>{LinkToActivity{"default", "b", "run-2"}});
    CHECK(shown.callbacks.at(0).state == CallbackState::kBackingOff);
    CHECK(shown.callbacks.at(0).last_attempt_failure->message == "503");
  }
}

TEST_CASE("a watch", "[client][watch]") {
  EagerClient setup;
  const auto handle = setup.client.handle<int>("a");
  auto& service = setup.service;
  std::vector<std::string> tokens;
  std::optional<Error> error;
  const auto watch = [&](const WatchOptions& options = {}) {
    for (const Result<longbeat::ActivityDescription>& now : handle.watch(options)) {
      if (now) {
        tokens.push_back(now->long_poll_token);
      } else {
        error = now.error();
      }
    }
  };
  SECTION("shows each state until the activity has closed") {
    service.descriptions = {running("state-1"), running("state-2"), completed_state()};
    watch();
    CHECK(tokens == Paths{"state-1", "state-2", "state-9"});
    CHECK_FALSE(error.has_value());
    const auto& seen = service.seen_describes;
    CHECK(seen.at(0).long_poll_token.empty());
    CHECK(seen.at(1).long_poll_token == "state-1");
    CHECK(seen.at(1).run.run_id == "run-1");
    CHECK(seen.at(2).long_poll_token == "state-2");
  }
  SECTION("asks again when nothing has changed, and when the server was away") {
    service.descriptions = {running("state-1"), internal::ActivityDescription{}, refused(StatusCode::kUnavailable),
                            refused(StatusCode::kDeadlineExceeded), completed_state()};
    watch();
    CHECK(tokens == Paths{"state-1", "state-9"});
    CHECK(service.seen_describes.at(4).long_poll_token == "state-1");
    CHECK(setup.client.stats().retries == 2);
  }
  SECTION("asks by itself: nobody below repeats what it asks") {
    service.descriptions = {running("state-1"), completed_state()};
    watch();
    for (const auto& asked : service.seen_describes) CHECK_FALSE(asked.retried);
    service.descriptions = {completed_state()};
    REQUIRE(handle.describe().ok());
    CHECK(service.seen_describes.back().retried);
  }
  SECTION("ends with what rules it out") {
    service.descriptions = {running("state-1"), refused(StatusCode::kNotFound, "gone")};
    watch();
    CHECK(tokens.size() == 1);
    REQUIRE(error.has_value());
    CHECK(error->code == ErrorCode::kNotFound);
    CHECK(error->message == "watch of activity 'a' (run run-1) at 127.0.0.1:7233: gone");
  }
  SECTION("is bounded as a whole") {
    service.latency = 40s;
    service.descriptions = {running("state-1"), running("state-2"), running("state-3")};
    watch({.timeout = 100s});
    CHECK(tokens.size() == 2);
    CHECK(error->code == ErrorCode::kDeadlineExceeded);
  }
  SECTION("ends with its stop token") {
    std::stop_source source;
    service.descriptions = {running("state-1")};
    auto rows = handle.watch({.stop_token = source.get_token()});
    CHECK(rows.next()->ok());
    source.request_stop();
    CHECK(rows.next()->error().code == ErrorCode::kCanceled);
    CHECK_FALSE(rows.next().has_value());
  }
  SECTION("in single steps tells the next state") {
    service.descriptions = {running("state-1"), completed_state()};
    const auto first = handle.describe().value();
    const auto next = handle.wait_for_change(first).value();
    CHECK(next.status == ActivityStatus::kCompleted);
    CHECK(handle.wait_for_change(next).error().code == ErrorCode::kFailedPrecondition);
    CHECK(handle.wait_for_change_async(next).get().error().code == ErrorCode::kFailedPrecondition);
  }
}
