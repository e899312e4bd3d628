#include "support/http_target.h"

#include <arpa/inet.h>
#include <httplib.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace longbeat::test {
namespace {

std::string small(std::string name) {
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

/// A bound socket of a free port of the loopback interface.
int bind_free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (socket < 0 || ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("no port on the loopback interface");
  }
  return socket;
}

std::string url_of(int socket) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
}

}  // namespace

struct HttpTarget::Impl {
  httplib::Server server{};
  int port = 0;
  Answer answer{};
  std::thread thread{};
  mutable std::mutex mutex{};
  mutable std::condition_variable came{};
  std::vector<HttpSeen> seen{};

  void on_call(const httplib::Request& request, httplib::Response& response) {
    std::size_t call = 0;
    {
      const std::lock_guard lock(mutex);
      HttpSeen& one = seen.emplace_back();
      one.path = request.target;
      one.body = request.body;
      for (const auto& [name, value] : request.headers) one.headers[small(name)] = value;
      call = seen.size();
    }
    came.notify_all();
    const HttpSaid said = answer ? answer(call) : HttpSaid{};
    response.status = said.status;
    for (const auto& [name, value] : said.headers) response.set_header(name, value);
    response.set_content(said.body, "text/plain");
  }
};

HttpTarget::HttpTarget(Answer answer) : impl_(std::make_unique<Impl>()) {
  impl_->answer = std::move(answer);
  impl_->server.Post(".*", [this](const auto& request, auto& response) { impl_->on_call(request, response); });
  impl_->port = impl_->server.bind_to_any_port("127.0.0.1");
  impl_->thread = std::thread([this] { impl_->server.listen_after_bind(); });
}

HttpTarget::~HttpTarget() {
  while (!impl_->server.is_running()) std::this_thread::yield();
  impl_->server.stop();
  impl_->thread.join();
}

std::string HttpTarget::address() const {
  return "127.0.0.1:" + std::to_string(impl_->port);
}

std::vector<HttpSeen> HttpTarget::wait_for(std::size_t calls, std::chrono::milliseconds patience) const {
  std::unique_lock lock(impl_->mutex);
  impl_->came.wait_for(lock, patience, [&] { return impl_->seen.size() >= calls; });
  return impl_->seen;
}

SilentTarget::SilentTarget() : socket_(bind_free_port()) {
  ::listen(socket_, 64);
}

SilentTarget::~SilentTarget() {
  ::close(socket_);
}

std::string SilentTarget::url() const {
  return url_of(socket_);
}

bool SilentTarget::wait_for_caller() const {
  pollfd waiting{socket_, POLLIN, 0};
  return ::poll(&waiting, 1, 20'000) == 1;
}

std::string closed_url() {
  const int socket = bind_free_port();
  std::string url = url_of(socket);
  ::close(socket);
  return url;
}

}  // namespace longbeat::test
