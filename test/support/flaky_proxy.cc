#include "support/flaky_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <future>
#include <memory>
#include <system_error>
#include <utility>

namespace longbeat::test {
namespace {

/// Bytes of one direction that are held before the sender has to wait, as a network would.
constexpr std::size_t kHeldMax = 1 << 20;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

void check(bool works, const char* what) {
  if (!works) throw std::system_error(errno, std::generic_category(), what);
}

void send_at_once(int socket) {
  const int yes = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

/// "Not now" is no end of a connection.
bool would_wait() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

}  // namespace

FlakyProxy::FlakyProxy(std::uint16_t server_port) : server_port_(server_port) {
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  check(wake_ >= 0, "eventfd");
  listen_again();
  thread_ = std::thread([this] { run(); });
}

FlakyProxy::~FlakyProxy() {
  command([this] { ending_ = true; });
  thread_.join();
  for (Link& link : links_) close(link, true);
  if (listener_ >= 0) ::close(listener_);
  ::close(wake_);
}

void FlakyProxy::pass() {
  command([this] {
    stalled_ = false;
    delay_ = std::chrono::milliseconds(0);
    if (listener_ < 0) listen_again();
  });
}

void FlakyProxy::stall() {
  command([this] { stalled_ = true; });
}

void FlakyProxy::black_hole() {
  command([this] {
    for (Link& link : links_) link.lost = true;
  });
}

void FlakyProxy::refuse() {
  command([this] {
    if (listener_ >= 0) ::close(std::exchange(listener_, -1));
  });
}

void FlakyProxy::cut_all() {
  command([this] {
    for (Link& link : links_) close(link, true);
    links_.clear();
  });
}

void FlakyProxy::delay(std::chrono::milliseconds each_way) {
  command([this, each_way] { delay_ = each_way; });
}

std::size_t FlakyProxy::accepted() {
  std::size_t count = 0;
  command([&] { count = accepted_; });
  return count;
}

std::size_t FlakyProxy::open() {
  std::size_t count = 0;
  command([&] {
    count = static_cast<std::size_t>(
        std::count_if(links_.begin(), links_.end(), [](const Link& link) { return !link.lost; }));
  });
  return count;
}

/// Runs `work` on the thread, which alone touches sockets, and waits for it.
void FlakyProxy::command(std::function<void()> work) {
  std::packaged_task<void()> task(std::move(work));
  auto done = task.get_future();
  {
    const std::lock_guard lock(mutex_);
    commands_.emplace_back([&task] { task(); });
  }
  const std::uint64_t one = 1;
  check(::write(wake_, &one, sizeof one) == sizeof one, "write to an eventfd");
  done.get();
}

void FlakyProxy::take_commands() {
  std::uint64_t count = 0;
  while (::read(wake_, &count, sizeof count) < 0 && errno == EINTR) continue;
  std::vector<std::function<void()>> commands;
  {
    const std::lock_guard lock(mutex_);
    commands.swap(commands_);
  }
  for (const auto& each : commands) each();
}

/// On the same port as before, once there was one.
void FlakyProxy::listen_again() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  check(listener >= 0, "socket");
  const int yes = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address = loopback(port_);
  socklen_t size = sizeof address;
  const bool listens = ::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                       ::listen(listener, 64) == 0 &&
                       ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  if (!listens) {
    const int error = errno;
    ::close(listener);
    throw std::system_error(error, std::generic_category(), "the proxy cannot listen");
  }
  listener_ = listener;
  port_ = ntohs(address.sin_port);
}

void FlakyProxy::run() {
  while (!ending_) {
    std::vector<pollfd> waits{{wake_, POLLIN, 0}};
    if (listener_ >= 0) waits.push_back({listener_, POLLIN, 0});
    for (const Link& link : links_) {
      if (link.lost || stalled_) continue;
      const auto wait = [&](int socket, const Flow& in, const Flow& out) {
        const bool reads = !in.over && in.waiting < kHeldMax;
        const bool writes = !out.chunks.empty() && out.chunks.front().due <= Clock::now();
        // A closed connection is always ready, also for who wants nothing.
        if (reads || writes)
          waits.push_back({socket, static_cast<short>((reads ? POLLIN : 0) | (writes ? POLLOUT : 0)), 0});
      };
      wait(link.client, link.up, link.down);
      wait(link.server, link.down, link.up);
    }
    ::poll(waits.data(), waits.size(), static_cast<int>(patience().count()));
    take_commands();
    if (listener_ >= 0) accept_one();
    if (stalled_) continue;
    for (auto link = links_.begin(); link != links_.end();) {
      if (!link->lost) move(*link);
      link = link->client < 0 ? links_.erase(link) : std::next(link);
    }
  }
}

/// Until the next delayed bytes are due.
std::chrono::milliseconds FlakyProxy::patience() const {
  auto until = Clock::now() + std::chrono::seconds(1);
  for (const Link& link : links_) {
    if (link.lost || stalled_) continue;
    for (const Flow* flow : {&link.up, &link.down}) {
      if (!flow->chunks.empty()) until = std::min(until, flow->chunks.front().due);
    }
  }
  const auto rest = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
  return std::max(rest, std::chrono::milliseconds(0));
}

void FlakyProxy::accept_one() {
  const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (client < 0) return;
  send_at_once(client);
  ++accepted_;
  links_.emplace_back().client = client;
}

/// A server that is not there resets the client, as it would have done itself.
void FlakyProxy::dial(Link& link) const {
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(server_port_);
  if (server < 0 || ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (server >= 0) ::close(server);
    return close(link, true);
  }
  send_at_once(server);
  link.server = server;
}

void FlakyProxy::move(Link& link) {
  if (link.server < 0) dial(link);
  if (link.client < 0) return;
  read(link.client, link.up);
  read(link.server, link.down);
  const bool writes = write(link.server, link.up) && write(link.client, link.down);
  const bool through = (link.up.over && link.up.chunks.empty()) || (link.down.over && link.down.chunks.empty());
  if (!writes || through) close(link, !writes);
}

void FlakyProxy::read(int from, Flow& flow) const {
  char bytes[16 * 1024];
  while (!flow.over && flow.waiting < kHeldMax) {
    const ssize_t count = ::recv(from, bytes, sizeof bytes, MSG_DONTWAIT);
    if (count < 0 && would_wait()) return;
    if (count <= 0) {
      flow.over = true;
      return;
    }
    flow.waiting += static_cast<std::size_t>(count);
    flow.chunks.push_back({Clock::now() + delay_, std::string(bytes, static_cast<std::size_t>(count))});
  }
}

/// False when the other side has gone.
bool FlakyProxy::write(int to, Flow& flow) {
  while (!flow.chunks.empty() && flow.chunks.front().due <= Clock::now()) {
    std::string& bytes = flow.chunks.front().bytes;
    const ssize_t count = ::send(to, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0) return would_wait();
    flow.waiting -= static_cast<std::size_t>(count);
    bytes.erase(0, static_cast<std::size_t>(count));
    if (bytes.empty()) flow.chunks.pop_front();
  }
  return true;
}

void FlakyProxy::close(Link& link, bool reset) {
  for (int* socket : {&link.client, &link.server}) {
    if (*socket < 0) continue;
    const linger at_once{1, 0};
    if (reset) ::setsockopt(*socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(std::exchange(*socket, -1));
  }
}

}  // namespace longbeat::test
