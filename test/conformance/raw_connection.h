#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

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
    if (opening == kGreeting) send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(kSettings, 0, 0, {}));
  }
  ~RawConnection() { ::close(socket_); }
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  /// A whole call. Streams are odd and grow.
  void call(std::uint32_t stream, std::string_view path, std::string_view message) {
    begin(stream, path);
    send(frame(kData, kEndStream, stream, '\0' + number(message.size(), 4) + std::string(message)));
  }
  /// A call without its message.
  void begin(std::uint32_t stream, std::string_view path) {
    std::string headers;
    for (const auto& [name, value] :
         std::initializer_list<std::pair<std::string_view, std::string_view>>{{":method", "POST"},
                                                                              {":scheme", "http"},
                                                                              {":path", path},
                                                                              {":authority", "test"},
                                                                              {"content-type", "application/grpc"},
                                                                              {"te", "trailers"},
                                                                              {"grpc-timeout", "30S"}}) {
      headers += '\0' + text(name) + text(value);
    }
    send(frame(kHeaders, kEndHeaders, stream, headers));
  }
  /// The beginning of a message that is said to have so many bytes.
  void send_part(std::uint32_t stream, std::size_t announced, std::string_view part) {
    send(frame(kData, 0, stream, '\0' + number(announced, 4) + std::string(part)));
  }
  /// Agrees to the server's settings: from then on they hold.
  void acknowledge_settings() { send(frame(kSettings, kAck, 0, {})); }
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
  void reset(std::uint32_t stream) { send(frame(kReset, 0, stream, number(kCancel, 4))); }

 private:
  static constexpr char kData = 0, kHeaders = 1, kReset = 3, kSettings = 4;
  static constexpr char kEndStream = 1, kAck = 1, kEndHeaders = 4;
  static constexpr std::uint32_t kCancel = 8;

  static std::string number(std::size_t value, int bytes) {
    std::string out;
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
    return out;
  }
  /// As HPACK writes one of less than 127 bytes.
  static std::string text(std::string_view from) { return number(from.size(), 1) + std::string(from); }
  static std::string frame(char type, char flags, std::uint32_t stream, std::string_view payload) {
    return number(payload.size(), 3) + type + flags + number(stream, 4) + std::string(payload);
  }
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
