#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "longbeat/activity.h"
#include "longbeat/activity_handle.h"
#include "longbeat/activity_list.h"
#include "longbeat/async_activity.h"
#include "longbeat/client_options.h"
#include "longbeat/data_converter.h"
#include "longbeat/export.h"
#include "longbeat/pending.h"
#include "longbeat/result.h"
#include "longbeat/rows.h"
#include "longbeat/server_info.h"
#include "longbeat/start_input.h"
#include "longbeat/start_options.h"

LONGBEAT_BEGIN

/// Counts since the client was made.
struct ClientStats {
  std::uint64_t calls = 0;         ///< Calls made: starts, waits, descriptions, pages of lists and so on.
  std::uint64_t failed_calls = 0;  ///< Of those, the ones that returned an error.
  std::uint64_t retries = 0;       ///< Times a call or a poll of a wait was sent again because the server could not answer.
};

/// Starts activities and looks after them. Owns one connection to the server with a thread of its own, shared with the
/// handles and workers made from it; the last of them closes it. Thread-safe, movable, not copyable. Calls have two
/// forms: one blocks the calling thread, which must not be longbeat's own event loop (there it fails with kInternal);
/// the one named _async returns a Pending.
class LONGBEAT_EXPORT Client {
 public:
  /// Makes a client. Does not connect yet: that happens with the first call, so the server may come later. Fails only
  /// on bad options, with kInvalidArgument.
  static Result<Client> connect(ClientOptions options = {});

  Client(Client&&) noexcept = default;
  Client& operator=(Client&&) noexcept = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() = default;

  /// Starts an activity and returns when the server holds it durably. Sent again under the same request ID while the
  /// server cannot answer, up to options.call.timeout; never starts twice. Errors: kAlreadyStarted with Error::run_id
  /// when the ID is taken, kInvalidArgument, kUndecodable when an argument cannot be encoded, kUnavailable and
  /// kDeadlineExceeded when nobody can tell whether it was started (start again with the same ID).
  template <class R, class... Args>
  Result<ActivityHandle<R>> start(const Activity<R(Args...)>& activity, const StartOptions& options,
                                  const std::type_identity_t<Args>&... args) const {
    return start_encoded<R>(activity.name(), options, converter().to_payloads(args...));
  }
  /// The same without trailing std::optional arguments: the handler finds them empty. And by name, for what
  /// dynamic_activity() makes: any arguments; a single Payloads is taken as the encoded ones; the result stays encoded,
  /// unless asked for by handle<R>().
  template <class A, class... Given>
    requires(internal::LooseArguments<A, Given...>::value)
  Result<ActivityHandle<typename A::Result>> start(const A& activity, const StartOptions& options,
                                                   const Given&... given) const {
    return start_encoded<typename A::Result>(activity.name(), options,
                                             internal::loose_input(converter(), activity, given...));
  }
  template <class R, class... Args>
  Pending<ActivityHandle<R>> start_async(const Activity<R(Args...)>& activity, const StartOptions& options,
                                         const std::type_identity_t<Args>&... args) const {
    return start_encoded_async<R>(activity.name(), options, converter().to_payloads(args...));
  }
  template <class A, class... Given>
    requires(internal::LooseArguments<A, Given...>::value)
  Pending<ActivityHandle<typename A::Result>> start_async(const A& activity, const StartOptions& options,
                                                          const Given&... given) const {
    return start_encoded_async<typename A::Result>(activity.name(), options,
                                                   internal::loose_input(converter(), activity, given...));
  }

