#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace longbeat::scale {

/// What a database file is to hold, as if a server had worked for long.
struct FillOptions {
  std::filesystem::path to{};  ///< must not exist yet
  std::uint64_t open = 0, closed = 0;
  /// Open ones lie evenly between the closed ones, in the order of their starts; else all behind them.
  bool mixed = false;
  /// Of the open ones, the share (0 to 1) that a worker holds; the others wait for one.
  double running = 0;
  /// Roughly the bytes of each activity's input row, at least 160.
  std::size_t bytes = 300;
  std::string task_queue = "fill";
  /// Of the open ones; zero: none.
  std::chrono::nanoseconds heartbeat_timeout{0}, schedule_to_close{0}, start_to_close = std::chrono::hours(24);
  /// How long ago all of them were started; the running ones beat last when they were handed out, just then.
  std::chrono::nanoseconds age = std::chrono::minutes(10);
  /// The projection too (FILE.visibility); slow: its indexes are written in random order.
  bool visibility = false;
  /// So many activities were written so far.
  std::function<void(std::uint64_t)> progress{};
};

/// Writes the file with the server's own encoders and store. IDs are activity_id(0), activity_id(1), ... in the order
/// of their starts. Throws std::runtime_error.
void fill(const FillOptions& options);

/// "fill-000000000017".
std::string activity_id(std::uint64_t number);
/// Whether number `number` of such a file is open.
bool is_open(const FillOptions& options, std::uint64_t number);

}  // namespace longbeat::scale
