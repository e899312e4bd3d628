#pragma once
#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "longbeat/export.h"
#include "longbeat/result.h"

namespace longbeat::internal {

struct ClientCore;
class Callbacks;

/// What a Pending shares with the call behind it. PendingAnswer adds the answer.
class LONGBEAT_EXPORT PendingState : public std::enable_shared_from_this<PendingState> {
 public:
  using Job = std::function<void()>;

  PendingState();
  virtual ~PendingState();
  PendingState(const PendingState&) = delete;
  PendingState& operator=(const PendingState&) = delete;

  // The call's side, any thread.
  /// Where answers are converted and delivered. Before anything else.
  void deliver_on(const std::shared_ptr<Callbacks>& callbacks);
  /// The call has ended; `convert` fills the answer, on a thread where user code may run. The first answer counts.
  static void answer(std::shared_ptr<PendingState> state, Job convert, bool on_loop);
  /// The same for a call that ended on the caller's own thread: converts at once.
  void answer_here(const Job& convert);
  /// From inside `convert`: nothing is filled yet, the answer is that of another call, which is made now.
  void reopen();
  /// Nobody waits any more.
  bool abandoned() const;
  /// How the call is given up; runs at once when nobody waits any more.
  void on_abandoned(Job give_up);

  // The consumer's side, one thread.
  void wait();
  void deliver_later();
  void abandon();
  bool filled() const;

 protected:
  virtual void deliver() = 0;
  /// Takes the place of an answer whose conversion threw.
  virtual void fail(Error why) = 0;

 private:
  struct Sync;
  void convert_and_deliver();
  static void post(std::shared_ptr<PendingState> state, const std::shared_ptr<Callbacks>& callbacks, bool on_loop);

  std::unique_ptr<Sync> sync_;
};

template <class T>
class PendingAnswer final : public PendingState {
 public:
  void fill(Result<T> answer) { answer_.emplace(std::move(answer)); }
  Result<T> take() {
    wait();
    return moved_out();
  }
  void then(std::function<void(Result<T>)> continuation) {
    continuation_ = std::move(continuation);
    deliver_later();
  }

 private:
  void deliver() override {
    const auto continuation = std::exchange(continuation_, nullptr);
    continuation(moved_out());
  }
  void fail(Error why) override { answer_.emplace(std::move(why)); }
  /// Nothing of it is left here, where it might die on the event loop.
  Result<T> moved_out() {
    Result<T> answer = *std::move(answer_);
    answer_.reset();
    return answer;
  }

  std::optional<Result<T>> answer_{};
  std::function<void(Result<T>)> continuation_{};
};

inline Error pending_was_used() {
  return {
      ErrorCode::kInvalidArgument, "this Pending has been used already: it has one answer, for one consumer", {}, {}};
}

}  // namespace longbeat::internal

LONGBEAT_BEGIN

/// The answer of a call that is on its way. It has one consumer, who takes it once: get(), then() or co_await.
/// Callbacks and resumptions run on ClientOptions::callback_executor, never on longbeat's event loop, and values are
/// decoded there or in get(). A Pending keeps its client's connection open. Dropping it unused gives the call up: a
/// wait ends, anything else may still take effect. Movable; one thread at a time.
template <class T>
class [[nodiscard]] Pending {
 public:
  /// Only for longbeat itself.
  Pending(std::shared_ptr<internal::PendingAnswer<T>> state, std::shared_ptr<internal::ClientCore> core)
      : state_(std::move(state)), core_(std::move(core)) {}
  Pending(Pending&&) noexcept = default;
  Pending& operator=(Pending&& other) noexcept {
    if (this == &other) return *this;
    if (state_) state_->abandon();
    state_ = std::move(other.state_);
    core_ = std::move(other.core_);
    return *this;
  }
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;
  ~Pending() {
    if (state_) state_->abandon();
  }

  /// Waits for the answer. Blocks the calling thread, which must not be longbeat's event loop. kInvalidArgument when
  /// the answer was taken before.
  Result<T> get() {
    if (!state_) return internal::pending_was_used();
    return std::exchange(state_, nullptr)->take();
  }

  /// Calls `f(Result<T>)` once the answer is there, also when that is now. What it throws is logged. The call goes on
  /// without this object; if nobody else holds the client either, it ends with kCanceled. Where there is no client any
  /// more, as for an AsyncActivity that was moved from, `f` is called in place. Does nothing when the answer was taken
  /// before.
  template <class F>
  void then(F f) {
    if (!state_) return;
    // In a shared_ptr, so that what cannot be copied will do.
    auto kept = std::make_shared<F>(std::move(f));
    std::exchange(state_, nullptr)->then([kept](Result<T> answer) { (*kept)(std::move(answer)); });
  }

  /// `co_await pending` gives a Result<T>. Goes on in place when the answer is there already. Destroying a coroutine
  /// that waits here gives the call up.
  ///   auto pending = handle.result_async({.timeout = 10s});
  ///   Result<int> result = co_await pending;
  auto operator co_await() & { return Awaiter{std::exchange(state_, nullptr), core_, {}}; }
  /// Does not compile: g++ 12 destroys options that are written inside a co_await expression twice.
  template <class Unnamed = void>
  auto operator co_await() && {
    static_assert(!std::is_void_v<Unnamed>,
                  "longbeat: give the Pending a name first: auto pending = ...; co_await pending");
    return Awaiter{std::exchange(state_, nullptr), core_, {}};
  }

 private:
  struct Awaiter {
    std::shared_ptr<internal::PendingAnswer<T>> state;
    std::shared_ptr<internal::ClientCore> core;  ///< The connection stays open as long as the coroutine waits.
    std::optional<Result<T>> answer;

    Awaiter(std::shared_ptr<internal::PendingAnswer<T>> of, std::shared_ptr<internal::ClientCore> kept,
            std::optional<Result<T>> none)
        : state(std::move(of)), core(std::move(kept)), answer(std::move(none)) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    ~Awaiter() {
      if (state && !answer) state->abandon();
    }
    bool await_ready() const noexcept { return !state || state->filled(); }
    void await_suspend(std::coroutine_handle<> waiting) {
      const auto kept = state;  // The coroutine may go on, and end, before then() returns.
      kept->then([this, waiting](Result<T> got) {
        answer.emplace(std::move(got));
        waiting.resume();
      });
    }
    Result<T> await_resume() {
      if (answer) return *std::move(answer);
      if (!state) return internal::pending_was_used();
      return std::exchange(state, nullptr)->take();
    }
  };

  std::shared_ptr<internal::PendingAnswer<T>> state_;
  std::shared_ptr<internal::ClientCore> core_;
};

LONGBEAT_END
