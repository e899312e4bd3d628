#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "client/blocking.h"
#include "client/callbacks.h"
#include "client/client_core.h"
#include "client/errors.h"
#include "client/loop_call.h"
#include "core/service_stub.h"
#include "longbeat/call_options.h"
#include "longbeat/interceptor.h"
#include "longbeat/pending.h"

namespace longbeat::internal {

/// Those of the interceptors who want to know how the call ended, outermost first.
using CallEnds = std::vector<ClientInterceptor::CallEnded>;

/// A call that is ready to go: made on the caller's thread, begun on the loop, converted where user code may run.
template <class T>
struct PreparedCall {
  /// What makes a T of the answer.
  using Convert = std::function<Result<T>()>;

  /// Nothing is sent.
  std::optional<Error> refused{};
  /// Both on the loop.
  std::function<void(std::function<void(Convert)> answered)> start{};
  std::function<void()> cancel{};
  CallEnds ends{};
  std::stop_token stop_token{};
  std::string what{};
  std::shared_ptr<ClientCounters> counters{};
};

/// What every call begins with: options, limits and interceptors may refuse it.
struct BegunCall {
  ClientCallParams params{};
  std::optional<Error> refused{};
  CallEnds ends{};
  Nanoseconds timeout{0};
  std::stop_token stop_token{};
  /// "describe of activity 'a' (run r) at 127.0.0.1:7233", for messages.
  std::string what{};
};

/// `operation` as in "describe of". `valid`: what the checks of the options say.
BegunCall begin_call(const ClientCore& core, ClientCallParams params, const CallOptions& options, const char* operation,
                     Result<> valid = {});

/// When a wait that begins now ends; nothing when it has no bound, also when that lies beyond the end of the clock.
std::optional<TimePoint> deadline_after(TimePoint now, const std::optional<Nanoseconds>& timeout);

/// Counts the end of a call and tells it to the interceptors, the innermost first. Where user code may run.
void end_call(ClientCounters& counters, const CallEnds& ends, const Result<>& result);
template <class T>
Result<T> ended_call(ClientCounters& counters, const CallEnds& ends, Result<T> result) {
  end_call(counters, ends, result ? Result<>() : Result<>(result.error()));
  return result;
}

/// A refusal of our own.
Error canceled_error(const std::string& what);

/// `make` turns the answer into a T; an error of the server never reaches it.
template <class T, class Wire, class Make>
PreparedCall<T> prepare(const ClientCore& core, BegunCall begun, std::shared_ptr<LoopCall<Wire>> call, Make make) {
  PreparedCall<T> prepared;
  prepared.refused = std::move(begun.refused);
  prepared.ends = std::move(begun.ends);
  prepared.stop_token = std::move(begun.stop_token);
  prepared.counters = core.counters;
  prepared.what = begun.what;
  // Weak: what gives a call up must not keep it, which keeps who waits.
  prepared.cancel = [weak = std::weak_ptr(call)] {
    if (const auto under_way = weak.lock()) under_way->cancel();
  };
  prepared.start = [call = std::move(call), what = std::move(begun.what),
                    make = std::move(make)](std::function<void(typename PreparedCall<T>::Convert)> answered) {
    call->start([what, make, answered = std::move(answered)](StatusOr<Wire> answer) {
      // Shared, because a std::function has to be copyable.
      answered([what, make, kept = std::make_shared<StatusOr<Wire>>(std::move(answer))]() -> Result<T> {
        if (!*kept) return to_error(kept->error(), what);
        if constexpr (std::is_void_v<Wire>) {
          return make();
        } else {
          return make(*std::move(*kept));
        }
      });
    });
  };
  return prepared;
}

/// One request and its answer. `send` is called on the loop as send(stub, done).
template <class T, class Wire, class Send, class Make>
PreparedCall<T> prepare_unary(const ClientCore& core, BegunCall begun, Send send, Make make) {
  auto call = std::make_shared<UnaryLoopCall<Wire>>(core.connection->stub(), std::move(send));
  return prepare<T, Wire>(core, std::move(begun), std::move(call), std::move(make));
}

/// The same for a method of the stub, whose parameters are ready.
template <class T, class Wire, class Params, class Make>
PreparedCall<T> prepare_method(const ClientCore& core, BegunCall begun,
                               CallId (ServiceStub::*method)(Params, Nanoseconds, Done<Wire>),
                               std::type_identity_t<Params> params, Make make) {
  auto send = [params = std::move(params), timeout = begun.timeout, method](ServiceStub& stub,
                                                                            Done<Wire> done) mutable {
    return (stub.*method)(std::move(params), timeout, std::move(done));
  };
  return prepare_unary<T, Wire>(core, std::move(begun), std::move(send), std::move(make));
}

/// Makes the call and waits for it.
template <class T>
Result<T> run(ClientCore& core, PreparedCall<T> call) {
  using Convert = typename PreparedCall<T>::Convert;
  if (call.refused) return ended_call<T>(*call.counters, call.ends, *std::move(call.refused));
  Connection& connection = *core.connection;
  const std::stop_callback stop(call.stop_token, [&connection, cancel = call.cancel] {
    // Refused only when the connection has closed, and then nobody waits.
    static_cast<void>(connection.loop().post(cancel));
  });
  auto convert = wait_for<Convert>(connection, [start = std::move(call.start)](Done<Convert> done) {
    start([done = std::move(done)](Convert made) { done(std::move(made)); });
  });
  if (!convert) return ended_call<T>(*call.counters, call.ends, to_error(convert.error(), call.what));
  return ended_call(*call.counters, call.ends, (*convert)());
}

/// What stands for a call under way on the loop: whatever happens to it, its Pending gets an answer. What the user gave
/// leaves with that answer, so that nothing of it dies on the loop.
template <class T>
class Promise {
 public:
  using Convert = typename PreparedCall<T>::Convert;
  using End = std::function<void(Result<T>)>;

