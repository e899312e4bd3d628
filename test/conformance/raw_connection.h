#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

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
  explicit RawConnection(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
      ::close(socket_);
      throw std::runtime_error("cannot connect to the test's server");
    }
    send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(kSettings, 0, 0, {}));
  }
  ~RawConnection() { ::close(socket_); }
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  /// A whole call. Streams are odd and grow.
  void call(std::uint32_t stream, std::string_view path, std::string_view message) {
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
    send(frame(kHeaders, kEndHeaders, stream, headers) +
         frame(kData, kEndStream, stream, '\0' + number(message.size(), 4) + std::string(message)));
  }
  void reset(std::uint32_t stream) { send(frame(kReset, 0, stream, number(kCancel, 4))); }

 private:
  static constexpr char kData = 0, kHeaders = 1, kReset = 3, kSettings = 4;
  static constexpr char kEndStream = 1, kEndHeaders = 4;
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
