#pragma once
/// What a Worker is given to serve: functions, member functions of an object, and how they are run. Part of
/// <longbeat/worker.h>.
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "longbeat/activity.h"
#include "longbeat/activity_context.h"
#include "longbeat/auto_heartbeat.h"
#include "longbeat/data_converter.h"
#include "longbeat/export.h"
#include "longbeat/result.h"

LONGBEAT_BEGIN

/// How one activity is run: the last argument of Worker::serve() and method().
struct ServeOptions {
  /// For functions that block or have no place to call heartbeat(): an AutoHeartbeat stands around each call. Not set:
  /// only the function itself heartbeats. A counter given here is shared by all attempts that run at the same time: one
  /// that moves hides another one that is stalled. Leave it null and call ActivityContext::advance(), or make an
  /// AutoHeartbeat inside the function.
  std::optional<AutoHeartbeatOptions> auto_heartbeat{};
};

LONGBEAT_END

namespace longbeat::internal {

/// One registered activity: decodes, calls, encodes. Throws what the user's function throws.
using ActivityFunction = std::function<Payloads(ActivityContext&, const Payloads&)>;

/// Ends an attempt with the error its function returned.
[[noreturn]] LONGBEAT_EXPORT void throw_returned_error(Error error);
[[noreturn]] LONGBEAT_EXPORT void throw_undecodable_arguments(const Error& error);
[[noreturn]] LONGBEAT_EXPORT void throw_unencodable_result(const Error& error);
LONGBEAT_EXPORT Payloads null_payloads();

// --- Arguments ---

template <class... Args>
std::tuple<Args...> decoded_arguments(const DataConverter& converter, const Payloads& input) {
  constexpr std::size_t kRequired = required_arguments<Args...>();
  const auto decode = [&](const Payloads& payloads) {
    auto arguments = converter.from_payloads<std::tuple<Args...>>(payloads);
    if (!arguments) throw_undecodable_arguments(arguments.error());
    return *std::move(arguments);
  };
  if constexpr (kRequired < sizeof...(Args)) {
    if (input.size() < kRequired || input.size() > sizeof...(Args))
      throw_undecodable_arguments(wrong_count(kRequired, sizeof...(Args), input.size()));
    if (input.size() < sizeof...(Args)) {
      Payloads filled = input;
      filled.resize(sizeof...(Args), null_payloads().front());
      return decode(filled);
    }
  }
  return decode(input);
}

// --- Results ---

/// What a handler's result becomes, when it is a Result; otherwise itself.
template <class Returned>
struct Unwrapped {
  using Type = Returned;
};
template <class T>
struct Unwrapped<longbeat::Result<T>> {
  using Type = T;
};

/// A conversion of numbers that C++ does silently and nobody means: 2.5 to 2, a pointer or a number to true.
template <class From, class To>
constexpr bool loses_its_meaning() {
  if constexpr (std::is_same_v<To, bool>) {
    return !std::is_same_v<From, bool> && (std::is_arithmetic_v<From> || std::is_pointer_v<From>);
  } else {
    return std::is_integral_v<To> && std::is_floating_point_v<From>;
  }
}

enum class HandlerFit {
  kWithContext,
  kWithout,
  // What is wrong:
  kMethodWithoutObject,
  kNotCallable,
  kReturnsForVoid,
  kReturnsOther,
  kReturnsNarrowed,
};

template <class R, class Returned>
constexpr HandlerFit fit_of_result(HandlerFit fit) {
  using Value = typename Unwrapped<std::remove_cvref_t<Returned>>::Type;
  if constexpr (std::is_void_v<R>) {
    return std::is_void_v<Value> ? fit : HandlerFit::kReturnsForVoid;
  } else if constexpr (loses_its_meaning<std::decay_t<Value>, R>()) {
    return HandlerFit::kReturnsNarrowed;
  } else {
    using Given =
        std::conditional_t<IsMadeFrom<std::remove_cvref_t<Returned>, longbeat::Result>::value, Value, Returned>;
    return std::is_convertible_v<Given, R> ? fit : HandlerFit::kReturnsOther;
  }
}

template <class R, class Handler, class... Args>
constexpr HandlerFit handler_fit() {
  if constexpr (std::is_member_pointer_v<Handler>) {
    return HandlerFit::kMethodWithoutObject;
  } else if constexpr (std::is_invocable_v<Handler&, ActivityContext&, Args...>) {
    return fit_of_result<R, std::invoke_result_t<Handler&, ActivityContext&, Args...>>(HandlerFit::kWithContext);
  } else if constexpr (std::is_invocable_v<Handler&, Args...>) {
    return fit_of_result<R, std::invoke_result_t<Handler&, Args...>>(HandlerFit::kWithout);
  } else {
    return HandlerFit::kNotCallable;
  }
}

template <class R>
Payloads encoded_value(const DataConverter& converter, const R& value) {
  auto payloads = converter.to_payloads(value);
  if (!payloads) throw_unencodable_result(payloads.error());
  return *std::move(payloads);
}

template <class R, class Call>
Payloads encoded_result(const DataConverter& converter, const Call& call) {
  using Returned = std::remove_cvref_t<std::invoke_result_t<const Call&>>;
  if constexpr (std::is_void_v<Returned>) {
    call();
    return null_payloads();
  } else if constexpr (IsMadeFrom<Returned, longbeat::Result>()) {
    auto result = call();
    if (!result) throw_returned_error(std::move(result).error());
    if constexpr (std::is_void_v<R>) {
      return null_payloads();
    } else if constexpr (std::is_same_v<R, Payloads>) {
      return *std::move(result);
    } else {
      return encoded_value<R>(converter, *std::move(result));
    }
  } else if constexpr (std::is_same_v<R, Payloads> && std::is_same_v<Returned, Payloads>) {
    return call();
  } else {
    return encoded_value<R>(converter, call());
  }
}

// --- Handlers ---

/// Stands for a handler that was refused with a message of its own.
struct Refused {};

/// Null function pointers, empty std::functions, methods of null objects.
template <class Handler>
bool is_empty(const Handler& handler) {
  if constexpr (std::is_pointer_v<Handler>) {
    return handler == nullptr;
  } else if constexpr (requires { handler.operator bool(); }) {
    return !static_cast<bool>(handler);
  } else {
    return false;
  }
}

/// Decoding, the handler, encoding as one function; an empty one for an empty handler. Everything that can be wrong
/// with a handler is said here, one message each.
template <class R, class... Args, class Handler>
ActivityFunction activity_function(Handler handler) {
  constexpr auto kFit = handler_fit<R, Handler, Args...>();
  static_assert(kFit != HandlerFit::kMethodWithoutObject,
                "longbeat: a method needs its object: worker.serve(activity, object, &T::method)");
  static_assert(kFit != HandlerFit::kNotCallable,
                "longbeat: this handler cannot be called with the activity's arguments (Args; longbeat::Payloads where "
                "only the name is known), with or without an ActivityContext& first");
  static_assert(kFit != HandlerFit::kReturnsForVoid,
                "longbeat: this handler returns a value, but its activity has no result");
  static_assert(kFit != HandlerFit::kReturnsOther,
                "longbeat: this handler returns neither the activity's result (R), nor a longbeat::Result of it");
  static_assert(kFit != HandlerFit::kReturnsNarrowed,
                "longbeat: what this handler returns would lose its value as the activity's result (R); convert it");
  if constexpr (kFit == HandlerFit::kWithContext || kFit == HandlerFit::kWithout) {
    static_assert(
        (std::is_nothrow_destructible_v<Args> && ...) && (std::is_void_v<R> || std::is_nothrow_destructible_v<R>),
        "longbeat: destructors of arguments and results must not throw");
    if (is_empty(handler)) return {};
    return [shared = std::make_shared<Handler>(std::move(handler))](ActivityContext& context,
                                                                    const Payloads& input) -> Payloads {
      auto arguments = decoded_arguments<Args...>(context.converter(), input);
      return encoded_result<R>(context.converter(), [&]() -> decltype(auto) {
        return std::apply(
            [&](Args&... each) -> decltype(auto) {
              if constexpr (kFit == HandlerFit::kWithContext) {
                return std::invoke(*shared, context, std::move(each)...);
              } else {
                return std::invoke(*shared, std::move(each)...);
              }
            },
            arguments);
      });
    };
  } else {
    return {};
  }
}

/// True, or a compile error that says what to do. A single Payloads travels as it is, as arguments and as result.
template <class... Values>
constexpr bool require_payload_codecs() {
  if constexpr (sizeof...(Values) == 1 && ((std::is_same_v<Values, Payloads> || std::is_void_v<Values>) && ...)) {
    return true;
  } else {
    return (require_payload_codec<Values>() && ...);
  }
}

/// What serves an activity of either kind; `kKnown` is false for everything else.
template <class A>
struct Served {
  static constexpr bool kKnown = false;
};
template <class R, class... Args>
struct Served<Activity<R(Args...)>> {
  static constexpr bool kKnown = true;
  template <class Handler>
  static ActivityFunction function(Handler handler) {
    if constexpr (std::is_same_v<Handler, Refused> || !sound_signature<R, Args...>()) {
      return {};  // Said already.
    } else if constexpr (require_payload_codecs<Args...>() && require_payload_codecs<R>()) {
      return activity_function<R, Args...>(std::move(handler));
    } else {
      return {};
    }
  }
};
template <>
struct Served<DynamicActivity> : Served<Activity<Payloads(Payloads)>> {};

template <class A>
constexpr bool require_activity() {
  static_assert(Served<A>::kKnown, "longbeat: name the activity by an Activity or by dynamic_activity(name)");
  return Served<A>::kKnown;
}

// --- Methods ---

/// An object that somebody else keeps alive.
template <class T>
struct ObjectReference {
  T* object;
  T& operator*() const noexcept { return *object; }
};

template <class Object>
constexpr auto held_object(Object&& object) {
  using Plain = std::remove_cvref_t<Object>;
  static_assert(!std::is_pointer_v<Plain>,
                "longbeat: give the object as a reference, or as a std::shared_ptr that keeps it alive");
  if constexpr (std::is_pointer_v<Plain>) {
    return Refused{};
  } else if constexpr (IsMadeFrom<Plain, std::shared_ptr>()) {
    return Plain(std::forward<Object>(object));
  } else if constexpr (IsMadeFrom<Plain, std::unique_ptr>()) {
    return std::shared_ptr<typename Plain::element_type>(std::forward<Object>(object));
  } else if constexpr (IsMadeFrom<Plain, std::reference_wrapper>()) {
    return ObjectReference<typename Plain::type>{&object.get()};
  } else {
    static_assert(std::is_lvalue_reference_v<Object>,
                  "longbeat: this object dies before the worker runs; give it as std::make_shared<T>(...)");
    return ObjectReference<std::remove_reference_t<Object>>{&object};
  }
}

template <class Holder, class Member>
struct BoundMethod {
  using Object = decltype(*std::declval<const Holder&>());

