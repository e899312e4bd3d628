// However long the texts of a refusal are, every client can read it.
#include "rpc/status_codec.h"

#include <google/rpc/status.pb.h>
#include <temporal/api/errordetails/v1/message.pb.h>

#include "support/catch.h"

using namespace longbeat::server;
namespace internal = longbeat::internal;

namespace {

/// As gRPC writes grpc-message.
std::size_t percent_encoded(const std::string& text) {
  std::size_t bytes = 0;
  for (const char c : text) bytes += c >= ' ' && c <= '~' && c != '%' ? 1 : 3;
  return bytes;
}

std::size_t base64(std::size_t bytes) {
  return (bytes + 2) / 3 * 4;
}

bool is_utf8(const std::string& text) {
  google::rpc::Status message;
  message.set_message(text);
  // A reader of proto3 refuses what is not.
  return google::rpc::Status().ParseFromString(message.SerializeAsString());
}

std::string repeated(const std::string& text, std::size_t bytes) {
  std::string all;
  while (all.size() < bytes) all += text;
  return all;
}

std::vector<internal::StatusDetail> every_detail(const std::string& text) {
  return {std::monostate(),
          internal::NotFoundDetail{},
          internal::NamespaceNotFoundDetail{text},
          internal::AlreadyStartedDetail{text, text},
          internal::ResourceExhaustedDetail{1, 2},
          internal::NamespaceExistsDetail{},
          internal::NamespaceInvalidStateDetail{text, internal::NamespaceState::kDeleted},
          internal::VersionDetail{true, text, text, text},
          internal::VersionDetail{false, text, text, text}};
}

google::rpc::Status rich_of(const grpc::Status& status) {
  google::rpc::Status rich;
  REQUIRE(rich.ParseFromString(status.error_details()));
  return rich;
}

}  // namespace

TEST_CASE("a refusal fits into the trailers of a call whatever its texts are", "[server][rpc]") {
  const std::string character = GENERATE("a", "é", "%", "😀", "aé%😀");
  const std::size_t shift = GENERATE(0U, 1U, 2U, 3U);
  const std::string text = std::string(shift, 'x') + repeated(character, 100'000);
  for (const internal::StatusDetail& detail : every_detail(text)) {
    CAPTURE(character, shift, detail.index());
    const auto status = to_grpc({internal::StatusCode::kNotFound, text, detail});
    CHECK(status.error_code() == grpc::StatusCode::NOT_FOUND);
    CHECK(percent_encoded(status.error_message()) + base64(status.error_details().size()) <= 6 * 1024);
    CHECK(status.error_message().size() <= 4000);
    CHECK(status.error_message().size() > 300);
    CHECK(status.error_message().ends_with("... <truncated>"));
    CHECK(text.starts_with(status.error_message().substr(0, status.error_message().size() - 15)));
    CHECK(is_utf8(status.error_message()));
    if (status.error_details().empty()) continue;
    CHECK(rich_of(status).message() == status.error_message());
    CHECK(rich_of(status).details_size() == 1);
  }
}

TEST_CASE("a refusal with texts as long as names may be tells them whole", "[server][rpc]") {
  const std::string name = repeated(GENERATE("a", "é"), 1000);
  const std::string message = "Namespace " + name + " is not found.";
  const auto status = to_grpc({internal::StatusCode::kNotFound, message, internal::NamespaceNotFoundDetail{name}});
  CHECK(status.error_message() == message);
  temporal::api::errordetails::v1::NamespaceNotFoundFailure detail;
  REQUIRE(rich_of(status).details(0).UnpackTo(&detail));
  CHECK(detail.namespace_() == name);
}

TEST_CASE("a message is cut at 4000 bytes, not before", "[server][rpc]") {
  const auto message_of = [](std::size_t bytes) {
    return to_grpc({internal::StatusCode::kInternal, std::string(bytes, 'm'), {}}).error_message();
  };
  CHECK(message_of(0).empty());
  CHECK(message_of(4000) == std::string(4000, 'm'));
  CHECK(message_of(4001) == std::string(3985, 'm') + "... <truncated>");
}
