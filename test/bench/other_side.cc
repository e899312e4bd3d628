#include "bench/other_side.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <string_view>

#include "base/status.h"

namespace longbeat::bench {
namespace {

constexpr std::chrono::seconds kPatience{5};

std::string one_line(const grpc::Status& status) {
  std::string text(to_string(static_cast<internal::StatusCode>(status.error_code())));
  text += " " + status.error_message();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() && port > 0;
}

template <class Request, class Response>
grpc::Status ask(test::WireClient& client, const test::WireMethod<Request, Response>& method, const Request& request,
                 Response& response) {
  grpc::Status status;
  client.call(method, request, kPatience, [&](const test::Answer<Response>& answer) {
    status = answer.status;
    response = answer.response;
  });
  while (client.outstanding() > 0) client.run_one(test::Clock::now() + kPatience);
  return status;
}

}  // namespace

void check_address(const std::string& address) {
  const auto colon = address.rfind(':');
  const std::string_view host = std::string_view(address).substr(0, colon == std::string::npos ? 0 : colon);
  const bool in_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  const bool plain = !host.empty() && host.find_first_of("/:[]@ ") == std::string_view::npos;
  if ((in_brackets || plain) && is_port(std::string_view(address).substr(colon + 1))) return;
  throw std::invalid_argument("--against is '" + address + "', accepted is HOST:PORT, such as 127.0.0.1:7233");
}

std::string obstacle(const std::string& address, const std::string& namespace_name, const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::OK:
      return {};
    case grpc::StatusCode::NOT_FOUND:
      return address + " has no namespace '" + namespace_name + "'";
    case grpc::StatusCode::UNIMPLEMENTED:
      return address + " serves no standalone activities; they may be off there: " + one_line(status);
    default:
      return address + " refuses to count activities: " + one_line(status);
  }
}

std::string meet(test::WireClient& client, const std::string& address, const std::string& namespace_name) {
  test::wire::GetSystemInfoResponse info;
  const auto met = ask(client, test::kGetSystemInfo, {}, info);
  if (met.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED || met.error_code() == grpc::StatusCode::UNAVAILABLE) {
    throw std::runtime_error("nothing answers at " + address + " within 5 s, as gRPC without TLS");
  }
  if (!met.ok() || info.server_version().empty()) {
    throw std::runtime_error(address + " is no server of this protocol: it " +
                             (met.ok() ? "names no version" : "answers " + one_line(met)));
  }
  test::wire::CountActivityExecutionsRequest request;
  request.set_namespace_(namespace_name);
  test::wire::CountActivityExecutionsResponse count;
  const std::string reason = obstacle(address, namespace_name, ask(client, test::kCount, request, count));
  if (!reason.empty()) throw std::runtime_error(reason);
  return info.server_version();
}

}  // namespace longbeat::bench
