#pragma once
#include <grpcpp/server_builder.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/line_pace.h"
#include "engine/engine.h"

namespace longbeat::server {

/// The listening socket and the thread that takes connections from it and gives them to gRPC, which knows no limit of
/// its own: without descriptors left it would stop listening for good. Connections beyond the limit are taken too, so
/// that their calls can be refused with a reason; far beyond it they are closed at once.
class Acceptor {
 public:
  /// Binds and listens; nothing is taken yet. UNAVAILABLE with one clear line why not.
  static StatusOr<std::unique_ptr<Acceptor>> listen(const std::string& ip, std::uint16_t port);
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  std::uint16_t port() const { return port_; }
  /// Starts the thread. `into` ends with the gRPC server.
  void start(std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> into, std::size_t connections_max);
  /// Takes no more connections; those there are live on.
  void stop();

  // Any thread.
  /// Some connections are beyond the limit.
  bool any_surplus() const { return surplus_count_.load(std::memory_order_relaxed) > 0; }
  /// This one, as grpc::ServerContext::peer() names it.
  bool is_surplus(const std::string& peer) const;
  /// While there are only few of them: many answers at once go out in few packets. Between cork() and uncork(), nothing
  /// leaves. The loop's thread only.
  void cork();
  void uncork();
  std::size_t connections() const { return connection_count_; }
  /// Closed at once because there were far too many.
  std::uint64_t closed_at_once() const { return closed_at_once_; }

 private:
  struct Connection {
    int descriptor = -1;
    std::uint64_t socket = 0;  ///< what the descriptor stands for: another number once gRPC has closed it
    std::string peer{};
    bool surplus = false;
  };

  Acceptor(int descriptor, std::uint16_t port);
  void run();
  void take();
  /// Forgets connections that gRPC has closed, and lets those beyond the limit move up.
  void sweep();
  void count();
  /// No descriptor or memory is left for one more.
  void report_shortage(int error);

  const int listening_;
  const int wake_;
  const std::uint16_t port_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> into_{};
  std::size_t connections_max_ = 0;
  std::vector<Connection> connections_{};  ///< The thread's.
  std::size_t swept_to_ = 0;               ///< so many were left by the latest sweep
  bool out_of_descriptors_ = false;
  internal::LinePace<internal::TimePoint> shortage_lines_{};
  std::atomic<std::size_t> connection_count_{0}, surplus_count_{0};
  std::atomic<std::uint64_t> closed_at_once_{0};
  std::atomic<bool> stopping_{false};
  mutable internal::Guarded<std::unordered_set<std::string>> surplus_{};
  internal::Guarded<std::vector<int>> few_{};  ///< descriptors of all connections, or nothing when they are many
  std::vector<int> corked_{};                  ///< The loop's.
  std::thread thread_{};
};

}  // namespace longbeat::server
