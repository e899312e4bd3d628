#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "support/h2_frames.h"

namespace longbeat::test {

/// HTTP/2 by hand, as far as sending goes: what it sends is in the server's socket when a call returns, and no thread
/// of gRPC's client reads the server's sockets along with its own, which those inside one process may do.
class RawConnection {
 public:
  enum Opening { kGreeting, kSilent };
  explicit RawConnection(std::uint16_t port, Opening opening = kGreeting) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
      ::close(socket_);
      throw std::runtime_error("cannot connect to the test's server");
    }
    if (opening == kGreeting) send(std::string(h2::kPreface) + h2::frame(h2::kSettings, 0, 0, {}));
  }
  ~RawConnection() { ::close(socket_); }
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  /// A whole call. Streams are odd and grow.
  void call(std::uint32_t stream, std::string_view path, std::string_view message) {
    begin(stream, path);
    send(h2::frame(h2::kData, h2::kEndStream, stream, h2::message_of(message.size(), message)));
  }
  /// A call without its message.
  void begin(std::uint32_t stream, std::string_view path) {
    send(h2::frame(h2::kHeaders, h2::kEndHeaders, stream, h2::call_headers(path, "30S")));
  }
  /// The beginning of a message that is said to have so many bytes.
  void send_part(std::uint32_t stream, std::size_t announced, std::string_view part) {
    send(h2::frame(h2::kData, 0, stream, h2::message_of(announced, part)));
  }
  /// Agrees to the server's settings: from then on they hold.
  void acknowledge_settings() { send(h2::frame(h2::kSettings, h2::kAck, 0, {})); }
  /// Reads whatever comes and answers nothing of it; true once the server has closed the connection.
  bool closed_within(std::chrono::milliseconds time) {
    const auto until = std::chrono::steady_clock::now() + time;
    char bytes[4096];
    for (;;) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
      pollfd readable{socket_, POLLIN, 0};
      if (left.count() <= 0 || ::poll(&readable, 1, static_cast<int>(left.count())) <= 0) return false;
      if (::recv(socket_, bytes, sizeof bytes, 0) <= 0) return true;
    }
  }
  void reset(std::uint32_t stream) { send(h2::frame(h2::kReset, 0, stream, h2::number(kCancel, 4))); }

 private:
  static constexpr std::uint32_t kCancel = 8;

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) throw std::runtime_error("the test's server has closed the connection");
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  int socket_;
};

}  // namespace longbeat::test
