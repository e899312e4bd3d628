#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "longbeat/export.h"
#include "longbeat/result.h"
#include "longbeat/transport.h"

LONGBEAT_BEGIN

enum class ActivityStatus : std::int8_t;    // longbeat/activity_description.h
enum class ActivityRunState : std::int8_t;  // The same.

/// How a LocalServer is reached, and whose time it keeps.
enum class LocalServerKind : std::int8_t {
  kPort,       ///< By a port of the loopback interface, from any process; real time.
  kInProcess,  ///< By transport() only: no port, no gRPC; real time.
  /// By transport() only. The time of the server, and of every client and worker on that transport, stands still but
  /// for advance() and waits.
  kManualClock,
};

/// How a LocalServer runs. Every field has a usable default.
struct LocalServerOptions {
  LocalServerKind kind = LocalServerKind::kPort;
  /// Database file, created when missing. Empty: everything in memory, gone with the server.
  std::string database{};
  /// Namespaces that exist besides "default", which always does.
  std::vector<std::string> namespaces{};
  /// kPort: port on the loopback interface. 0: any free one.
  std::uint16_t port = 0;
};

/// What a LocalServer has counted since its start, or since its restart().
struct LocalServerStats {
  std::uint64_t calls = 0;               ///< that came in
  std::uint64_t activities_started = 0;  ///< new runs
  std::uint64_t tasks_handed_out = 0;    ///< attempts that went to a worker
  std::uint64_t hand_outs_undone = 0;    ///< of these, taken back because the reply never left
  std::uint64_t heartbeats = 0;
  std::uint64_t completed = 0;
  std::uint64_t failed_attempts = 0;
  std::uint64_t timeouts = 0;
  std::size_t open_activities = 0;
  std::size_t parked_polls = 0;  ///< worker polls that wait for a task
};

/// How long LocalServer waits, and for whom.
struct LocalWaitOptions {
  std::string namespace_name = "default";
  /// On the server's clock. Not set: no limit there; a manual clock that has nowhere to go ends the wait all the same.
  std::optional<std::chrono::nanoseconds> timeout{};
  /// In real time, whatever the clock does: so a wait ends though something repeats without end. More than zero. Not
  /// set: 30 s, but no limit on a server in real time when `timeout` is set.
  std::optional<std::chrono::milliseconds> real_timeout{};
};

/// Calls that a worker makes, or in its place an AsyncActivity, under its client's identity.
enum class WorkerCall : std::int8_t {
  kAny,        ///< All of these, and what it tells about itself.
  kPoll,       ///< It asks for a task.
  kHeartbeat,  ///< Of an attempt.
  kReport,     ///< How an attempt ended.
};

/// Which calls something happens to, from now on. Of several that fit the first one counts.
struct CallFault {
  /// WorkerOptions::identity, or its client's. Empty: every worker.
  std::string identity{};
  WorkerCall call = WorkerCall::kAny;
  /// How many calls. Not set: all until clear_faults(). Not zero.
  std::optional<std::uint64_t> times{};
};

/// The whole durable server inside this process, for tests and single programs: one thread, in memory or on a file,
/// gone with its scope. Movable. start(), stop(), kill(), restart() and the destructor belong to one thread; the others
/// to any but the activities' own.
class LONGBEAT_EXPORT LocalServer {
 public:
  /// Returns once calls are served, in memory within a few milliseconds. kUnavailable: the port is taken; other codes:
  /// the file is in use, unreadable or not longbeat's, or `kind` is none. The message says which in one line.
  static Result<LocalServer> start(LocalServerOptions options = {});

  LocalServer(LocalServer&&) noexcept;
  LocalServer& operator=(LocalServer&&) noexcept;
  /// Stops.
  ~LocalServer();