  /// Starts an activity and waits for its result: start() and ActivityHandle::result() in one, with the errors of both.
  /// options.call bounds the whole: its timeout (not set: the start has the client's limit, the wait none) and its stop
  /// token. An activity that was started goes on when the wait ends early.
  template <class R, class... Args>
  Result<R> execute(const Activity<R(Args...)>& activity, const StartOptions& options,
                    const std::type_identity_t<Args>&... args) const {
    return execute_encoded<R>(activity.name(), options, converter().to_payloads(args...));
  }
  template <class A, class... Given>
    requires(internal::LooseArguments<A, Given...>::value)
  Result<typename A::Result> execute(const A& activity, const StartOptions& options, const Given&... given) const {
    return execute_encoded<typename A::Result>(activity.name(), options,
                                               internal::loose_input(converter(), activity, given...));
  }
  template <class R, class... Args>
  Pending<R> execute_async(const Activity<R(Args...)>& activity, const StartOptions& options,
                           const std::type_identity_t<Args>&... args) const {
    return execute_encoded_async<R>(activity.name(), options, converter().to_payloads(args...));
  }
  template <class A, class... Given>
    requires(internal::LooseArguments<A, Given...>::value)
  Pending<typename A::Result> execute_async(const A& activity, const StartOptions& options,
                                            const Given&... given) const {
    return execute_encoded_async<typename A::Result>(activity.name(), options,
                                                     internal::loose_input(converter(), activity, given...));
  }

  /// Starts one activity for each element of a range, many at a time, and returns when each start has its answer: one
  /// result an element, in order; one that fails does not stop the rest. An element is the activity's argument, or a
  /// tuple of its arguments; options_of(element) gives its StartOptions. Both are used when its turn has come, on the
  /// calling thread; what they throw passes on, once those on their way have their answers, which nobody sees then.
  ///   client.start_many(charge, orders, [](const Order& order) { return StartOptions{.id = order.id, ...}; });
  template <class A, class Range, class OptionsOf>
  std::vector<Result<ActivityHandle<typename A::Result>>> start_many(const A& activity, Range&& elements,
                                                                     OptionsOf options_of,
                                                                     const StartManyOptions& many = {}) const {
    auto at = std::begin(elements);
    const auto next = [&]() -> std::optional<internal::NextStart> {
      if (at == std::end(elements)) return std::nullopt;
      const auto& element = *at;
      internal::NextStart start{options_of(element), internal::element_input(converter(), activity, element)};
      ++at;
      return start;
    };
    std::vector<Result<ActivityHandle<typename A::Result>>> started;
    for (auto& run : start_all(activity.name(), next, many)) {
      started.push_back(handle_of<typename A::Result>(std::move(run)));
    }
    return started;
  }

  /// A handle of an activity that exists already; no I/O. Without run_id it means whichever run is the latest.
  template <class R>
  ActivityHandle<R> handle(std::string id, std::string run_id = {}) const {
    return ActivityHandle<R>(core_, std::move(id), std::move(run_id));
  }

  /// Reports about an attempt in place of its worker, which left it with ActivityContext::complete_later(); no I/O.
  /// What is wrong with the token or the IDs is told by the first call.
  AsyncActivity async_activity(TaskToken token, const AsyncActivityOptions& options = {}) const;
  AsyncActivity async_activity(ActivityById id, const AsyncActivityOptions& options = {}) const;

  /// The activities of the namespace; pages are fetched as the rows are read.
  ///   for (const Result<ActivitySummary>& row : client.list({.query = "ExecutionStatus = 'Running'"})) ...
  Rows<ActivitySummary> list(const ListOptions& options = {}) const;
  /// One page, for those who page themselves.
  Result<ActivityListPage> list_page(const ListOptions& options = {}) const;
  Pending<ActivityListPage> list_page_async(const ListOptions& options = {}) const;
  /// How many they are.
  Result<ActivityCount> count(const CountOptions& options = {}) const;
  Pending<ActivityCount> count_async(const CountOptions& options = {}) const;

  /// Who polls a task queue, and how long it is.
  Result<TaskQueueDescription> describe_task_queue(const std::string& task_queue,
                                                   const DescribeTaskQueueOptions& options = {}) const;
  Pending<TaskQueueDescription> describe_task_queue_async(const std::string& task_queue,
                                                          const DescribeTaskQueueOptions& options = {}) const;
  /// The workers of the namespace; pages are fetched as the rows are read.
  Rows<WorkerSummary> list_workers(const ListWorkersOptions& options = {}) const;
  Result<WorkerListPage> list_workers_page(const ListWorkersOptions& options = {}) const;
  Pending<WorkerListPage> list_workers_page_async(const ListWorkersOptions& options = {}) const;
  /// How many they are; paging options do not count.
  Result<std::int64_t> count_workers(const ListWorkersOptions& options = {}) const;
  Pending<std::int64_t> count_workers_async(const ListWorkersOptions& options = {}) const;
  /// What a worker told about itself. kNotFound when it has not been heard of for some minutes.
  Result<WorkerDescription> describe_worker(const std::string& worker_instance_key,
                                            const CallOptions& options = {}) const;
  Pending<WorkerDescription> describe_worker_async(const std::string& worker_instance_key,
                                                   const CallOptions& options = {}) const;
  /// The client's namespace or another one, and what the server can do there.
  Result<NamespaceDescription> describe_namespace(const DescribeNamespaceOptions& options = {}) const;
  Pending<NamespaceDescription> describe_namespace_async(const DescribeNamespaceOptions& options = {}) const;

