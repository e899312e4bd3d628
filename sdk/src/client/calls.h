#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/call.h"
#include "longbeat/client.h"

// The calls of a client, each made ready once for both its forms: run() blocks, launch() gives a Pending. Any thread
// but the loop's.

namespace longbeat::internal {

/// Which activity, and of which run.
struct Subject {
  const std::string& id;
  const std::string& run_id;
};

// start_calls.cc
PreparedCall<StartedRun> prepare_start(const ClientCore& core, std::string_view type, const StartOptions& options,
                                       Result<Payloads> input);
PreparedCall<Payloads> prepare_result(const ClientCore& core, Subject of, const WaitOptions& options);
Result<Payloads> execute(ClientCore& core, std::string_view type, const StartOptions& options, Result<Payloads> input);
void execute_async(const std::shared_ptr<ClientCore>& core, std::string_view type, const StartOptions& options,
                   Result<Payloads> input, const std::shared_ptr<PendingState>& state,
                   std::function<void(Result<Payloads>)> fill);
// start_many.cc
std::vector<Result<StartedRun>> start_many(ClientCore& core, std::string_view type,
                                           const std::function<std::optional<NextStart>()>& next,
                                           const StartManyOptions& many);

// handle_calls.cc
PreparedCall<longbeat::ActivityDescription> prepare_describe(const ClientCore& core, Subject of,
                                                             const DescribeOptions& options);
/// `long_poll_token` empty: the state as it is, however long the server is away.
PreparedCall<longbeat::ActivityDescription> prepare_change(const ClientCore& core, Subject of,
                                                           const std::string& long_poll_token,
                                                           const WatchOptions& options);
PreparedCall<void> prepare_cancel(const ClientCore& core, Subject of, const CancelOptions& options);
PreparedCall<void> prepare_terminate(const ClientCore& core, Subject of, const TerminateOptions& options);
PreparedCall<void> prepare_remove(const ClientCore& core, Subject of, const RemoveOptions& options);
PreparedCall<void> prepare_pause(const ClientCore& core, Subject of, const PauseOptions& options);
PreparedCall<void> prepare_unpause(const ClientCore& core, Subject of, const UnpauseOptions& options);
PreparedCall<void> prepare_reset(const ClientCore& core, Subject of, const ResetOptions& options);
PreparedCall<ActivityOptions> prepare_update(const ClientCore& core, Subject of, const UpdateOptions& options);

// list_calls.cc
PreparedCall<ActivityListPage> prepare_list(const ClientCore& core, const ListOptions& options);
PreparedCall<ActivityCount> prepare_count(const ClientCore& core, const CountOptions& options);
PreparedCall<longbeat::TaskQueueDescription> prepare_describe_task_queue(const ClientCore& core,
                                                                         const std::string& task_queue,
                                                                         const DescribeTaskQueueOptions& options);
PreparedCall<WorkerListPage> prepare_list_workers(const ClientCore& core, const ListWorkersOptions& options);
PreparedCall<std::int64_t> prepare_count_workers(const ClientCore& core, const ListWorkersOptions& options);
PreparedCall<longbeat::WorkerDescription> prepare_describe_worker(const ClientCore& core,
                                                                  const std::string& worker_instance_key,
                                                                  const CallOptions& options);
PreparedCall<NamespaceDescription> prepare_describe_namespace(const ClientCore& core,
                                                              const DescribeNamespaceOptions& options);

}  // namespace longbeat::internal
