#include "support/catch.h"
#include "unit/request/refusals.h"

namespace longbeat::server {

TEST_CASE("a namespace is described by name or ID", "[server][request]") {
  CHECK(refusal(validate(DescribeNamespaceRequest{})) == kInvalid + "Namespace is empty.");
  CHECK(refusal(validate(DescribeNamespaceRequest{.id = kUuid})) == "accepted");
}

TEST_CASE("a namespace is deleted by name or ID, at once", "[server][request]") {
  CHECK(refusal(validate(DeleteNamespaceRequest{})) == kInvalid + "Namespace is empty.");
  CHECK(refusal(validate(DeleteNamespaceRequest{.id = kLong})) ==
        kInvalid + "namespace ID exceeds length limit. Length=1001 Limit=1000");
  DeleteNamespaceRequest request{.id = kUuid};
  CHECK(refusal(validate(request)) == "accepted");
  request.delay = RawDuration{0, 0};
  CHECK(refusal(validate(request)) == "accepted");
  request.delay = RawDuration{1, 0};
  CHECK(refusal(validate(request)) == kInvalid + "NamespaceDeleteDelay is not supported: leave it out");
  request.delay = RawDuration{-1, 0};
  CHECK(refusal(validate(request)).starts_with(kInvalid));
}

TEST_CASE("a new namespace", "[server][request]") {
  const std::string no_retention = kInvalid + "A valid retention period is not set on request.";
  RegisterNamespaceRequest request;
  CHECK(refusal(validate(request)) == kInvalid + "Namespace not set on request.");
  request.namespace_name = kLong;
  CHECK(refusal(validate(request)) == kInvalid + "namespace exceeds length limit. Length=1001 Limit=1000");
  request.namespace_name = "orders";
  SECTION("needs a retention of an hour") {
    CHECK(refusal(validate(request)) == no_retention);
    request.retention = RawDuration{3599, 999'999'999};
    CHECK(refusal(validate(request)) == no_retention);
    request.retention = RawDuration{-3600, 0};
    CHECK(refusal(validate(request)) == no_retention);
    request.retention = RawDuration{3600, 0};
    CHECK(refusal(validate(request)) == "accepted");
  }
  SECTION("needs one of a day when it is global") {
    request.is_global = true;
    request.retention = RawDuration{86'399, 0};
    CHECK(refusal(validate(request)) == no_retention);
    request.retention = RawDuration{86'400, 0};
    CHECK(refusal(validate(request)) == "accepted");
  }
  SECTION("has a limit for what is told about it") {
    request.retention = RawDuration{3600, 0};
    request.data["k"].resize(2 * 1024 * 1024);
    CHECK(refusal(validate(request)) == kInvalid + "namespace info exceeds length limit. Length=2097153 Limit=2097152");
  }
}

TEST_CASE("a change of a namespace", "[server][request]") {
  UpdateNamespaceRequest request;
  CHECK(refusal(validate(request)) == kInvalid + "Namespace not set on request.");
  request.namespace_name = "orders";
  CHECK(refusal(validate(request)) == "accepted");
  request.info = UpdateNamespaceRequest::Info{.state = 4};
  CHECK(refusal(validate(request)) == kInvalid + "invalid namespace state: 4");
  request.info->state = 2;
  CHECK(refusal(validate(request)) == "accepted");
  request.retention = RawDuration{1, 0};
  CHECK(refusal(validate(request)) == kInvalid + "A valid retention period is not set on request.");
}

}  // namespace longbeat::server
