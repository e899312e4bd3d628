#pragma once
#include "base/timer_heap.h"
#include "machine/transition.h"
#include "matching/task_queues.h"
#include "workers/commands.h"

namespace longbeat::server {

/// One open activity in memory, or one that this step has just closed.
struct OpenActivity {
  std::uint64_t row = 0;
  ActivityState state{};

  /// Its task, while it is due and no worker has it; of the dispatch that `queued_stamp` names.
  TaskQueues::Place place{};
  std::int32_t queued_stamp = 0;

  /// Where the worker of the latest attempt listens for commands, if it does. Not stored: after a crash cancels wait
  /// for heartbeats.
  WorkerCommands::Queue control{};

  /// The one armed timer: never later than its earliest deadline or dispatch, maybe earlier.
  std::uint64_t timer = 0;
  Time armed_at{};

  /// What the engine's count of lost time was when the attempt began, and when it was last known to live: what was lost
  /// since is the grace of its end and of its heartbeat (restart_silence()).
  Duration attempt_base{0}, beat_base{0};
  /// Of an attempt that this engine has handed out: DeadlinePassed::started_ahead.
  Duration started_ahead{0};
  /// Memory that its parts take, as counted against EngineLimits::open_bytes_max.
  std::uint64_t bytes = 0;
  /// No deadline of the running attempt counts before this; set by recovery.
  Time hold_until{};

  std::int8_t listed_status = 0;  ///< As the projection last heard of it.
  std::uint8_t dirty = kNothing;  ///< Parts to be written by this step.
  bool fresh = false;             ///< Started in this step: nothing of it is stored yet.
  bool in_batch = false;          ///< This step has changed it.
  bool running = false;           ///< Counted as a running attempt.
  bool watched = false;           ///< Calls wait for it to change.
  bool removed = false;           ///< Deleted in this step: its rows go.
  bool superseded = false;        ///< Closed in this step, which has started the next run of its ID.
};

}  // namespace longbeat::server