  ClientStats stats() const;
  /// ClientOptions::converter, for what comes encoded: `client.converter().details<Disk>(*error.failure)`.
  const DataConverter& converter() const;

 private:
  friend class ClientAccess;
  explicit Client(std::shared_ptr<internal::ClientCore> core) : core_(std::move(core)) {}

  template <class R>
  Result<ActivityHandle<R>> handle_of(Result<internal::StartedRun> run) const {
    if (!run) return std::move(run).error();
    return ActivityHandle<R>(core_, std::move(run->activity_id), std::move(run->run_id), run->joined);
  }
  template <class R>
  Result<ActivityHandle<R>> start_encoded(std::string_view type, const StartOptions& options,
                                          Result<Payloads> input) const {
    return handle_of<R>(start_run(type, options, std::move(input)));
  }
  template <class R>
  Pending<ActivityHandle<R>> start_encoded_async(std::string_view type, const StartOptions& options,
                                                 Result<Payloads> input) const {
    auto state = std::make_shared<internal::PendingAnswer<ActivityHandle<R>>>();
    // Weak: what waits must not keep the client open.
    const auto fill = [answer = state.get(), weak = std::weak_ptr(core_)](Result<internal::StartedRun> run) {
      if (!run) return answer->fill(std::move(run).error());
      auto core = weak.lock();
      if (!core) return answer->fill(Error{ErrorCode::kCanceled, "the client was closed", {}, {}});
      answer->fill(
          ActivityHandle<R>(std::move(core), std::move(run->activity_id), std::move(run->run_id), run->joined));
    };
    start_run_async(type, options, std::move(input), state, fill);
    return Pending<ActivityHandle<R>>(std::move(state), core_);
  }
  template <class R>
  Result<R> execute_encoded(std::string_view type, const StartOptions& options, Result<Payloads> input) const {
    auto payloads = execute_run(type, options, std::move(input));
    if (!payloads) return std::move(payloads).error();
    return converter().template from_result<R>(*std::move(payloads));
  }
  template <class R>
  Pending<R> execute_encoded_async(std::string_view type, const StartOptions& options, Result<Payloads> input) const {
    auto state = std::make_shared<internal::PendingAnswer<R>>();
    const auto fill = [answer = state.get(), how = converter()](Result<Payloads> payloads) {
      if (!payloads) return answer->fill(std::move(payloads).error());
      answer->fill(how.template from_result<R>(*std::move(payloads)));
    };
    execute_run_async(type, options, std::move(input), state, fill);
    return Pending<R>(std::move(state), core_);
  }

  Result<internal::StartedRun> start_run(std::string_view type, const StartOptions& options,
                                         Result<Payloads> input) const;
  void start_run_async(std::string_view type, const StartOptions& options, Result<Payloads> input,
                       const std::shared_ptr<internal::PendingState>& state,
                       std::function<void(Result<internal::StartedRun>)> fill) const;
  Result<Payloads> execute_run(std::string_view type, const StartOptions& options, Result<Payloads> input) const;
  void execute_run_async(std::string_view type, const StartOptions& options, Result<Payloads> input,
                         const std::shared_ptr<internal::PendingState>& state,
                         std::function<void(Result<Payloads>)> fill) const;
  std::vector<Result<internal::StartedRun>> start_all(std::string_view type,
                                                      const std::function<std::optional<internal::NextStart>()>& next,
                                                      const StartManyOptions& many) const;

  std::shared_ptr<internal::ClientCore> core_;
};

LONGBEAT_END
