// Messages as arguments and results; and the bytes of a payload, which the SDK writes by hand elsewhere.
#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/wrappers.pb.h>
#include <temporal/api/common/v1/message.pb.h>

#include <optional>
#include <string>
#include <tuple>

#include "core/wire_format.h"
#include "core/wire_size.h"
#include "longbeat/activity.h"
#include "longbeat/json.h"
#include "longbeat/protobuf.h"
#include "rpc/convert_common.h"
#include "rpc/convert_failure.h"
#include "support/catch.h"
#include "support/secret.h"

using namespace longbeat;
using Catch::Matchers::EndsWith;
using temporal::api::common::v1::RetryPolicy;
using temporal::api::common::v1::WorkflowExecution;

namespace {

RetryPolicy policy() {
  RetryPolicy policy;
  policy.set_maximum_attempts(3);
  policy.mutable_initial_interval()->set_seconds(2);
  policy.add_non_retryable_error_types("Fatal");
  return policy;
}

constexpr Activity<RetryPolicy(WorkflowExecution, std::optional<RetryPolicy>, std::string)> kBoth{"both"};

}  // namespace

static_assert(internal::require_payload_codec<RetryPolicy>());
static_assert(kBoth.name() == "both");

TEST_CASE("a protobuf message travels", "[converter][protobuf]") {
  const DataConverter converter;
  SECTION("as JSON, with its type") {
    const auto payload = converter.to_payload(policy()).value();
    CHECK(payload.metadata ==
          std::map<std::string, std::string>{{"encoding", "json/protobuf"},
                                             {"messageType", "temporal.api.common.v1.RetryPolicy"}});
    CHECK(payload.data == R"({"initialInterval":"2s","maximumAttempts":3,"nonRetryableErrorTypes":["Fatal"]})");
    CHECK(converter.from_payload<RetryPolicy>(payload).value().SerializeAsString() == policy().SerializeAsString());
  }
  SECTION("in its own bytes, where the client says so") {
    const auto binary = with_binary_protobuf<RetryPolicy, WorkflowExecution>();
    const auto payload = binary.to_payload(policy()).value();
    CHECK(payload.metadata ==
          std::map<std::string, std::string>{{"encoding", "binary/protobuf"},
                                             {"messageType", "temporal.api.common.v1.RetryPolicy"}});
    CHECK(payload.data == policy().SerializeAsString());
    SECTION("and both are read by every client") {
      CHECK(converter.from_payload<RetryPolicy>(payload).value().maximum_attempts() == 3);
      CHECK(binary.from_payload<RetryPolicy>(converter.to_payload(policy()).value()).value().maximum_attempts() == 3);
    }
  }
  SECTION("beside values of other kinds") {
    const auto payloads = converter.to_payloads(policy(), std::string("x"), std::optional<RetryPolicy>()).value();
    using Values = std::tuple<RetryPolicy, std::string, std::optional<RetryPolicy>>;
    const auto values = converter.from_payloads<Values>(payloads).value();
    CHECK(std::get<0>(values).maximum_attempts() == 3);
    CHECK_FALSE(std::get<2>(values));
  }
}

TEST_CASE("messages of other SDKs are read", "[converter][protobuf][interop]") {
  const auto read = [](const std::string& encoding, const std::string& data) {
    Payload payload = internal::make_payload(encoding, data);
    payload.metadata["messageType"] = "temporal.api.common.v1.RetryPolicy";
    return DataConverter().from_payload<RetryPolicy>(payload);
  };
  SECTION("from Go: protojson, which varies its spaces") {
    CHECK(read("json/protobuf", R"({"initialInterval":"2.500s",  "maximumAttempts": 3})").value().maximum_attempts() ==
          3);
  }
  SECTION("from Python and Java: with names as the proto has them, too") {
    CHECK(read("json/protobuf", R"({"initial_interval": "2s", "maximum_attempts": "3"})").value().maximum_attempts() ==
          3);
  }
  SECTION("of a newer version, with fields that are not known here") {
    CHECK(read("json/protobuf", R"({"maximumAttempts":3,"fromTheFuture":{"x":[1]}})"));
    CHECK(read("binary/protobuf", policy().SerializeAsString() + std::string("\xfa\x3e\x01x", 4)));
  }
  SECTION("without a type") {
    CHECK(DataConverter().from_payload<RetryPolicy>(internal::make_payload("json/protobuf", "{}")));
  }
}

