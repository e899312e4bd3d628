#include "conformance/operations.h"

using namespace longbeat::test;

namespace {

using Start = service::StartActivityExecutionRequest;

/// The same ID once more, by somebody else.
Start again(const Start& request) {
  Start other = request;
  other.set_request_id(unique("request"));
  return other;
}

grpc::Status try_start(const Conformance& t, const Start& request) {
  return tell(t, "StartActivityExecution", request);
}

void check_already_started(const grpc::Status& status, const Start& first, const std::string& run_id) {
  CHECK(status.error_code() == grpc::StatusCode::ALREADY_EXISTS);
  CHECK(status.error_message() == "activity execution already started");
  errordetails::ActivityExecutionAlreadyStartedFailure detail;
  REQUIRE(detail_of(status, detail));
  CHECK(detail.start_request_id() == first.request_id());
  CHECK(detail.run_id() == run_id);
}

void add_link(Start& request, const std::string& workflow_id) {
  auto& link = *request.add_links()->mutable_workflow_event();
  link.set_namespace_("default");
  link.set_workflow_id(workflow_id);
  link.set_run_id("r");
}

}  // namespace

TEST_CASE("every start names what it started", "[conformance][ids]") {
  Conformance t;
  const auto request = t.start_request();
  const auto response = t.start(request);
  CHECK(response.started());
  CHECK(response.link().activity().namespace_() == "default");
  CHECK(response.link().activity().activity_id() == request.activity_id());
  CHECK(response.link().activity().run_id() == response.run_id());
}

TEST_CASE("a repeated request finds its run", "[conformance][ids]") {
  Conformance t;
  auto request = t.start_request();
  const auto first = t.start(request);
  SECTION("while it is open") {}
  SECTION("after it has closed, whatever the policy") {
    REQUIRE(t.complete(t.poll().task_token(), "done").ok());
    request.set_id_reuse_policy(enums::ACTIVITY_ID_REUSE_POLICY_REJECT_DUPLICATE);
  }
  *request.mutable_input() = text_payloads("something else");
  const auto second = t.start(request);
  CHECK_FALSE(second.started());
  CHECK(second.run_id() == first.run_id());
  CHECK(second.link().activity().run_id() == first.run_id());
}

TEST_CASE("an ID in use is refused with whose it is", "[conformance][ids]") {
  Conformance t;
  const auto request = t.start_request();
  const auto run = t.start(request).run_id();
  check_already_started(try_start(t, again(request)), request, run);
}

TEST_CASE("an existing run is used on request", "[conformance][ids]") {
  Conformance t;
  const auto request = t.start_request();
  const auto run = t.start(request).run_id();
  auto other = again(request);
  other.set_id_conflict_policy(enums::ACTIVITY_ID_CONFLICT_POLICY_USE_EXISTING);
  add_link(other, "other");
  SECTION("while it is open") {
    const auto response = t.start(other);
    CHECK_FALSE(response.started());
    CHECK(response.run_id() == run);
    CHECK(t.describe(request.activity_id()).info().links().empty());  // Dropped without a word.
  }
  SECTION("not after it has closed") {
    REQUIRE(t.complete(t.poll().task_token(), "done").ok());
    const auto response = t.start(other);
    CHECK(response.started());
    CHECK(response.run_id() != run);
  }
  SECTION("and its links are attached on request") {
    other.mutable_on_conflict_options()->set_attach_request_id(true);
    other.mutable_on_conflict_options()->set_attach_links(true);
    CHECK(t.start(other).run_id() == run);
    CHECK(t.start(other).run_id() == run);  // A repetition attaches nothing more.
    const auto links = t.describe(request.activity_id()).info().links();
    REQUIRE(links.size() == 1);
    CHECK(links[0].workflow_event().workflow_id() == "other");
    if (!only_own_server("Temporal's does not know the attached request where the policy is to fail")) return;
    other.set_id_conflict_policy(enums::ACTIVITY_ID_CONFLICT_POLICY_FAIL);
    CHECK(t.start(other).run_id() == run);
  }
}

