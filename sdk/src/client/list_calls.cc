#include <type_traits>
#include <utility>

#include "client/calls.h"
#include "client/option_checks.h"
#include "client/public_form.h"

namespace longbeat::internal {
namespace {

/// A read of something that is not one activity.
template <class T, class Wire, class Params>
PreparedCall<T> prepare_read(const ClientCore& core, BegunCall begun, std::type_identity_t<Params> params,
                             CallId (ServiceStub::*method)(Params, Nanoseconds, Done<Wire>)) {
  return prepare_method<T>(core, std::move(begun), method, std::move(params), [](Wire answer) -> Result<T> {
    if constexpr (std::is_same_v<T, Wire>) {
      return answer;
    } else {
      return public_form(std::move(answer));
    }
  });
}

ClientCallParams called(const char* rpc, std::string task_queue = {}) {
  return {rpc, {}, {}, {}, std::move(task_queue), {}, {}};
}

Result<> check_query(const std::string& options, const std::string& query,
                     const std::optional<std::int32_t>& page_size) {
  if (auto text = check_text(options + ".query", query); !text) return text;
  if (!page_size || *page_size > 0) return {};
  return invalid(options + ".page_size", std::to_string(*page_size), "at least 1; leave it unset for the most");
}

}  // namespace

PreparedCall<ActivityListPage> prepare_list(const ClientCore& core, const ListOptions& options) {
  auto begun = begin_call(core, called("ListActivityExecutions"), options.call, "list of activities",
                          check_query("ListOptions", options.query, options.page_size));
  ListActivitiesParams params{core.namespace_name, options.query, options.page_size.value_or(0),
                              options.next_page_token};
  return prepare_read<ActivityListPage>(core, std::move(begun), std::move(params), &ServiceStub::list_activities);
}

PreparedCall<ActivityCount> prepare_count(const ClientCore& core, const CountOptions& options) {
  auto begun = begin_call(core, called("CountActivityExecutions"), options.call, "count of activities",
                          check_query("CountOptions", options.query, std::nullopt));
  return prepare_read<ActivityCount>(core, std::move(begun), CountActivitiesParams{core.namespace_name, options.query},
                                     &ServiceStub::count_activities);
}

PreparedCall<longbeat::TaskQueueDescription> prepare_describe_task_queue(const ClientCore& core,
                                                                         const std::string& task_queue,
                                                                         const DescribeTaskQueueOptions& options) {
  auto begun = begin_call(core, called("DescribeTaskQueue", task_queue), options.call, "describe of",
                          check_name("the task queue's name", task_queue));
  DescribeTaskQueueParams params;
  params.namespace_name = core.namespace_name;
  params.task_queue = begun.params.task_queue;
  params.report_stats = options.report_stats;
  params.report_config = options.report_config;
  return prepare_read<longbeat::TaskQueueDescription>(core, std::move(begun), std::move(params),
                                                      &ServiceStub::describe_task_queue);
}

PreparedCall<WorkerListPage> prepare_list_workers(const ClientCore& core, const ListWorkersOptions& options) {
  auto begun = begin_call(core, called("ListWorkers"), options.call, "list of workers",
                          check_query("ListWorkersOptions", options.query, options.page_size));
  ListWorkersParams params{core.namespace_name, options.query, options.page_size.value_or(0), options.next_page_token,
                           options.include_system_workers};
  return prepare_read<WorkerListPage>(core, std::move(begun), std::move(params), &ServiceStub::list_workers);
}

PreparedCall<std::int64_t> prepare_count_workers(const ClientCore& core, const ListWorkersOptions& options) {
  auto begun = begin_call(core, called("CountWorkers"), options.call, "count of workers",
                          check_query("ListWorkersOptions", options.query, options.page_size));
  CountWorkersParams params{core.namespace_name, options.query, options.include_system_workers};
  return prepare_read<std::int64_t>(core, std::move(begun), std::move(params), &ServiceStub::count_workers);
}

PreparedCall<longbeat::WorkerDescription> prepare_describe_worker(const ClientCore& core,
                                                                  const std::string& worker_instance_key,
                                                                  const CallOptions& options) {
  const std::string operation = "describe of worker " + quoted(worker_instance_key);
  auto begun = begin_call(core, called("DescribeWorker"), options, operation.c_str(),
                          check_name("the worker's instance key", worker_instance_key));
  return prepare_read<longbeat::WorkerDescription>(core, std::move(begun),
                                                   DescribeWorkerParams{core.namespace_name, worker_instance_key},
                                                   &ServiceStub::describe_worker);
}

PreparedCall<NamespaceDescription> prepare_describe_namespace(const ClientCore& core,
                                                              const DescribeNamespaceOptions& options) {
  const std::string& name = options.namespace_name.empty() ? core.namespace_name : options.namespace_name;
  const std::string operation = "describe of namespace " + quoted(name);
  auto begun = begin_call(core, called("DescribeNamespace"), options.call, operation.c_str(),
                          check_namespace("DescribeNamespaceOptions.namespace_name", name));
  return prepare_read<NamespaceDescription>(core, std::move(begun), name, &ServiceStub::describe_namespace);
}

}  // namespace longbeat::internal