TEST_CASE("what is not the message is refused", "[converter][protobuf]") {
  const auto refusal = [](const Payload& payload) {
    const auto value = DataConverter().from_payload<RetryPolicy>(payload);
    REQUIRE_FALSE(value);
    CHECK(value.error().code == ErrorCode::kUndecodable);
    return value.error().message;
  };
  SECTION("another type") {
    Payload payload = internal::make_payload("json/protobuf", "{}");
    payload.metadata["messageType"] = "a.B";
    CHECK_THAT(refusal(payload),
               ContainsSubstring("its messageType is 'a.B', needed is 'temporal.api.common.v1.RetryPolicy'"));
  }
  SECTION("another encoding") {
    CHECK_THAT(refusal(internal::make_payload("json/plain", "{}")), ContainsSubstring("its encoding is 'json/plain'"));
    CHECK_THAT(refusal(internal::make_payload("binary/null", "")), ContainsSubstring("its encoding is 'binary/null'"));
  }
  SECTION("broken data") {
    static_cast<void>(refusal(internal::make_payload("json/protobuf", R"({"maximumAttempts":"x"})")));
    CHECK_THAT(refusal(internal::make_payload("binary/protobuf", "\xff")), ContainsSubstring("no such message"));
  }
  SECTION("and what has no JSON is not sent") {
    google::protobuf::Any unknown;
    unknown.set_type_url("type.googleapis.com/no.Such");
    unknown.set_value("\x08\x01");
    const auto payload = DataConverter().to_payload(unknown);
    REQUIRE_FALSE(payload);
    CHECK(payload.error().code == ErrorCode::kUndecodable);
  }
}

TEST_CASE("text that is not UTF-8 is refused, with its field", "[converter][protobuf]") {
  const DataConverter json;
  const auto binary = with_binary_protobuf<RetryPolicy, google::protobuf::Struct, google::protobuf::Any,
                                           google::protobuf::FileDescriptorProto>();
  const auto refusal = [](const auto& result) {
    if (result) return std::string("taken");
    CHECK(result.error().code == ErrorCode::kUndecodable);
    return result.error().message;
  };
  RetryPolicy bad = policy();
  bad.add_non_retryable_error_types(
      "Fat\xff"
      "al");
  SECTION("where it is written, either way") {
    CHECK_THAT(refusal(json.to_payload(bad)), EndsWith("its field non_retryable_error_types[1] is not UTF-8"));
    CHECK_THAT(refusal(binary.to_payload(bad)), EndsWith("its field non_retryable_error_types[1] is not UTF-8"));
  }
  SECTION("in a message inside") {
    google::protobuf::Struct outer;
    (*(*outer.mutable_fields())["a"].mutable_list_value()).add_values()->set_string_value("\xff");
    CHECK_THAT(refusal(json.to_payload(outer)),
               EndsWith("its field fields[0].value.list_value.values[0].string_value is not UTF-8"));
    google::protobuf::Struct keyed;
    (*keyed.mutable_fields())["\xff"].set_bool_value(true);
    CHECK_THAT(refusal(json.to_payload(keyed)), EndsWith("its field fields[0].key is not UTF-8"));
    google::protobuf::Any any;
    any.PackFrom(bad);
    CHECK_THAT(refusal(json.to_payload(any)), EndsWith("its field value.non_retryable_error_types[1] is not UTF-8"));
    any.PackFrom(keyed);
    CHECK_THAT(refusal(json.to_payload(any)), EndsWith("its field value is not UTF-8"));
    CHECK(binary.from_payload<google::protobuf::Any>(binary.to_payload(any).value()).value().value() == any.value());
  }
  SECTION("where it is read") {
    Payload payload = internal::make_payload("binary/protobuf", bad.SerializeAsString());
    CHECK_THAT(refusal(json.from_payload<RetryPolicy>(payload)),
               EndsWith("its field non_retryable_error_types[1] is not UTF-8"));
    payload = internal::make_payload("json/protobuf", "{\"nonRetryableErrorTypes\":[\"\xff\"]}");
    CHECK_THAT(refusal(json.from_payload<RetryPolicy>(payload)), EndsWith("its JSON is not UTF-8"));
  }
  SECTION("but bytes pass, and in protobuf's own bytes the text of proto2, which nobody checks") {
    google::protobuf::Any any;
    any.set_value("\xff");
    CHECK(binary.to_payload(any));
    google::protobuf::FileDescriptorProto old;
    old.set_name("\xff");
    CHECK(binary.from_payload<google::protobuf::FileDescriptorProto>(binary.to_payload(old).value()).value().name() ==
          "\xff");
    CHECK_THAT(refusal(json.to_payload(old)), EndsWith("its field name is not UTF-8"));
  }
}

