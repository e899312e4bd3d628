// The only file that knows the HTTP library.
#include "outbound/http_post.h"

#include <httplib.h>

#include <algorithm>
#include <exception>
#include <memory>

namespace longbeat::server {
namespace {

constexpr std::size_t kAnswerBytesMax = 4 * 1024;  // Read of an answer; it only explains a refusal.
constexpr std::size_t kShownBytes = 200;

/// The start of an answer's body, fit for a message of one line.
std::string shown(const std::string& body) {
  std::string text = body.substr(0, kShownBytes);
  for (char& c : text) {
    if (c < ' ' || c > '~') c = c == '\n' || c == '\t' || c == '\r' ? ' ' : '?';
  }
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

std::unique_ptr<httplib::ClientImpl> make_client(const Url& url) {
  if (!url.secure) return std::make_unique<httplib::ClientImpl>(url.host, url.port);
#ifdef CPPHTTPLIB_OPENSSL_SUPPORT
  return std::make_unique<httplib::SSLClient>(url.host, url.port);
#else
  return nullptr;
#endif
}

OutboundResult judge(const httplib::Response& response, const std::string& body) {
  const int status = response.status;
  if (status >= 200 && status < 300) return {.delivered = true};
  OutboundResult result;
  result.retryable = status < 400 || status >= 500 || status == 408 || status == 429;
  const std::string said = response.get_header_value("nexus-request-retryable");
  if (said == "true") result.retryable = true;
  if (said == "false") result.retryable = false;
  result.message = "HTTP status " + std::to_string(status);
  if (const std::string text = shown(body); !text.empty()) result.message += ": " + text;
  return result;
}

HttpAttempt post(httplib::ClientImpl& client, const OutboundCall& call, const Url& url) {
  httplib::Request request;
  request.method = "POST";
  request.path = url.path;
  request.body = call.body;
  for (const auto& [name, value] : call.headers) request.headers.emplace(name, value);
  std::string body;
  bool cut = false;
  request.content_receiver = [&](const char* data, std::size_t size, auto, auto) {
    body.append(data, std::min(size, kAnswerBytesMax - body.size()));
    cut = body.size() == kAnswerBytesMax;
    return !cut;
  };
  httplib::Response response;
  response.status = 0;
  auto error = httplib::Error::Success;
  const bool sent = client.send(request, response, error);
  // Nobody needs the rest of a long answer.
  if (sent || (cut && response.status > 0)) return {judge(response, body), false};
  return {{.message = "no answer from " + url.host + ":" + std::to_string(url.port) + ": " + httplib::to_string(error)},
          true};
}

}  // namespace

bool is_header(std::string_view name, std::string_view value) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  const auto in_name = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || kMarks.find(c) != kMarks.npos;
  };
  const auto in_value = [](unsigned char c) { return c == '\t' || (c >= ' ' && c != 0x7f); };
  return !name.empty() && std::ranges::all_of(name, in_name) && std::ranges::all_of(value, in_value);
}

HttpAttempt http_post(const OutboundCall& call, const Url& url, std::chrono::milliseconds timeout,
                      const std::function<void(int socket)>& opened) try {
  for (const auto& [name, value] : call.headers) {
    if (!is_header(name, value)) {
      return {{.retryable = false, .message = "not a header of HTTP: " + shown(name)}, false};
    }
  }
  const auto client = make_client(url);
  if (!client) return {{.retryable = false, .message = "this server was built without HTTPS"}, false};
  client->set_connection_timeout(timeout);
  client->set_read_timeout(timeout);
  client->set_write_timeout(timeout);
  client->set_follow_location(false);
  client->set_keep_alive(false);
  client->set_url_encode(false);  // It has been checked, and goes as it is.
  client->set_decompress(false);
  client->set_socket_options([&opened](auto socket) { opened(static_cast<int>(socket)); });
  return post(*client, call, url);
} catch (const std::exception& error) {
  return {{.message = std::string("the call failed: ") + error.what()}, false};
}

}  // namespace longbeat::server