TEST_CASE("a closed ID may be used again as its policy says", "[conformance][ids]") {
  Conformance t;
  const auto request = t.start_request();
  const auto run = t.start(request).run_id();
  const auto token = t.poll().task_token();
  auto other = again(request);
  SECTION("anyhow, by default") {
    REQUIRE(t.complete(token, "done").ok());
    CHECK(t.start(other).started());
  }
  SECTION("only after a failure: it completed") {
    REQUIRE(t.complete(token, "done").ok());
    other.set_id_reuse_policy(enums::ACTIVITY_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY);
    check_already_started(try_start(t, other), request, run);
  }
  SECTION("only after a failure: it failed") {
    REQUIRE(t.fail(token, "no use", true).ok());
    other.set_id_reuse_policy(enums::ACTIVITY_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY);
    CHECK(t.start(other).started());
  }
  SECTION("only after a failure: it was terminated, which counts as one") {
    REQUIRE(
        tell(t, "TerminateActivityExecution", about<service::TerminateActivityExecutionRequest>(request.activity_id()))
            .ok());
    other.set_id_reuse_policy(enums::ACTIVITY_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY);
    CHECK(t.start(other).started());
  }
  SECTION("never") {
    REQUIRE(t.fail(token, "no use", true).ok());
    other.set_id_reuse_policy(enums::ACTIVITY_ID_REUSE_POLICY_REJECT_DUPLICATE);
    check_already_started(try_start(t, other), request, run);
  }
}

TEST_CASE("a new run leaves the older one to be asked about", "[conformance][ids]") {
  Conformance t;
  const auto request = t.start_request();
  const auto first = t.start(request).run_id();
  REQUIRE(t.complete(t.poll().task_token(), "one").ok());
  const auto second = t.start(again(request)).run_id();
  CHECK(text_of(t.outcome(request.activity_id(), first).outcome().result()) == "one");
  CHECK(t.describe(request.activity_id()).run_id() == second);
}

TEST_CASE("links are kept, and counted", "[conformance][ids]") {
  Conformance t;
  auto request = t.start_request();
  for (int i = 0; i < 10; ++i) add_link(request, "same");
  t.start(request);
  CHECK(t.describe(request.activity_id()).info().links_size() == 10);
  auto too_many = t.start_request();
  for (int i = 0; i < 11; ++i) add_link(too_many, "w");
  check_invalid(try_start(t, too_many));
  auto too_large = t.start_request();
  add_link(too_large, std::string(4001, 'w'));
  check_invalid(try_start(t, too_large));
}

TEST_CASE("conflict options that make no sense are refused", "[conformance][ids]") {
  Conformance t;
  auto request = t.start_request();
  request.set_id_conflict_policy(enums::ACTIVITY_ID_CONFLICT_POLICY_USE_EXISTING);
  SECTION("nothing to attach") {
    request.mutable_on_conflict_options()->set_attach_request_id(true);
  }
  SECTION("callbacks without their request") {
    request.mutable_on_conflict_options()->set_attach_completion_callbacks(true);
  }
  check_invalid(try_start(t, request));
}

TEST_CASE("a policy nobody knows does no harm", "[conformance][ids]") {
  Conformance t;
  auto request = t.start_request();
  request.set_id_reuse_policy(static_cast<enums::ActivityIdReusePolicy>(77));
  const auto status = try_start(t, request);
  CHECK((status.ok() || status.error_code() == grpc::StatusCode::INVALID_ARGUMENT));
}

TEST_CASE("links gather up to their limit", "[conformance][ids]") {
  Conformance t;
  const auto request = t.start_request();
  t.start(request);
  auto other = request;
  other.set_id_conflict_policy(enums::ACTIVITY_ID_CONFLICT_POLICY_USE_EXISTING);
  other.mutable_on_conflict_options()->set_attach_request_id(true);
  other.mutable_on_conflict_options()->set_attach_links(true);
  for (int i = 0; i < 10; ++i) add_link(other, std::to_string(i));
  for (int i = 0; i < 200; ++i) {
    other.set_request_id(unique("request"));
    REQUIRE(try_start(t, other).ok());
  }
  CHECK(try_start(t, other).ok());  // Known already.
  other.set_request_id(unique("request"));
  check_precondition(try_start(t, other));
  other.clear_on_conflict_options();
  CHECK(try_start(t, other).ok());  // Nothing to attach, so no limit to look at.
  CHECK(t.describe(request.activity_id()).info().links_size() == 2'000);
}