  explicit operator bool() const {
    if constexpr (requires { holder == nullptr; }) {
      if (holder == nullptr) return false;
    }
    return member != nullptr;
  }
  template <class... Given>
    requires std::is_invocable_v<const Member&, Object, Given...>
  decltype(auto) operator()(Given&&... given) const {
    return std::invoke(member, *holder, std::forward<Given>(given)...);
  }

  Holder holder;
  Member member;
};

/// A handler that calls the method on the object, or Refused with a message.
template <class Holder, class Function, class Class>
auto bound_method(const Holder& holder, Function Class::* member) {
  if constexpr (std::is_same_v<Holder, Refused>) {
    return Refused{};
  } else {
    using Object = std::remove_reference_t<decltype(*holder)>;
    constexpr bool kHasIt = std::is_base_of_v<Class, Object> && std::is_member_function_pointer_v<Function Class::*>;
    static_assert(kHasIt, "longbeat: this object has no such method");
    if constexpr (kHasIt) {
      return BoundMethod<Holder, Function Class::*>{holder, member};
    } else {
      return Refused{};
    }
  }
}

/// Stands in a list of methods where an activity would stand: whatever has no other handler.
struct UnknownActivities {};

template <class A, class Member>
struct Method {
  A activity;
  Member member;
  ServeOptions options;
};

template <class M>
constexpr bool require_method() {
  static_assert(IsMadeFrom<M, Method>(), "longbeat: list the methods as longbeat::method(activity, &T::method)");
  return IsMadeFrom<M, Method>();
}

}  // namespace longbeat::internal

LONGBEAT_BEGIN

/// One entry for Worker::serve_all(): this activity is run by this method. `activity` is an Activity or a
/// dynamic_activity(name).
template <class A, class Function, class Class>
auto method(const A& activity, Function Class::* member, ServeOptions options = {}) {
  if constexpr (internal::require_activity<A>()) {
    return internal::Method<A, Function Class::*>{activity, member, options};
  } else {
    return internal::Method<internal::Refused, Function Class::*>{{}, member, options};
  }
}

/// The same for Worker::serve_unknown(): every activity that is not registered is run by this method.
template <class Function, class Class>
auto method_unknown(Function Class::* member, ServeOptions options = {}) {
  return internal::Method<internal::UnknownActivities, Function Class::*>{{}, member, options};
}

LONGBEAT_END