  Promise(Loop& loop, std::shared_ptr<PendingState> state, End end, std::string what)
      : loop_(loop), state_(std::move(state)), end_(std::move(end)), what_(std::move(what)) {}
  ~Promise() {
    if (state_) answer([what = what_]() -> Result<T> { return canceled_error(what); });
  }
  Promise(const Promise&) = delete;
  Promise& operator=(const Promise&) = delete;

  void stop_with(const std::stop_token& token, std::function<void()> cancel) {
    if (token.stop_possible()) stop_.emplace(token, std::move(cancel));
  }
  void answer(Convert convert) {
    stop_.reset();
    auto job = [end = std::move(end_), convert = std::move(convert)] { end(convert()); };
    PendingState::answer(std::move(state_), std::move(job), loop_.on_this_thread());
  }

 private:
  Loop& loop_;
  std::shared_ptr<PendingState> state_;
  End end_;
  std::string what_;
  std::optional<std::stop_callback<std::function<void()>>> stop_{};
};

/// Makes the call; `fill` takes its result, where user code may run, before the consumer of `state` sees it.
template <class T>
void launch(const ClientCore& core, PreparedCall<T> call, const std::shared_ptr<PendingState>& state,
            std::function<void(Result<T>)> fill) {
  state->deliver_on(core.callbacks);
  auto end = [counters = call.counters, ends = std::move(call.ends), fill = std::move(fill)](Result<T> result) {
    fill(ended_call<T>(*counters, ends, std::move(result)));
  };
  if (call.refused) return state->answer_here([&] { end(*std::move(call.refused)); });
  Loop& loop = core.connection->loop();
  auto promise = std::make_shared<Promise<T>>(loop, state, std::move(end), std::move(call.what));
  const auto cancel = [&loop, cancel = std::move(call.cancel)] { static_cast<void>(loop.post(cancel)); };
  promise->stop_with(call.stop_token, cancel);
  state->on_abandoned(cancel);
  // Dropped by a loop that has stopped: then the promise answers.
  static_cast<void>(loop.post([promise = std::move(promise), start = std::move(call.start)] {
    start([promise](typename PreparedCall<T>::Convert convert) { promise->answer(std::move(convert)); });
  }));
}

template <class T>
Pending<T> launch(const std::shared_ptr<ClientCore>& core, PreparedCall<T> call) {
  auto state = std::make_shared<PendingAnswer<T>>();
  launch<T>(*core, std::move(call), state,
            [answer = state.get()](Result<T> result) { answer->fill(std::move(result)); });
  return Pending<T>(std::move(state), core);
}

/// What every mutation carries: the caller's, or a new one, kept over all tries.
std::string request_id_or_new(const std::string& given);

}  // namespace longbeat::internal
