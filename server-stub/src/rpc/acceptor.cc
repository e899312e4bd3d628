#include "rpc/acceptor.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/log.h"

namespace longbeat::server {
namespace {

constexpr int kSweepMilliseconds = 1'000;  // While some connections are beyond the limit.
constexpr int kPauseMilliseconds = 100;    // After the system had no descriptor left.
// The system's own would grow to megabytes: minutes of old requests that a flood leaves before everything else.
constexpr int kReceiveBuffer = 256 * 1024;
constexpr std::size_t kFew = 64;
constexpr std::size_t kTakenInARow = 256;       // Then a look whether to stop.
constexpr std::size_t kOtherDescriptors = 128;  // Files, the queue, callbacks; and some to spare.

std::string why(int error) {
  switch (error) {
    case EADDRINUSE:
      return "the port is in use by another program";
    case EADDRNOTAVAIL:
      return "the address is not one of this machine's";
    case EACCES:
      return "no permission for this port (ports below 1024 are the system's)";
    default:
      return std::generic_category().message(error);
  }
}

/// Which socket the descriptor stands for; 0: none.
std::uint64_t socket_of(int descriptor) {
  struct stat info{};
  return ::fstat(descriptor, &info) == 0 && S_ISSOCK(info.st_mode) ? static_cast<std::uint64_t>(info.st_ino) : 0;
}

/// As gRPC names it, with brackets as they are.
std::string peer_of(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return std::string("ipv4:") + text + ":" + std::to_string(ntohs(v4.sin_port));
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    ::inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text, sizeof text);
    return std::string("ipv4:") + text + ":" + std::to_string(ntohs(v6.sin6_port));
  }
  ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  return std::string("ipv6:[") + text + "]:" + std::to_string(ntohs(v6.sin6_port));
}

/// gRPC writes the brackets of an IPv6 address as %5B and %5D.
std::string with_brackets(std::string peer) {
  for (const auto& [escaped, plain] : {std::pair{"%5B", "["}, {"%5D", "]"}}) {
    const auto at = peer.find(escaped);
    if (at != std::string::npos) peer.replace(at, 3, plain);
  }
  return peer;
}

std::size_t descriptors_max() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return SIZE_MAX;
  return limit.rlim_cur;
}

}  // namespace

StatusOr<std::unique_ptr<Acceptor>> Acceptor::listen(const std::string& ip, std::uint16_t port) {
  const std::string name = (ip.find(':') == std::string::npos ? ip : "[" + ip + "]") + ":" + std::to_string(port);
  const auto refused = [&](const std::string& reason) {
    return internal::unavailable("cannot listen on " + name + ": " + reason);
  };
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(ip.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    return refused("this is no IP address");
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> address(found, ::freeaddrinfo);
  const int descriptor = ::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return refused(why(errno));
  const int yes = 1, no = 0;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  // Inherited by the connections.
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
  if (address->ai_family == AF_INET6) ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  if (::bind(descriptor, address->ai_addr, address->ai_addrlen) != 0 || ::listen(descriptor, SOMAXCONN) != 0 ||
      ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&bound), &length) != 0) {
    const int error = errno;
    ::close(descriptor);
    return refused(why(error));
  }
  const auto port_in_use = bound.ss_family == AF_INET ? reinterpret_cast<const sockaddr_in&>(bound).sin_port
                                                      : reinterpret_cast<const sockaddr_in6&>(bound).sin6_port;
  return std::unique_ptr<Acceptor>(new Acceptor(descriptor, ntohs(port_in_use)));
}

Acceptor::Acceptor(int descriptor, std::uint16_t port)
    : listening_(descriptor), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), port_(port) {}

Acceptor::~Acceptor() {
  stop();
  if (wake_ >= 0) ::close(wake_);
}

void Acceptor::start(std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> into,
                     std::size_t connections_max) {
  into_ = std::move(into);
  const std::size_t descriptors = descriptors_max();
  connections_max_ = std::min(connections_max,
                              descriptors > 2 * kOtherDescriptors ? descriptors - kOtherDescriptors : descriptors / 2);
  if (connections_max_ < connections_max) {
    internal::log(internal::LogLevel::kInfo,
                  "at most " + std::to_string(connections_max_) +
                      " connections instead of limits.connections_max = " + std::to_string(connections_max) +
                      ": this process may open " + std::to_string(descriptors) + " files (ulimit -n)");
  }
  thread_ = std::thread([this] { run(); });
}

