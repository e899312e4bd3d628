#include <functional>

#include "request/validate.h"
#include "support/catch.h"
#include "unit/request/refusals.h"

namespace longbeat::server {

using namespace std::chrono_literals;

namespace {

StartRequest valid_start() {
  StartRequest request;
  request.namespace_name = "default";
  request.activity_id = "order-7";
  request.type = "charge";
  request.has_task_queue = true;
  request.task_queue = "billing";
  request.start_to_close = RawDuration{60, 0};
  return request;
}

std::string refusal(const std::function<void(StartRequest&)>& change) {
  StartRequest request = valid_start();
  change(request);
  const auto start = normalise(request);
  return start ? "accepted" : to_string(start.error());
}

}  // namespace

TEST_CASE("a valid start request gets its defaults", "[server][request]") {
  const NormalStart start = normalise(valid_start()).value();
  CHECK(start.start_delay == 0ns);
  CHECK(start.timeouts == NormalTimeouts{0s, 0s, 60s, 0s});
  CHECK(start.retry == NormalRetry{});
  CHECK(start.id_reuse_policy == IdReusePolicy::kAllowDuplicate);
  CHECK(start.id_conflict_policy == IdConflictPolicy::kFail);
}

TEST_CASE("a start request is refused by name", "[server][request]") {
  using R = StartRequest;
  const std::pair<std::function<void(R&)>, std::string> cases[] = {
      {[](R& r) { r.namespace_name.clear(); }, "Namespace is empty."},
      {[](R& r) { r.start_delay = RawDuration{-1, 0}; }, "invalid StartDelay: negative duration: -1s and 0ns"},
      {[](R& r) { r.has_task_queue = false; }, "taskQueue is not set"},
      {[](R& r) { r.task_queue.clear(); }, "missing task queue name"},
      {[](R& r) { r.task_queue = kLong; }, "taskQueue exceeds length limit. Length=1001 Limit=1000"},
      {[](R& r) { r.task_queue = "/_sys/x"; }, "task queue name cannot start with reserved prefix /_sys/"},
      {[](R& r) { r.activity_id.clear(); }, "activityId is not set"},
      {[](R& r) { r.activity_id = kLong; }, "activityId exceeds length limit. Length=1001 Limit=1000"},
      {[](R& r) { r.type.clear(); }, "activityType is not set"},
      {[](R& r) { r.type = kLong; }, "activityType exceeds length limit. Length=1001 Limit=1000"},
      {[](R& r) { r.request_id = kLong; }, "request ID exceeds length limit. Length=1001 Limit=1000"},
      {[](R& r) { r.identity = kLong; }, "identity exceeds length limit. Length=1001 Limit=1000"},
      {[](R& r) { r.retry = R::Retry{.backoff_coefficient = 0.1}; },
       "BackoffCoefficient cannot be less than 1 on retry policy."},
      {[](R& r) { r.priority = WirePriority{.key = -1}; }, "invalid priorities: priority key can't be negative"},
      {[](R& r) { r.priority = WirePriority{.fairness_key = std::string(65, 'x')}; },
       "invalid priorities: fairness key exceeds length limit. Length=65 Limit=64"},
      {[](R& r) { r.priority = WirePriority{.fairness_weight = -1}; },
       "invalid priorities: fairness weight can't be negative"},
      {[](R& r) { r.start_to_close = RawDuration{0, -1}; },
       "invalid StartToCloseTimeout: negative duration: 0s and -1ns"},
      {[](R& r) { r.start_to_close.reset(); },
       "a valid StartToCloseTimeout or ScheduleToCloseTimeout must be set on the activity. ActivityId=order-7 "
       "ActivityType=charge"},
      {[](R& r) { r.input.resize(2 * 1024 * 1024 + 1); }, "input exceeds length limit"},
      {[](R& r) { r.summary_bytes = 401; }, "UserMetadata.Summary exceeds length limit. Length=401 Limit=400"},
      {[](R& r) { r.details_bytes = 20'001; }, "UserMetadata.Details exceeds length limit. Length=20001 Limit=20000"},
      {[](R& r) { r.search_attributes.resize(40 * 1024 + 1); },
       "total size of search attributes 40961 exceeds size limit 40960"},
      {[](R& r) { r.attributes.resize(101); }, "number of search attributes 101 exceeds limit 100"},
      {[](R& r) { r.attributes = {{"Color", "", std::string(2049, 'x')}}; },
       "search attribute Color value size 2049 exceeds size limit 2048"},
      {[](R& r) { r.completion_callbacks.emplace_back(); }, "completion callbacks are not enabled for this namespace"},
      {[](R& r) { r.links.resize(11); }, "cannot attach more than 10 links per request, got 11"},
      {[](R& r) { r.links.assign(1, std::string(4001, 'x')); }, "link exceeds allowed size of 4000, got 4001"},
      {[](R& r) { r.link_facts = {{}}; }, "unsupported link variant"},
      {[](R& r) { r.link_facts = {{LinkFacts::Kind::kBatchJob}}; }, "batch job link must not have an empty job ID"},
      {[](R& r) { r.link_facts = {{LinkFacts::Kind::kActivity, false, true, true}}; },
       "activity link must not have an empty namespace field"},
      {[](R& r) { r.link_facts = {{LinkFacts::Kind::kNexusOperation, true, false, true}}; },
       "nexus operation link must not have an empty operation ID field"},
      {[](R& r) { r.link_facts = {{LinkFacts::Kind::kWorkflowEvent, true, true, false}}; },
       "workflow event link must not have an empty run ID field"},
      {[](R& r) { r.link_facts = {{LinkFacts::Kind::kWorkflowEvent, true, true, true, true}}; },
       "workflow event link ref cannot have an unspecified event type and a non-zero event ID"},
      {[](R& r) { r.attach_completion_callbacks = true; },
       "attaching request ID is required for attaching completion callbacks"},
      {[](R& r) { r.attach_request_id = true; },
       "attaching request ID requires at least one completion callback or link"},
      {[](R& r) { r.id_reuse_policy = 4; }, "invalid IdReusePolicy: 4"},
      {[](R& r) { r.id_conflict_policy = 3; }, "invalid IdConflictPolicy: 3"},
  };
  for (const auto& [change, text] : cases) CHECK(refusal(change) == kInvalid + text);
}

TEST_CASE("the first problem in the protocol's order is the one that is told", "[server][request]") {
  CHECK_THAT(refusal([](StartRequest& r) {
               r.start_to_close.reset();
               r.activity_id.clear();
               r.start_delay = RawDuration{-1, 0};
             }),
             ContainsSubstring("StartDelay"));
}

TEST_CASE("options for a conflict are fine with something to attach", "[server][request]") {
  CHECK(refusal([](StartRequest& r) {
          r.attach_request_id = r.attach_links = true;
          r.links = {"link"};
        }) == "accepted");
}

TEST_CASE("a start request in a namespace with completion callbacks", "[server][request]") {
  RequestLimits limits;
  limits.callbacks_enabled = true;
  limits.callbacks_per_activity_max = 2;
  limits.callback_addresses = {"hooks.example.com", "*.local:*", "http://127.0.0.1:*"};
  const auto text = [&](const std::vector<WireCallback>& callbacks) {
    StartRequest request = valid_start();
    request.completion_callbacks = callbacks;
    return refusal(normalise(request, limits));
  };
  const auto url = [&](const std::string& to) { return text({{true, to, 0, ""}}); };
  const std::string no_match = kInvalid + "invalid url: url does not match any configured callback address: ";
  CHECK(url("https://hooks.example.com/done?x=1") == "accepted");
  CHECK(url("HTTPS://Hooks.Example.COM") == "accepted");
  CHECK(url("https://a.b.local:8080/") == "accepted");
  CHECK(url("http://127.0.0.1:7000/x") == "accepted");
  CHECK(url("https://127.0.0.1:7000/x") == "accepted");
  CHECK(url("http://hooks.example.com/") ==
        kInvalid + "invalid url: callback address does not allow insecure connections: http://hooks.example.com/");
  CHECK(url("https://hooks.example.com:444/") == no_match + "https://hooks.example.com:444/");
  CHECK(url("https://evil.com/hooks.example.com") == no_match + "https://evil.com/hooks.example.com");
  CHECK(url("https://evil.com#.local:1") == no_match + "https://evil.com#.local:1");
  CHECK(url("https://x.local:1@evil.com/") ==
        kInvalid + "invalid url: user information in https://x.local:1@evil.com/");
  CHECK(url("https:///path") == kInvalid + "invalid url: missing host");
  CHECK(url("ftp://hooks.example.com") == kInvalid + "invalid url: unknown scheme: ftp://hooks.example.com");
  CHECK(url("https://evil.com\\.local:1") == kInvalid + "invalid url: illegal character: https://evil.com\\.local:1");
  CHECK(url("") == kInvalid + "invalid url: unknown scheme: ");
  CHECK(url("https://hooks.example.com/" + kLong) ==
        kInvalid + "invalid url: url length longer than max length allowed: 1000");
  CHECK(text({{true, "https://hooks.example.com", 8193, ""}}) ==
        kInvalid + "invalid header: header size longer than max length allowed: 8192");
  CHECK(text({{false, "", 0, ""}}) == kInvalid + "unknown callback variant: only Nexus callbacks are supported");
  CHECK(text(std::vector<WireCallback>(3)) == kInvalid + "cannot attach more than 2 callbacks to an activity");
}

}  // namespace longbeat::server