TEST_CASE("what protobuf says of a value is one short line", "[converter][protobuf]") {
  const auto refusal = [](const std::string& data) {
    const auto message = DataConverter().from_payload<RetryPolicy>(internal::make_payload("json/protobuf", data));
    REQUIRE_FALSE(message);
    const auto& text = message.error().message;
    CHECK(text.size() < 500);
    CHECK(text.find('\n') == std::string::npos);
    return text.substr(text.find("`: ") + 3);
  };
  const std::string secret = "it's " + std::string(100, '*') + " \\\"quoted\\\" secret\\n";
  CHECK_THAT(refusal(R"({"maximumAttempts":")" + secret + "\"}"), !ContainsSubstring("secret"));
  CHECK_THAT(refusal(R"({"maximumAttempts" ")" + secret + "\"}"),
             ContainsSubstring("Expected : ") || ContainsSubstring("expected"));
  CHECK_THAT(refusal(R"({"initialInterval":")" + secret + "\"}"), !ContainsSubstring("secret"));
}

namespace {

/// What it says, after the checks.
template <class Message>
std::string said_of(const std::string& data, const std::string& encoding = "json/protobuf") {
  INFO(data.substr(0, 100));
  const auto message = DataConverter().from_payload<Message>(internal::make_payload(encoding, data));
  REQUIRE_FALSE(message);
  const std::string text = message.error().message;
  INFO(text);
  CHECK(test::secret_bytes(text) <= 40);
  for (const char c : text) CHECK((c >= 0x20 && c < 0x7f));
  return text.substr(text.find("`: ") + 3);
}

}  // namespace

