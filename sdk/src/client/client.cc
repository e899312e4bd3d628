#include "longbeat/client.h"

#include <unistd.h>

#include <array>
#include <utility>

#include "client/calls.h"
#include "client/client_core.h"
#include "client/rows.h"

namespace longbeat::internal {

std::string default_identity() {
  std::array<char, 256> host{};
  const bool named = gethostname(host.data(), host.size() - 1) == 0;
  return std::to_string(getpid()) + "@" + (named ? host.data() : "unknown-host");
}

ClientCore::~ClientCore() {
  connection.reset();
  callbacks->close();
}

bool on_thread_of(Connection& connection) {
  return connection.loop().on_this_thread() || connection.courier().running_here() != 0;
}

std::shared_ptr<ClientCore> core_from(ClientOptions options) {
  std::shared_ptr<ClientCore> core(new ClientCore, [](ClientCore* last) {
    if (!last->connection || !on_thread_of(*last->connection)) {
      delete last;
    } else {
      run_late([last] { delete last; });
    }
  });
  core->address = std::move(options.address);
  core->namespace_name = std::move(options.namespace_name);
  core->identity = options.identity.empty() ? default_identity() : std::move(options.identity);
  core->converter = std::move(options.converter);
  core->format = WireFormat(std::move(options.codecs), options.encode_common_attributes);
  core->interceptors = std::move(options.interceptors);
  core->call_timeout = options.call_timeout;
  core->callbacks = core->losses = std::make_shared<Callbacks>(std::move(options.callback_executor));
  return core;
}

}  // namespace longbeat::internal

LONGBEAT_BEGIN

using internal::launch;
using internal::run;

Result<internal::StartedRun> Client::start_run(std::string_view type, const StartOptions& options,
                                               Result<Payloads> input) const {
  return run(*core_, internal::prepare_start(*core_, type, options, std::move(input)));
}

void Client::start_run_async(std::string_view type, const StartOptions& options, Result<Payloads> input,
                             const std::shared_ptr<internal::PendingState>& state,
                             std::function<void(Result<internal::StartedRun>)> fill) const {
  launch(*core_, internal::prepare_start(*core_, type, options, std::move(input)), state, std::move(fill));
}

Result<Payloads> Client::execute_run(std::string_view type, const StartOptions& options, Result<Payloads> input) const {
  return internal::execute(*core_, type, options, std::move(input));
}

void Client::execute_run_async(std::string_view type, const StartOptions& options, Result<Payloads> input,
                               const std::shared_ptr<internal::PendingState>& state,
                               std::function<void(Result<Payloads>)> fill) const {
  internal::execute_async(core_, type, options, std::move(input), state, std::move(fill));
}

std::vector<Result<internal::StartedRun>> Client::start_all(
    std::string_view type, const std::function<std::optional<internal::NextStart>()>& next,
    const StartManyOptions& many) const {
  return internal::start_many(*core_, type, next, many);
}

Rows<ActivitySummary> Client::list(const ListOptions& options) const {
  const auto fetch = [core = core_, page = options](const std::string& next_page_token) mutable {
    page.next_page_token = next_page_token;
    return run(*core, internal::prepare_list(*core, page));
  };
  using Source = internal::PagedRows<ActivitySummary, ActivityListPage>;
  return Rows<ActivitySummary>(std::make_unique<Source>(options.next_page_token, &ActivityListPage::activities, fetch));
}

Rows<WorkerSummary> Client::list_workers(const ListWorkersOptions& options) const {
  const auto fetch = [core = core_, page = options](const std::string& next_page_token) mutable {
    page.next_page_token = next_page_token;
    return run(*core, internal::prepare_list_workers(*core, page));
  };
  using Source = internal::PagedRows<WorkerSummary, WorkerListPage>;
  return Rows<WorkerSummary>(std::make_unique<Source>(options.next_page_token, &WorkerListPage::workers, fetch));
}

Result<ActivityListPage> Client::list_page(const ListOptions& options) const {
  return run(*core_, internal::prepare_list(*core_, options));
}
Pending<ActivityListPage> Client::list_page_async(const ListOptions& options) const {
  return launch(core_, internal::prepare_list(*core_, options));
}

Result<ActivityCount> Client::count(const CountOptions& options) const {
  return run(*core_, internal::prepare_count(*core_, options));
}
Pending<ActivityCount> Client::count_async(const CountOptions& options) const {
  return launch(core_, internal::prepare_count(*core_, options));
}

Result<TaskQueueDescription> Client::describe_task_queue(const std::string& task_queue,
                                                         const DescribeTaskQueueOptions& options) const {
  return run(*core_, internal::prepare_describe_task_queue(*core_, task_queue, options));
}
Pending<TaskQueueDescription> Client::describe_task_queue_async(const std::string& task_queue,
                                                                const DescribeTaskQueueOptions& options) const {
  return launch(core_, internal::prepare_describe_task_queue(*core_, task_queue, options));
}

Result<WorkerListPage> Client::list_workers_page(const ListWorkersOptions& options) const {
  return run(*core_, internal::prepare_list_workers(*core_, options));
}
Pending<WorkerListPage> Client::list_workers_page_async(const ListWorkersOptions& options) const {
  return launch(core_, internal::prepare_list_workers(*core_, options));
}

Result<std::int64_t> Client::count_workers(const ListWorkersOptions& options) const {
  return run(*core_, internal::prepare_count_workers(*core_, options));
}
Pending<std::int64_t> Client::count_workers_async(const ListWorkersOptions& options) const {
  return launch(core_, internal::prepare_count_workers(*core_, options));
}

Result<WorkerDescription> Client::describe_worker(const std::string& worker_instance_key,
                                                  const CallOptions& options) const {
  return run(*core_, internal::prepare_describe_worker(*core_, worker_instance_key, options));
}
Pending<WorkerDescription> Client::describe_worker_async(const std::string& worker_instance_key,
                                                         const CallOptions& options) const {
  return launch(core_, internal::prepare_describe_worker(*core_, worker_instance_key, options));
}

Result<NamespaceDescription> Client::describe_namespace(const DescribeNamespaceOptions& options) const {
  return run(*core_, internal::prepare_describe_namespace(*core_, options));
}
Pending<NamespaceDescription> Client::describe_namespace_async(const DescribeNamespaceOptions& options) const {
  return launch(core_, internal::prepare_describe_namespace(*core_, options));
}

const DataConverter& Client::converter() const {
  return core_->converter;
}

ClientStats Client::stats() const {
  const auto& counters = *core_->counters;
  return {counters.calls.load(), counters.failed_calls.load(), counters.retries.load()};
}

LONGBEAT_END
