#pragma once
#include <cassert>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "longbeat/export.h"

LONGBEAT_BEGIN

struct Failure;

/// What went wrong, as far as a caller would act differently on it.
enum class ErrorCode {
  kInvalidArgument,     ///< An option or argument is wrong; the message names it and its value. Retrying does not help.
  kNotFound,            ///< No such activity, run, attempt or namespace.
  kAlreadyStarted,      ///< An activity with this ID exists and the ID policies forbid another run; see Error::run_id.
  kFailedPrecondition,  ///< The activity's state does not allow it, for example cancel after close.
  kResourceExhausted,   ///< A limit of the server; later it may work.
  kPermissionDenied,    ///< Missing or insufficient credentials.
  kUnimplemented,       ///< The server does not know this call.
  kUnavailable,         ///< The server could not be reached, or is stopping.
  kDeadlineExceeded,    ///< The caller's timeout passed; whether the call took effect is unknown.
  kCanceled,            ///< The caller gave up on the wait, or the client was closed meanwhile.
  kInternal,            ///< A fault in the server or in longbeat.
  kUndecodable,         ///< A payload cannot be converted to or from the C++ type asked for.
  kLeaseLost,           ///< This attempt may not count any more: its lease or its time is over.
  kActivityFailed,      ///< The activity closed with a failure; see Error::failure.
  kActivityCanceled,    ///< The activity was canceled; see Error::failure.
  kActivityTerminated,  ///< The activity was terminated; see Error::failure.
  kActivityTimedOut,    ///< The activity ran into one of its timeouts; see Error::failure.
};

/// The code's name without the k, for example "NotFound".
LONGBEAT_EXPORT std::string_view to_string(ErrorCode code) noexcept;

/// Why an operation failed. Prints as "NotFound: <message>".
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  /// Names operation, thing and value.
  std::string message{};
  /// How the activity closed, when that is the error; otherwise null.
  std::shared_ptr<const Failure> failure{};
  /// The run that is in the way, for kAlreadyStarted; otherwise empty.
  std::string run_id{};
};

/// One line: "NotFound: <message>".
LONGBEAT_EXPORT std::string to_string(const Error& error);
/// Over several lines: that one, the run in the way, and the failure as in_full(const Failure&) has it.
LONGBEAT_EXPORT std::string in_full(const Error& error);
LONGBEAT_EXPORT std::ostream& operator<<(std::ostream& out, const Error& error);
LONGBEAT_EXPORT std::ostream& operator<<(std::ostream& out, ErrorCode code);

/// What Result::value() throws for callers who prefer exceptions.
class LONGBEAT_EXPORT ResultError : public std::runtime_error {
 public:
  explicit ResultError(Error error) : std::runtime_error(to_string(error)), error_(std::move(error)) {}
  const Error& error() const noexcept { return error_; }

 private:
  Error error_;
};

/// A value, or the reason why there is none. `if (!result) return report(result.error());`
template <class T = void, class E = Error>
class [[nodiscard]] Result {
  using Stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

 public:
  using value_type = T;
  using error_type = E;

  Result()
    requires std::is_void_v<T>
      : state_(std::in_place_index<0>) {}
  template <class U = Stored>
    requires(!std::is_void_v<T> && std::is_constructible_v<Stored, U &&> && !std::is_same_v<std::decay_t<U>, Result> &&
             !std::is_same_v<std::decay_t<U>, E>)
  Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}  // NOLINT: implicit on purpose.
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}          // NOLINT: implicit on purpose.

  explicit operator bool() const noexcept { return ok(); }
  bool ok() const noexcept { return state_.index() == 0; }

  /// The value; throws ResultError when there is none.
  decltype(auto) value() & { return get<Stored&>(*this); }
  decltype(auto) value() const& { return get<const Stored&>(*this); }
  decltype(auto) value() && { return get<Stored&&>(*this); }

  /// The value, unchecked: only after ok().
  Stored& operator*() & {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  const Stored& operator*() const& {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  Stored&& operator*() && {
    assert(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  Stored* operator->() {
    assert(ok());
    return std::get_if<0>(&state_);
  }
  const Stored* operator->() const {
    assert(ok());
    return std::get_if<0>(&state_);
  }

  /// The error, unchecked: only after !ok().
  E& error() & {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }
  const E& error() const& {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }
  E&& error() && {
    assert(!ok());
    return std::move(*std::get_if<1>(&state_));
  }

  template <class U>
  Stored value_or(U&& other) const&
    requires(!std::is_void_v<T>)
  {
    return ok() ? **this : static_cast<Stored>(std::forward<U>(other));
  }

 private:
  template <class Ref, class Self>
  static Ref get(Self&& self) {
    if (!self.ok()) {
      if constexpr (std::is_same_v<E, Error>) {
        throw ResultError(*std::get_if<1>(&self.state_));
      } else {
        throw std::logic_error("Result::value() without a value: " + to_string(*std::get_if<1>(&self.state_)));
      }
    }
    return static_cast<Ref>(*std::get_if<0>(&self.state_));
  }

  std::variant<Stored, E> state_;
};

LONGBEAT_END