TEST_CASE("no error quotes more than 40 bytes of a message", "[converter][protobuf][secret]") {
  namespace pb = google::protobuf;
  const std::string secret = test::kSecret, text = '"' + secret + '"';
  SECTION("whose values protobuf does not take") {
    CHECK_THAT(said_of<pb::Timestamp>(text), ContainsSubstring("time") || ContainsSubstring("imestamp"));
    CHECK_THAT(said_of<pb::Duration>(text), ContainsSubstring("uration"));
    CHECK_THAT(said_of<RetryPolicy>("{\"initialInterval\":" + text + "}"), ContainsSubstring("uration"));
    said_of<pb::FieldMask>('"' + secret + "A__(\"");
    said_of<pb::Int32Value>(text);
    said_of<pb::BoolValue>(text);
    said_of<pb::DoubleValue>(text);
    said_of<pb::BytesValue>('"' + secret + "$\"");
    said_of<RetryPolicy>("{\"maximumAttempts\":" + text + "}");
    said_of<pb::FileDescriptorProto>("{\"messageType\":" + text + "}");
    said_of<pb::Struct>(text);
  }
  SECTION("with an Any of no type") {
    const std::string url = "type.googleapis.com/";
    said_of<pb::Any>("{\"@type\":" + text + "}");
    said_of<pb::Any>("{\"@type\":\"" + url + secret + "\"}");
    said_of<pb::Any>("{\"@type\":\"" + url + "google.protobuf.Timestamp\",\"value\":" + text + "}");
    said_of<pb::Any>("{\"value\":" + text + "}");
    said_of<pb::Any>(text);
  }
  SECTION("that is no JSON") {
    said_of<pb::Struct>("{\"a\":" + secret + "}");
    said_of<pb::Struct>("{\"a\":\"" + secret);
    said_of<pb::Struct>("{" + text + ":1 " + text + "}");
    said_of<pb::Struct>("{\"a\":1}" + secret);
    said_of<pb::Struct>("{\"a\":\"" + secret + "\\u" + secret + "\"}");
    said_of<pb::Struct>("[" + text + " " + text);
    said_of<pb::Struct>("{\"a\": invalid value " + secret + " for type " + secret);
    said_of<pb::Timestamp>("\"[json.exception.parse_error.101] " + secret + "\"");
    said_of<pb::Timestamp>("\"x\\n" + secret + "\\n^\"");
  }
  SECTION("that is not its bytes") {
    said_of<RetryPolicy>(secret, "binary/protobuf");
  }
  SECTION("nor of what it cannot write") {
    for (const std::string& url : {secret, "type.googleapis.com/" + secret, secret + "\n^"}) {
      pb::Any any;
      any.set_type_url(url);
      any.set_value(secret);
      const auto payload = DataConverter().to_payload(any);
      REQUIRE_FALSE(payload);
      CHECK(test::secret_bytes(payload.error().message) <= 40);
    }
  }
}

TEST_CASE("of a key in a message an error quotes 40 bytes beside the value's beginning",
          "[converter][protobuf][secret]") {
  std::string inner = "1";
  for (int depth = 0; depth < 120; ++depth) inner = "{\"" + test::kSecret + "\":" + inner + "}";
  for (const std::string& data : {"{\"" + test::kSecret + "\":1,\"" + test::kSecret + "\":2}", inner}) {
    const auto message =
        DataConverter().from_payload<google::protobuf::Struct>(internal::make_payload("json/protobuf", data));
    REQUIRE_FALSE(message);
    const std::string text = message.error().message;
    CHECK(test::secret_bytes(text.substr(0, text.find("`: "))) <= 40);
    CHECK(test::secret_bytes(text.substr(text.find("`: "))) <= 40);
  }
}

TEST_CASE("a payload's bytes are those of protobuf", "[converter][protobuf][codec]") {
  const Payload payload{{{"a", "b"}, {"encoding", "json/plain"}}, std::string(300, 'x')};
  temporal::api::common::v1::Payload message;
  internal::to_proto(payload, message);
  SECTION("when written") {
    temporal::api::common::v1::Payload read;
    REQUIRE(read.ParseFromString(serialize_payload(payload)));
    CHECK(internal::from_proto(std::move(read)) == payload);
    CHECK(serialize_payload(payload).size() == message.ByteSizeLong());
  }
  SECTION("when read") {
    message.add_external_payloads()->set_size_bytes(5);
    CHECK(parse_payload(message.SerializeAsString()).value() == payload);
  }
}

TEST_CASE("hidden texts of a failure are on the wire", "[rpc][codec]") {
  Failure failure;
  failure.kind = FailureKind::kApplication;
  failure.message = "secret";
  const auto hidden = internal::WireFormat({}, true).encode(failure).value();
  temporal::api::failure::v1::Failure message;
  internal::to_proto(hidden, message);
  CHECK(message.message() == "Encoded failure");
  CHECK(message.encoded_attributes().data() == R"({"message":"secret","stack_trace":""})");
  CHECK(internal::wire_size(hidden) == message.ByteSizeLong());
  CHECK(internal::from_proto(std::move(message)).encoded_attributes == hidden.encoded_attributes);
}
