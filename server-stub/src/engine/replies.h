#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "directory/namespaces.h"
#include "machine/activity_state.h"
#include "matching/queue_report.h"
#include "request/limits.h"
#include "request/queue_requests.h"
#include "request/requests.h"
#include "request/worker_requests.h"
#include "visibility/visibility.h"

/// The engine's answers, in our own types; rpc/ turns them into messages.
namespace longbeat::server {

struct StartReply {
  std::string namespace_name{}, activity_id{}, run_id{};
  bool started = false;
};
/// A task, or `token` empty: nothing came in time.
struct PollTaskReply {
  std::string token{};
  std::string namespace_name{};
  std::string run_id{};
  std::shared_ptr<const ActivityInput> input{};
  std::string heartbeat_details{};
  Time current_attempt_scheduled_time{}, started_time{};
  std::int32_t attempt = 0;
  std::int32_t poller_delta = 0;  ///< poller_scaling_decision; 0: none. Also on empty answers.
};
struct HeartbeatReply {
  bool cancel_requested = false, activity_paused = false, activity_reset = false;
};
/// Completed and Canceled; for Failed also the server's objections (oversize) that were applied.
struct ReportReply {
  std::vector<StoredFailure> failures{};
};
/// `outcome` null: not closed within the wait, ask again (the whole answer is then empty).
struct PollOutcomeReply {
  std::string run_id{};
  std::shared_ptr<const Outcome> outcome{};  ///< one for all who waited
};
/// Which parts of a description were asked for.
struct DescribeParts {
  bool input = false, outcome = false, heartbeat_details = false, last_failure = false;
};
/// `state` null: a long poll that ran out.
struct DescribeReply {
  std::shared_ptr<const ActivityState> state{};
  std::string long_poll_token{};
  DescribeParts include{};
};
/// Done; the response has no fields: cancel, terminate, delete, pause, unpause, reset, and whatever else.
struct DoneReply {};
struct UpdateOptionsReply {
  std::shared_ptr<const ActivityInput> input{};  ///< its options
};

struct ListActivitiesReply {
  ActivityPage page{};
};
struct CountActivitiesReply {
  ActivityCount count{};
};
struct ListWorkflowsReply {};

struct NamespaceReply {
  Namespace space{};
  RequestLimits limits{};
};
struct ListNamespacesReply {
  std::vector<NamespaceReply> spaces{};
  std::string next_page_token{};
};
/// OperatorService.DeleteNamespace: the name it goes by until its last activity is gone.
struct DeleteNamespaceReply {
  std::string deleted_name{};
};
struct SearchAttributesReply {
  std::map<std::string, std::int32_t> custom{};  ///< name → enums.IndexedValueType
};

struct DescribeTaskQueueReply {
  QueueReport report{};
  DescribeTaskQueueRequest asked{};
};
struct TaskQueueConfigReply {
  QueueConfig config{};
};
struct ListTaskQueuePartitionsReply {
  std::string task_queue{};
};
/// The empty answer of a long poll for workflow or Nexus tasks.
struct IdlePollReply {};

struct ListWorkersReply {
  std::vector<WorkerBeat> workers{};
  std::string next_page_token{};
};
struct CountWorkersReply {
  std::int64_t count = 0;
};
struct DescribeWorkerReply {
  WorkerBeat worker{};
};
/// Commands for one worker process, or `token` empty: none came in time.
struct CommandsReply {
  std::string token{};
  std::vector<std::string> canceled_task_tokens{};
  Time scheduled_time{};
};

/// How far a backup is; `finished`: whole, and on disk under its name.
struct BackupReply {
  std::string backup_id{};
  bool finished = false;
  std::uint64_t pages = 0, pages_copied = 0, bytes = 0;
};

using Reply = std::variant<StartReply, PollTaskReply, HeartbeatReply, ReportReply, PollOutcomeReply, DescribeReply,
                           DoneReply, UpdateOptionsReply, ListActivitiesReply, CountActivitiesReply, ListWorkflowsReply,
                           NamespaceReply, ListNamespacesReply, DeleteNamespaceReply, SearchAttributesReply,
                           DescribeTaskQueueReply, TaskQueueConfigReply, ListTaskQueuePartitionsReply, IdlePollReply,
                           ListWorkersReply, CountWorkersReply, DescribeWorkerReply, CommandsReply, BackupReply>;

}  // namespace longbeat::server
