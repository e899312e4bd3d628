#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace longbeat::test {

/// Unary gRPC calls over HTTP/2 by hand: a tenth of what gRPC's own client costs, so that one core can ask a server for
/// several times what it can do. Tells no more of an answer than its message. Belongs to one thread.
class H2Client {
 public:
  /// The message of the answer; null when the call was refused or cut off.
  using Done = std::function<void(const std::string* message)>;

  /// Throws std::runtime_error when it cannot connect.
  H2Client(std::uint16_t port, std::size_t connections);
  ~H2Client();
  H2Client(const H2Client&) = delete;
  H2Client& operator=(const H2Client&) = delete;

  /// Queues one call of "/package.Service/Method"; `done` runs once, inside run(), and may make further calls.
  void call(std::string_view path, std::string_view message, std::chrono::milliseconds timeout, Done done);
  /// Sends what is queued and handles what has come; waits for up to `wait` when there is nothing. Throws
  /// std::runtime_error when the server closes a connection.
  void run(std::chrono::milliseconds wait);
  std::size_t outstanding() const { return outstanding_; }

 private:
  struct Pending {
    Done done{};
    std::string body{};
  };
  struct Connection {
    int socket = -1;
    std::string out{}, in{};
    std::uint32_t next_stream = 1;
    std::int64_t window = 65'535;     ///< what the server takes
    std::int64_t unacknowledged = 0;  ///< what we have taken and not told
    std::deque<std::string> held{};   ///< data frames that wait for the window
    std::unordered_map<std::uint32_t, Pending> pending{};
  };

  void send(Connection& connection);
  void receive(Connection& connection);
  void take_frame(Connection& connection, std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                  std::string_view payload);
  void end(Connection& connection, std::uint32_t stream);

  std::vector<Connection> connections_{};
  std::size_t calls_ = 0, outstanding_ = 0;
};

}  // namespace longbeat::test
