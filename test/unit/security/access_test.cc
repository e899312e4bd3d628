#include "security/access.h"

#include "support/catch.h"

using namespace longbeat::server;
using namespace std::chrono_literals;
using longbeat::internal::StatusCode;
using longbeat::internal::WallTime;

namespace {

const std::string kWorkerKey = "lbk_worker_0123456789abcdef0123456789abcdef";
const std::string kEverywhereKey = "lbk_everywhere_0123456789abcdef0123456789ab";
const WallTime kNow{1'700'000'000s};

ApiKey key_of(const std::string& secret, Roles roles, std::vector<std::string> namespaces) {
  ApiKey key;
  key.name = "one";
  key.hash = hash_of_key(secret);
  key.roles = roles;
  key.all_namespaces = namespaces.empty();
  key.namespaces = std::move(namespaces);
  return key;
}

AccessRules rules() {
  AccessRules made;
  made.required = true;
  made.keys = {key_of(kWorkerKey, {Role::kWorker}, {"billing"}), key_of(kEverywhereKey, {Role::kReader}, {})};
  return made;
}

CallNeeds needs(Role role, bool has_namespace = true) {
  return {"Call", role, has_namespace};
}

std::optional<Refusal> refusal(const AccessRules& with, const std::string& header, const CallNeeds& call,
                               WallTime now = kNow) {
  return Access(with).admit(header, call, now).refusal;
}

}  // namespace

TEST_CASE("without rules everyone may do everything, and keys are not looked at", "[security][access]") {
  const Access open;
  CHECK_FALSE(open.required());
  CHECK_FALSE(open.admit("", needs(Role::kOperator), kNow).refusal);
  CHECK_FALSE(open.admit("Bearer whatever", needs(Role::kOperator, false), kNow).refusal);
}

TEST_CASE("a call needs a key that is known", "[security][access]") {
  CHECK(refusal(rules(), "", needs(Role::kWorker)) == Refusal::kNoKey);
  CHECK(refusal(rules(), "Basic dXNlcjpwYXNz", needs(Role::kWorker)) == Refusal::kNoKey);
  CHECK(refusal(rules(), "Bearer ", needs(Role::kWorker)) == Refusal::kNoKey);
  CHECK(refusal(rules(), "Bearer  ", needs(Role::kWorker)) == Refusal::kNoKey);
  CHECK(refusal(rules(), kWorkerKey, needs(Role::kWorker)) == Refusal::kNoKey);
  CHECK(refusal(rules(), "Bearer x" + kWorkerKey, needs(Role::kWorker)) == Refusal::kUnknownKey);
  CHECK(refusal(rules(), "Bearer " + kWorkerKey.substr(1), needs(Role::kWorker)) == Refusal::kUnknownKey);
  CHECK(refusal(rules(), "Bearer " + to_text(hash_of_key(kWorkerKey)), needs(Role::kWorker)) == Refusal::kUnknownKey);
  CHECK_FALSE(refusal(rules(), "Bearer " + kWorkerKey, needs(Role::kWorker)));
  CHECK_FALSE(refusal(rules(), "bearer  " + kWorkerKey + " ", needs(Role::kWorker)));
}

TEST_CASE("what a load balancer asks needs no key, not even a right one", "[security][access]") {
  CHECK_FALSE(refusal(rules(), "", needs(Role::kAnyone, false)));
  CHECK_FALSE(refusal(rules(), "Bearer wrong", needs(Role::kAnyone, false)));
}

TEST_CASE("a key does what its roles allow", "[security][access]") {
  CHECK_FALSE(refusal(rules(), "Bearer " + kWorkerKey, needs(Role::kAnyKey)));
  CHECK(refusal(rules(), "Bearer " + kWorkerKey, needs(Role::kReader)) == Refusal::kWrongRole);
  CHECK(refusal(rules(), "Bearer " + kWorkerKey, needs(Role::kClient)) == Refusal::kWrongRole);
  CHECK(refusal(rules(), "Bearer " + kWorkerKey, needs(Role::kOperator)) == Refusal::kWrongRole);
  CHECK(refusal(rules(), "Bearer " + kEverywhereKey, needs(Role::kWorker)) == Refusal::kWrongRole);
}

TEST_CASE("which role may make which call", "[security][roles]") {
  struct Row {
    Role has;
    std::vector<Role> may;
  };
  const std::vector<Role> all{Role::kAnyone, Role::kAnyKey, Role::kReader,
                              Role::kClient, Role::kWorker, Role::kOperator};
  for (const Row& row :
       {Row{Role::kReader, {Role::kAnyone, Role::kAnyKey, Role::kReader}},
        Row{Role::kClient, {Role::kAnyone, Role::kAnyKey, Role::kReader, Role::kClient}},
        Row{Role::kWorker, {Role::kAnyone, Role::kAnyKey, Role::kWorker}}, Row{Role::kOperator, all}}) {
    for (const Role needed : all) {
      CAPTURE(role_name(row.has), role_name(needed));
      CHECK(Roles{row.has}.allow(needed) == (std::ranges::find(row.may, needed) != row.may.end()));
    }
  }
  CHECK(Roles{Role::kClient, Role::kWorker}.allow(Role::kReader));
  CHECK(Roles{Role::kClient, Role::kWorker}.allow(Role::kWorker));
  CHECK_FALSE(Roles{}.allow(Role::kAnyKey));
  CHECK(to_string(Roles{Role::kWorker, Role::kClient}) == "client, worker");
  CHECK(role_named("worker") == Role::kWorker);
  CHECK_FALSE(role_named("any key"));
  CHECK_FALSE(role_named("root"));
}

TEST_CASE("a key for some namespaces", "[security][access]") {
  const Access access(rules());
  const auto key = access.admit("Bearer " + kWorkerKey, needs(Role::kWorker), kNow).key;
  REQUIRE(key);
  CHECK(key->covers("billing"));
  CHECK_FALSE(key->covers("Billing"));
  CHECK_FALSE(key->covers("billing2"));
  CHECK_FALSE(key->covers(""));
  SECTION("makes no call that is about all of them") {
    AccessRules operators = rules();
    operators.keys.front().roles = {Role::kOperator};
    CHECK(refusal(operators, "Bearer " + kWorkerKey, needs(Role::kReader, false)) == Refusal::kWrongNamespace);
    CHECK_FALSE(refusal(operators, "Bearer " + kWorkerKey, needs(Role::kAnyKey, false)));
  }
  SECTION("and one for all of them does") {
    CHECK_FALSE(refusal(rules(), "Bearer " + kEverywhereKey, needs(Role::kReader, false)));
    CHECK(access.admit("Bearer " + kEverywhereKey, needs(Role::kReader), kNow).key->covers("any"));
  }
}

TEST_CASE("a key expires at its moment", "[security][access]") {
  AccessRules made = rules();
  made.keys.front().expires = kNow;
  CHECK_FALSE(refusal(made, "Bearer " + kWorkerKey, needs(Role::kWorker), kNow - 1ns));
  CHECK(refusal(made, "Bearer " + kWorkerKey, needs(Role::kWorker), kNow) == Refusal::kExpired);
  CHECK(refusal(made, "Bearer " + kWorkerKey, needs(Role::kAnyKey), kNow) == Refusal::kExpired);
}

TEST_CASE("a client certificate", "[security][access]") {
  AccessRules made = rules();
  SECTION("alone is not enough unless the rules say so") {
    CHECK(refusal(made, "", needs(Role::kWorker)) == Refusal::kNoKey);
  }
  made.certificate_roles = {Role::kClient};
  SECTION("has its role in all namespaces") {
    CHECK_FALSE(refusal(made, "", needs(Role::kClient)));
    CHECK_FALSE(refusal(made, "", needs(Role::kReader, false)));
    CHECK(refusal(made, "", needs(Role::kWorker)) == Refusal::kWrongRole);
  }
  SECTION("does not help a key") {
    CHECK(refusal(made, "Bearer wrong", needs(Role::kClient)) == Refusal::kUnknownKey);
    CHECK(refusal(made, "Bearer " + kWorkerKey, needs(Role::kClient)) == Refusal::kWrongRole);
  }
}

TEST_CASE("a refusal says what is missing and never shows the key", "[security][access]") {
  const auto rule = rules();
  const ApiKey& key = rule.keys.front();
  const auto text = [&](Refusal why, const CallNeeds& call, const std::string& space = "") {
    const auto status = to_status(why, call, &key, space);
    CHECK(status.message.find(kWorkerKey) == std::string::npos);
    CHECK(status.message.find("sha256") == std::string::npos);
    const bool known = why == Refusal::kWrongRole || why == Refusal::kWrongNamespace;
    CHECK(status.code == (known ? StatusCode::kPermissionDenied : StatusCode::kUnauthenticated));
    return status.message;
  };
  CHECK(text(Refusal::kNoKey, needs(Role::kReader)) == "Call needs an API key, sent as \"authorization: Bearer KEY\"");
  CHECK(text(Refusal::kUnknownKey, needs(Role::kReader)) == "the API key is not known here");
  CHECK(text(Refusal::kExpired, needs(Role::kReader)) == "the API key 'one' has expired");
  CHECK(text(Refusal::kWrongRole, needs(Role::kReader)) ==
        "the API key 'one' may not call Call: that takes the role reader, given is worker");
  CHECK(text(Refusal::kWrongNamespace, needs(Role::kWorker), "other") ==
        "the API key 'one' may not call Call in namespace 'other'");
  CHECK(text(Refusal::kWrongNamespace, needs(Role::kWorker)) ==
        "the API key 'one' may not call Call without the name of a namespace");
  CHECK(text(Refusal::kWrongNamespace, needs(Role::kReader, false)) ==
        "the API key 'one' may not call Call, which is about all namespaces");
  CHECK(text(Refusal::kWrongNamespace, needs(Role::kWorker), "a\nb").find('\n') == std::string::npos);
}

TEST_CASE("refusals are logged at once and then now and then, each reason for itself", "[security][log]") {
  RefusalLog log;
  CHECK(log.note(Refusal::kNoKey, "what", "ipv4:1.2.3.4:5", kNow) == "call refused: what (from ipv4:1.2.3.4:5)");
  CHECK_FALSE(log.note(Refusal::kNoKey, "what", "x", kNow + 1s));
  CHECK_FALSE(log.note(Refusal::kNoKey, "what", "x", kNow + 9s));
  CHECK(log.note(Refusal::kUnknownKey, "else", "x", kNow + 9s) == "call refused: else (from x)");
  CHECK_FALSE(log.is_due(Refusal::kNoKey, kNow + 9s));
  CHECK(log.note(Refusal::kNoKey, "what", "x", kNow + 10s) ==
        "call refused: what (from x); 2 more like it since the last line");
  CHECK(log.note(Refusal::kNoKey, "what", "x", kNow + 20s) == "call refused: what (from x)");
}