  /// kPort: "127.0.0.1:PORT", what Client::connect takes. Stays the same after stop(). Other kinds: empty.
  const std::string& address() const noexcept;
  /// What ClientOptions::transport takes, whatever the kind. Clients may outlive the server: their calls then end with
  /// kUnavailable, also waits without a timeout; but a wait without one on kPort goes on, since another server may come
  /// to that port.
  std::shared_ptr<Transport> transport() const;

  /// Answers waiting calls, ends what runs within a second, closes the file. May come twice.
  void stop();

  /// As of now; after stop(), as of then; after kill(), only the calls.
  LocalServerStats stats() const;

  // --- Time. kManualClock only, others get kFailedPrecondition. ---
  // It moves by advance(), and jumps to the next timer while a thread waits in wait_for(), wait_until() or a blocking
  // call of a client, handle or worker, and all is idle: nothing posted, no call under way but polls that wait, nothing
  // being encoded or called back, every running attempt inside a wait of its context. Ends of such polls, keepalive,
  // retention and the upkeep of lists are no targets of a jump; they come when their time does. After 5 s of real time
  // not idle a warning in the log says who is at work, and wait_for() and wait_until() end with it.

  /// Moves time on by so much, from timer to timer, and returns when what that causes has happened. Does not wait for
  /// activities and converters that have been at work for a second of real time. What happens on the way takes real
  /// time; after 30 s of it the log tells. kInvalidArgument: less than zero, or beyond 200 years after start().
  /// kFailedPrecondition also inside the condition of a wait_until().
  Result<> advance(std::chrono::nanoseconds by);
  /// How much time has passed since start(). Any kind.
  std::chrono::nanoseconds elapsed() const;

  // --- Waits. kInProcess and kManualClock, kPort gets kFailedPrecondition. ---
  // kDeadlineExceeded when the time is over, `timeout` or `real_timeout`, and on a manual clock also when nothing was
  // idle, or nothing is left to happen, for 5 s of real time: the message says which, and what happened meanwhile.
  // kInvalidArgument: a real_timeout that is not more than zero. kCanceled at once when the server stops or
  // has stopped, unless what was waited for is there.

  /// Returns when the latest run of this activity is there, or has been since the call began. It need not exist yet.
  Result<> wait_for(const std::string& activity_id, ActivityRunState state, const LocalWaitOptions& options = {});
  Result<> wait_for(const std::string& activity_id, ActivityStatus status, const LocalWaitOptions& options = {});
  /// Returns when `met` does, which is asked on this thread whenever all has come to rest; what it throws passes
  /// through, and leaves all as it is. It looks only: it calls no client and does not change the server; stats() is
  /// fine; advance(), wait_for() and wait_until() of the same server are refused in it with kFailedPrecondition.
  /// kInvalidArgument: `met` is empty.
  Result<> wait_until(const std::function<bool()>& met, const LocalWaitOptions& options = {});

  // --- Trouble. kInProcess and kManualClock, kPort gets kFailedPrecondition. kInvalidArgument: CallFault::times is 0,
  // or CallFault::call is no WorkerCall. ---

  /// The request never arrives: the worker waits until its own timeout.
  Result<> drop_requests(const CallFault& which);
  /// The server does what it is asked, and the worker never hears of it.
  Result<> drop_replies(const CallFault& which);
  /// The request arrives later by so much, more than zero.
  Result<> delay(const CallFault& which, std::chrono::nanoseconds by);
  /// Answered with this error instead, and not done. kInvalidArgument for what no server answers to a worker:
  /// kAlreadyStarted, kCanceled and the codes from kUndecodable on.
  Result<> fail(const CallFault& which, ErrorCode code);
  /// No more trouble. What was delayed stays delayed.
  Result<> clear_faults();

  /// Ends the server as SIGKILL does: calls break off, and fail with kUnavailable until restart(). What it had
  /// acknowledged stays, also in memory. Nothing when it is dead already.
  Result<> kill();
  /// Starts it again on what it had stored. kFailedPrecondition when it runs, or after stop().
  Result<> restart();

 private:
  struct Impl;
  explicit LocalServer(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

LONGBEAT_END
