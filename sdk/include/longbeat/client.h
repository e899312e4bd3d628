#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "longbeat/activity.h"
#include "longbeat/activity_description.h"
#include "longbeat/client_options.h"
#include "longbeat/data_converter.h"
#include "longbeat/export.h"
#include "longbeat/result.h"
#include "longbeat/travel.h"

namespace longbeat::internal {
struct ClientCore;
}

LONGBEAT_BEGIN

/// How long to wait for a result.
struct WaitOptions {
  /// Bounds the whole wait, however often the server has to be asked. Not set: as long as the activity takes. Zero or
  /// less does not wait at all.
  std::optional<std::chrono::nanoseconds> timeout{};
  /// Ends the wait with kCanceled. The activity itself goes on.
  std::stop_token stop_token{};
};

/// What every handle can do, whatever the result's type is. Cheap to copy; keeps the connection open. Thread-safe.
class LONGBEAT_EXPORT ActivityHandleBase {
 public:
  const std::string& id() const noexcept { return id_; }
  /// The run this handle is bound to; empty: whichever is the latest.
  const std::string& run_id() const noexcept { return run_id_; }

  /// The activity as it is now, with its heartbeat details and last failure. kNotFound when there is no such run.
  Result<ActivityDescription> describe() const;
  /// Asks for cancellation and returns when the server has noted it. The worker hears of it with its next heartbeat and
  /// may take its time; result() tells how it ended. kFailedPrecondition when it is closed already, or cancellation was
  /// asked for by another call before.
  Result<> cancel(std::string reason = {}) const;

 protected:
  ActivityHandleBase(std::shared_ptr<internal::ClientCore> core, std::string id, std::string run_id)
      : core_(std::move(core)), id_(std::move(id)), run_id_(std::move(run_id)) {}
  Result<Payloads> raw_result(const WaitOptions& options) const;
  const DataConverter& converter() const;

 private:
  std::shared_ptr<internal::ClientCore> core_;
  std::string id_;
  std::string run_id_;
};

/// One activity, seen from outside. R is what it returns; Payloads leaves the result encoded.
template <class R>
class ActivityHandle : public ActivityHandleBase {
 public:
  /// Waits until the activity has closed; asks again when the server was away meanwhile. Errors: kActivityFailed,
  /// kActivityCanceled, kActivityTerminated and kActivityTimedOut with Error::failure when it closed that way;
  /// kDeadlineExceeded when options.timeout passed, kCanceled when stop was requested (the activity goes on in both
  /// cases); kUndecodable when the result is not an R; kNotFound. Blocks the calling thread.
  Result<R> result(const WaitOptions& options = {}) const {
    auto payloads = raw_result(options);
    if (!payloads) return std::move(payloads).error();
    return converter().template from_result<R>(*payloads);
  }

 private:
  friend class Client;
  ActivityHandle(std::shared_ptr<internal::ClientCore> core, std::string id, std::string run_id)
      : ActivityHandleBase(std::move(core), std::move(id), std::move(run_id)) {}
};

/// Counts since the client was made.
struct ClientStats {
  std::uint64_t calls = 0;         ///< Calls made: starts, waits, describes, cancels.
  std::uint64_t failed_calls = 0;  ///< Of those, the ones that returned an error.
  std::uint64_t retries = 0;       ///< Times a call was sent again because the server could not answer.
};

/// Starts activities and looks after them. Owns one connection to the server with a thread of its own, shared with the
/// handles and workers made from it; the last of them closes it. Thread-safe, movable, not copyable. Its calls block
/// the calling thread and must not be made from longbeat's own event loop; there they fail with kInternal.
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
  /// server cannot answer, up to ClientOptions::call_timeout; never starts twice. Errors: kAlreadyStarted with
  /// Error::run_id when the ID is taken, kInvalidArgument, kUndecodable when an argument cannot be encoded,
  /// kUnavailable and kDeadlineExceeded when nobody can tell whether it was started (start again with the same ID).
  template <class R, class... Args>
  Result<ActivityHandle<R>> start(const Activity<R(Args...)>& activity, const StartOptions& options,
                                  const std::type_identity_t<Args>&... args) const {
    return start_encoded<R>(activity.name(), options, converter().to_payloads(args...));
  }
  /// The same without trailing std::optional arguments: the handler finds them empty.
  template <class R, class... Args, class... Given>
    requires(sizeof...(Given) < sizeof...(Args) && sizeof...(Given) >= internal::required_arguments<Args...>())
  Result<ActivityHandle<R>> start(const Activity<R(Args...)>& activity, const StartOptions& options,
                                  const Given&... given) const {
    const auto encode = [&]<std::size_t... At>(std::index_sequence<At...>) {
      using All = typename Activity<R(Args...)>::Arguments;
      const auto typed = [&](const std::tuple_element_t<At, All>&... each) { return converter().to_payloads(each...); };
      return typed(given...);
    };
    return start_encoded<R>(activity.name(), options, encode(std::index_sequence_for<Given...>()));
  }
  /// By name: any arguments; a single Payloads is taken as the encoded arguments. The result stays encoded, unless
  /// asked for by handle<R>().
  template <class... Args>
  Result<ActivityHandle<Payloads>> start(const DynamicActivity& activity, const StartOptions& options,
                                         const Args&... args) const {
    if (auto valid = validate_activity_name(activity.name()); !valid) return std::move(valid).error();
    return start_encoded<Payloads>(activity.name(), options, converter().to_payloads(args...));
  }

  /// A handle of an activity that exists already; no I/O. Without run_id it means whichever run is the latest.
  template <class R>
  ActivityHandle<R> handle(std::string id, std::string run_id = {}) const {
    return ActivityHandle<R>(core_, std::move(id), std::move(run_id));
  }

  ClientStats stats() const;

 private:
  friend class ClientAccess;
  explicit Client(std::shared_ptr<internal::ClientCore> core) : core_(std::move(core)) {}

  template <class R>
  Result<ActivityHandle<R>> start_encoded(std::string_view type, const StartOptions& options,
                                          Result<Payloads> input) const {
    if (!input) return std::move(input).error();
    auto run_id = start_run(type, options, *std::move(input));
    if (!run_id) return std::move(run_id).error();
    return ActivityHandle<R>(core_, options.id, *std::move(run_id));
  }
  Result<std::string> start_run(std::string_view type, const StartOptions& options, Payloads input) const;
  const DataConverter& converter() const;

  std::shared_ptr<internal::ClientCore> core_;
};

LONGBEAT_END
