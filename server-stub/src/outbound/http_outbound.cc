#include "outbound/http_outbound.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "outbound/http_post.h"

namespace longbeat::server {
namespace {

/// Between two looks at the calls that run.
constexpr std::chrono::milliseconds kTick{50};

std::size_t bytes_of(const OutboundCall& call) {
  std::size_t bytes = sizeof call + call.url.size() + call.body.size();
  for (const auto& [name, value] : call.headers) bytes += name.size() + value.size();
  return bytes;
}

struct Waiting {
  OutboundCall call;
  Url url;
  std::size_t bytes;
};

/// One host and port.
struct Target {
  std::deque<Waiting> waiting{};
  std::size_t bytes = 0;
  std::size_t running = 0;
};

/// A call that runs.
struct Flight {
  internal::TimePoint deadline{};
  int socket = -1;  ///< a duplicate of the call's own: stays ours when the library has closed that one
  bool late = false;

  void cut() const {
    if (socket >= 0) ::shutdown(socket, SHUT_RDWR);
  }
};

class HttpOutbound final : public Outbound {
 public:
  HttpOutbound(HttpOutboundOptions options, Sink sink) : options_(options), sink_(std::move(sink)) {}

  ~HttpOutbound() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    work_.notify_all();
    watch_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void send(OutboundCall call) override {
    const std::uint64_t ticket = call.ticket;
    auto url = parse_url(call.url);
    if (!url) return sink_(ticket, {.retryable = false, .message = "not a URL that can be called: " + call.url});
    if (auto refused = enqueue(std::move(call), std::move(*url))) sink_(ticket, std::move(*refused));
  }

 private:
  /// What stands in the way, if anything.
  std::optional<OutboundResult> enqueue(OutboundCall call, Url url) {
    const std::lock_guard lock(mutex_);
    const std::string name = url.target();
    Target& target = targets_[name];
    const std::size_t bytes = bytes_of(call);
    if (waiting_ >= options_.waiting_calls_max || target.waiting.size() >= options_.waiting_calls_max / 2 ||
        bytes_ + bytes > options_.waiting_bytes_max || target.bytes + bytes > options_.waiting_bytes_max / 2) {
      drop_if_idle(name);
      return OutboundResult{.message = "too many callbacks wait to be sent"};
    }
    try {
      if (waiting_ >= idle_ && threads_.size() <= options_.threads_max) start_threads();
    } catch (const std::system_error& error) {
      if (threads_.size() < 2) {
        drop_if_idle(name);
        return OutboundResult{.message = std::string("no thread for callbacks: ") + error.what()};
      }
    }
    target.waiting.push_back({std::move(call), std::move(url), bytes});
    target.bytes += bytes;
    bytes_ += bytes;
    ++waiting_;
    work_.notify_one();
    return std::nullopt;
  }

  /// The first one watches over the others.
  void start_threads() {
    if (threads_.empty()) threads_.emplace_back([this] { watch(); });
    threads_.emplace_back([this] { work(); });
  }

  void drop_if_idle(const std::string& name) {
    const auto found = targets_.find(name);
    if (found != targets_.end() && found->second.waiting.empty() && found->second.running == 0) targets_.erase(found);
  }

  /// The next call, of the targets in turn.
  std::optional<Waiting> take() {
    auto at = targets_.upper_bound(last_);
    for (std::size_t i = 0; i < targets_.size(); ++i, ++at) {
      if (at == targets_.end()) at = targets_.begin();
      Target& target = at->second;
      if (target.waiting.empty() || target.running >= options_.calls_per_target_max) continue;
      Waiting next = std::move(target.waiting.front());
      target.waiting.pop_front();
      target.bytes -= next.bytes;
      bytes_ -= next.bytes;
      --waiting_;
      ++target.running;
      last_ = at->first;
      return next;
    }
    return std::nullopt;
  }

  static void block_signals() {
    // Signals belong to the program's own threads; and a peer that has gone must not end the program.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
  }

  void work() {
    block_signals();
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      auto next = take();
      if (!next) {
        ++idle_;
        work_.wait(lock);
        --idle_;
        continue;
      }
      const auto flight =
          flights_.insert(flights_.end(), Flight{.deadline = internal::system_clock().now() + options_.call_timeout});
      watch_.notify_one();
      lock.unlock();
      HttpAttempt attempt = http_post(next->call, next->url, options_.call_timeout, [&](int socket) {
        const std::lock_guard guard(mutex_);
        if (flight->socket >= 0) ::close(flight->socket);
        flight->socket = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
      });
      lock.lock();
      land(*next, flight, std::move(attempt), lock);
    }
  }

  /// Tells the result; with it, of those who would wait for the same silence.
  void land(const Waiting& done, std::list<Flight>::iterator flight, HttpAttempt attempt,
            std::unique_lock<std::mutex>& lock) {
    if (flight->socket >= 0) ::close(flight->socket);
    if (flight->late && !attempt.result.delivered) attempt.result.message += " (within the time of one call)";
    flights_.erase(flight);
    const std::string name = done.url.target();
    Target& target = targets_[name];
    --target.running;
    std::deque<Waiting> given_up;
    if (attempt.unreachable) {
      given_up.swap(target.waiting);
      waiting_ -= given_up.size();
      bytes_ -= std::exchange(target.bytes, 0);
    }
    drop_if_idle(name);
    if (stopping_) return;
    lock.unlock();
    work_.notify_one();  // A place at this target is free.
    for (const Waiting& one : given_up) sink_(one.call.ticket, attempt.result);
    sink_(done.call.ticket, std::move(attempt.result));
    lock.lock();
  }

  /// Ends calls whose time is over, and all when the end has come.
  void watch() {
    block_signals();
    std::unique_lock lock(mutex_);
    while (!stopping_ || !flights_.empty()) {
      if (flights_.empty()) {
        watch_.wait(lock);
        continue;
      }
      const auto now = internal::system_clock().now();
      for (Flight& flight : flights_) {
        flight.late = flight.late || now >= flight.deadline;
        if (stopping_ || flight.late) flight.cut();
      }
      watch_.wait_for(lock, kTick);
    }
  }

  const HttpOutboundOptions options_;
  const Sink sink_;
  std::mutex mutex_;
  std::condition_variable work_, watch_;
  // Under the mutex, all of it. Threads are added by send() only, which belongs to the owner's thread.
  std::map<std::string, Target> targets_;
  std::string last_{};  ///< The target served last.
  std::size_t waiting_ = 0, bytes_ = 0, idle_ = 0;
  std::list<Flight> flights_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<Outbound> make_http_outbound(HttpOutboundOptions options, Outbound::Sink sink) {
  return std::make_unique<HttpOutbound>(options, std::move(sink));
}

}  // namespace longbeat::server
