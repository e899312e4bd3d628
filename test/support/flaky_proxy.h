#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace longbeat::test {

/// Stands between a client and a server on loopback and misbehaves on demand. One thread of its own moves the bytes;
/// every command is in effect when it returns. Commands from any thread.
class FlakyProxy {
 public:
  /// Passes on to this port of 127.0.0.1. Throws std::system_error when it cannot listen.
  explicit FlakyProxy(std::uint16_t server_port);
  ~FlakyProxy();
  FlakyProxy(const FlakyProxy&) = delete;
  FlakyProxy& operator=(const FlakyProxy&) = delete;

  std::uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  /// Ends every other mode; what waits goes on. Connections in a black hole stay there.
  void pass();
  /// Bytes of all connections, also of new ones, wait until pass(). The server is not even dialed for new ones.
  void stall();
  /// Connections open now carry nothing any more, for ever, and nobody is told. New ones are fine.
  void black_hole();
  /// New connections are refused until pass(); those open go on.
  void refuse();
  /// Resets every connection open now, on both sides, also those in a black hole.
  void cut_all();
  /// From now on bytes arrive so much later, each way. Zero: at once again.
  void delay(std::chrono::milliseconds each_way);

  /// Connections that clients have opened so far.
  std::size_t accepted();
  /// Of those, the ones that are neither closed nor in a black hole.
  std::size_t open();

 private:
  using Clock = std::chrono::steady_clock;
  struct Chunk {
    Clock::time_point due{};
    std::string bytes{};
  };
  /// One direction of a connection.
  struct Flow {
    std::deque<Chunk> chunks{};
    std::size_t waiting = 0;  ///< bytes in chunks
    bool over = false;        ///< nothing more comes: close once the chunks are through
  };
  struct Link {
    int client = -1, server = -1;
    bool lost = false;  ///< in a black hole
    Flow up{}, down{};
  };

  void run();
  void command(std::function<void()> work);
  void take_commands();
  void listen_again();
  void accept_one();
  void dial(Link& link) const;
  void move(Link& link);
  void read(int from, Flow& flow) const;
  static bool write(int to, Flow& flow);
  static void close(Link& link, bool reset);
  std::chrono::milliseconds patience() const;

  const std::uint16_t server_port_;
  std::uint16_t port_ = 0;
  int listener_ = -1, wake_ = -1;

  // Of the thread.
  bool ending_ = false, stalled_ = false;
  std::chrono::milliseconds delay_{0};
  std::size_t accepted_ = 0;
  std::list<Link> links_{};

  std::mutex mutex_{};
  std::vector<std::function<void()>> commands_{};
  std::thread thread_{};
};

}  // namespace longbeat::test
