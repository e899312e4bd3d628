#pragma once
#include <cstdint>
#include <string>

#include "directory/namespaces.h"
#include "engine/engine.h"
#include "engine/replies.h"
#include "machine/transition.h"
#include "matching/task_queues.h"
#include "workers/commands.h"

namespace longbeat::server {

/// A call that waits: for a task, an outcome, a change, the projection, commands, a backup, or for nothing but its
/// time.
struct Parked {
  enum class Kind : std::int8_t { kTask, kOutcome, kChange, kQuery, kCommands, kIdle, kBackup };
  Kind kind = Kind::kTask;
  ReplySink* sink = nullptr;
  std::uint64_t timer = 0;
  TaskQueues::Place place{};                    ///< kTask
  const Namespace* space = nullptr;             ///< kTask, kIdle, kCommands
  PickedUp picked_up{};                         ///< kTask
  std::string worker_key{};                     ///< kTask, kIdle, kCommands: worker_instance_key of the poll
  QueueType queue_type = QueueType::kActivity;  ///< kTask, kIdle, kCommands
  std::string task_queue{};                     ///< kTask, kIdle, kCommands
  WorkerCommands::Queue control{};  ///< kTask: where the attempt will get its commands; kCommands: the one it is on
  std::uint64_t row = 0;            ///< kOutcome, kChange: the activity; 0 when it is closed and will not change
  std::uint32_t counted_in = 0;     ///< number of the namespace whose polls this is one of; 0: none
  DescribeParts describe{};         ///< kChange
};

}  // namespace longbeat::server