void Acceptor::stop() {
  if (stopping_.exchange(true)) return;
  if (thread_.joinable()) {
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then it is woken up all the same.
    [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
    thread_.join();
  }
  ::close(listening_);
}

bool Acceptor::is_surplus(const std::string& peer) const {
  return surplus_.with([&](const auto& peers) { return peers.contains(with_brackets(peer)); });
}

void Acceptor::cork() {
  if (!corked_.empty()) return;
  corked_ = few_.with([](const auto& few) { return few; });
  const int yes = 1;
  // A descriptor that gRPC has closed meanwhile may be another file's by now, which does not mind.
  for (const int one : corked_) ::setsockopt(one, IPPROTO_TCP, TCP_CORK, &yes, sizeof yes);
}

void Acceptor::uncork() {
  const int no = 0;
  for (const int one : corked_) ::setsockopt(one, IPPROTO_TCP, TCP_CORK, &no, sizeof no);
  corked_.clear();
}

void Acceptor::count() {
  connection_count_ = connections_.size();
  few_.with([this](auto& few) {
    few.clear();
    if (connections_.size() > kFew) return 0;
    for (const Connection& one : connections_) few.push_back(one.descriptor);
    return 0;
  });
}

void Acceptor::run() {
  while (!stopping_) {
    std::array<pollfd, 2> waiting{pollfd{wake_, POLLIN, 0}, pollfd{listening_, POLLIN, 0}};
    // Without a descriptor left, the connection that cannot be taken stays there: only time helps.
    const nfds_t count = std::exchange(out_of_descriptors_, false) ? 1 : 2;
    const int timeout = count == 1 ? kPauseMilliseconds : any_surplus() ? kSweepMilliseconds : -1;
    const int ready = ::poll(waiting.data(), count, timeout);
    if (stopping_) return;
    if (ready == 0) sweep();
    if (count == 2 && (waiting[1].revents & POLLIN) != 0) take();
  }
}

void Acceptor::report_shortage(int error) {
  if (const auto end = shortage_lines_.note(internal::system_clock().now())) {
    internal::log(internal::LogLevel::kError, "a connection has to wait: " + why(error) + *end);
  }
}

void Acceptor::take() {
  bool swept = false;
  for (std::size_t taken = 0; taken < kTakenInARow && !stopping_; ++taken) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    const int descriptor =
        ::accept4(listening_, reinterpret_cast<sockaddr*>(&address), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) {
      const int error = errno;
      if (error == EINTR || error == ECONNABORTED) continue;
      out_of_descriptors_ = error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
      if (out_of_descriptors_) report_shortage(error);
      return;
    }
    if (connections_.size() >= connections_max_ && !std::exchange(swept, true)) sweep();
    const bool surplus = connections_.size() >= connections_max_;
    if (connections_.size() >= connections_max_ + std::max<std::size_t>(8, connections_max_ / 16)) {
      ++closed_at_once_;
      ::close(descriptor);
      continue;
    }
    Connection& connection = connections_.emplace_back();
    connection = {descriptor, socket_of(descriptor), peer_of(address), surplus};
    count();
    if (surplus) {
      surplus_.with([&](auto& peers) { return peers.insert(connection.peer).second; });
      ++surplus_count_;
    }
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters handed;
    handed.listener_fd = listening_;
    handed.fd = descriptor;
    into_->HandleNewConnection(&handed);
    // Without a look at them the list would only grow, a little more each time, until the limit is reached.
    if (connections_.size() >= 2 * swept_to_ + kTakenInARow) sweep();
  }
}

void Acceptor::sweep() {
  std::erase_if(connections_, [this](const Connection& one) {
    if (socket_of(one.descriptor) == one.socket) return false;
    if (one.surplus) {
      surplus_.with([&](auto& peers) { return peers.erase(one.peer); });
      --surplus_count_;
    }
    return true;
  });
  std::size_t regular = connections_.size() - surplus_count_;
  for (Connection& one : connections_) {
    if (surplus_count_ == 0 || regular >= connections_max_) break;
    if (!one.surplus) continue;
    one.surplus = false;
    surplus_.with([&](auto& peers) { return peers.erase(one.peer); });
    --surplus_count_;
    ++regular;
  }
  swept_to_ = connections_.size();
  count();
}

}  // namespace longbeat::server
