#include "support/h2_client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <utility>

#include "support/h2_frames.h"

namespace longbeat::test {
namespace {

using namespace h2;

constexpr std::int64_t kOurWindow = 1 << 30;
constexpr std::size_t kReadBytes = 256 * 1024;

int connect_to(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    ::close(socket);
    throw std::runtime_error("cannot connect to the server");
  }
  const int yes = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
  return socket;
}

}  // namespace

H2Client::H2Client(std::uint16_t port, std::size_t connections) : connections_(connections) {
  for (Connection& connection : connections_) {
    connection.socket = connect_to(port);
    connection.out = kPreface;
    // 4: the window of a stream.
    add_frame(connection.out, kSettings, 0, 0, number(4, 2) + number(kOurWindow, 4));
    add_frame(connection.out, kWindowUpdate, 0, 0, number(kOurWindow - 65'535, 4));
  }
}

H2Client::~H2Client() {
  for (const Connection& connection : connections_) ::close(connection.socket);
}

void H2Client::call(std::string_view path, std::string_view message, std::chrono::milliseconds timeout, Done done) {
  Connection& connection = connections_[calls_++ % connections_.size()];
  const std::uint32_t stream = connection.next_stream;
  connection.next_stream += 2;
  connection.pending.emplace(stream, Pending{std::move(done), {}});
  ++outstanding_;
  const std::string body = message_of(message.size(), message);
  add_frame(connection.out, kHeaders, kEndHeaders, stream, call_headers(path, std::to_string(timeout.count()) + "m"));
  if (connection.held.empty() && connection.window >= static_cast<std::int64_t>(body.size())) {
    connection.window -= static_cast<std::int64_t>(body.size());
    add_frame(connection.out, kData, kEndStream, stream, body);
  } else {
    add_frame(connection.held.emplace_back(), kData, kEndStream, stream, body);
  }
}

void H2Client::run(std::chrono::milliseconds wait) {
  std::vector<pollfd> sockets;
  for (Connection& connection : connections_) {
    send(connection);
    sockets.push_back({connection.socket, static_cast<short>(connection.out.empty() ? POLLIN : POLLIN | POLLOUT), 0});
  }
  if (::poll(sockets.data(), sockets.size(), static_cast<int>(wait.count())) <= 0) return;
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    if (sockets[i].revents != 0) receive(connections_[i]);
  }
}

void H2Client::send(Connection& connection) {
  while (!connection.held.empty()) {
    const auto bytes = static_cast<std::int64_t>(connection.held.front().size() - kFrameHead);
    if (connection.window < bytes) break;
    connection.window -= bytes;
    connection.out += connection.held.front();
    connection.held.pop_front();
  }
  if (connection.out.empty()) return;
  const auto sent = ::send(connection.socket, connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
  if (sent > 0) connection.out.erase(0, static_cast<std::size_t>(sent));
  if (sent < 0 && errno != EAGAIN && errno != EINTR) throw std::runtime_error("the server has closed a connection");
}

void H2Client::receive(Connection& connection) {
  const std::size_t had = connection.in.size();
  connection.in.resize(had + kReadBytes);
  const auto got = ::recv(connection.socket, connection.in.data() + had, kReadBytes, 0);
  connection.in.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
    throw std::runtime_error("the server has closed a connection");
  }
  const std::string in = std::exchange(connection.in, {});  // What a `done` does must not move it.
  std::size_t at = 0;
  while (in.size() - at >= kFrameHead) {
    const std::size_t length = read_number(in, at, 3);
    if (in.size() - at < kFrameHead + length) break;
    take_frame(connection, static_cast<std::uint8_t>(in[at + 3]), static_cast<std::uint8_t>(in[at + 4]),
               read_number(in, at + 5, 4) & 0x7fff'ffff, std::string_view(in).substr(at + kFrameHead, length));
    at += kFrameHead + length;
  }
  connection.in = in.substr(at);
}

void H2Client::take_frame(Connection& connection, std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                          std::string_view payload) {
  switch (type) {
    case kData: {
      const auto found = connection.pending.find(stream);
      if (found != connection.pending.end()) found->second.body += payload;
      connection.unacknowledged += static_cast<std::int64_t>(payload.size());
      if (connection.unacknowledged > kOurWindow / 4) {
        add_frame(connection.out, kWindowUpdate, 0, 0,
                  number(static_cast<std::uint64_t>(std::exchange(connection.unacknowledged, 0)), 4));
      }
      if (flags & kEndStream) end(connection, stream);
      break;
    }
    case kHeaders:
      if (flags & kEndStream) end(connection, stream);
      break;
    case kReset:
      end(connection, stream);
      break;
    case kSettings:
      if (!(flags & kAck)) add_frame(connection.out, kSettings, kAck, 0, {});
      break;
    case kPing:
      if (!(flags & kAck)) add_frame(connection.out, kPing, kAck, 0, payload);
      break;
    case kWindowUpdate:
      if (stream == 0 && payload.size() == 4) connection.window += read_number(payload, 0, 4) & 0x7fff'ffff;
      break;
    case kGoAway:
      throw std::runtime_error("the server says goodbye");
    default:
      break;
  }
}

void H2Client::end(Connection& connection, std::uint32_t stream) {
  auto node = connection.pending.extract(stream);
  if (node.empty()) return;
  --outstanding_;
  std::string& body = node.mapped().body;
  if (body.size() < kMessageHead) return node.mapped().done(nullptr);
  body.erase(0, kMessageHead);
  node.mapped().done(&body);
}

}  // namespace longbeat::test
