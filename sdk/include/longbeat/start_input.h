#pragma once
/// How the arguments of a start become payloads. Internals of client.h.
#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "longbeat/activity.h"
#include "longbeat/data_converter.h"
#include "longbeat/export.h"
#include "longbeat/start_options.h"
#include "longbeat/travel.h"

namespace longbeat::internal {

/// Which run a start gave.
struct StartedRun {
  std::string activity_id{};
  std::string run_id{};
  bool joined = false;  ///< it was there already
};

/// One start of many, made when its turn has come.
struct NextStart {
  StartOptions options{};
  Result<Payloads> input = Payloads();
};

/// May trailing std::optional arguments be missing, so that these are enough?
template <class Activity, class... Given>
struct LooseArguments : std::false_type {};
template <class R, class... Args, class... Given>
struct LooseArguments<Activity<R(Args...)>, Given...>
    : std::bool_constant<(sizeof...(Given) < sizeof...(Args)) && sizeof...(Given) >= required_arguments<Args...>()> {};
template <class... Given>
struct LooseArguments<DynamicActivity, Given...> : std::true_type {};

template <class R, class... Args, class... Given>
Result<Payloads> loose_input(const DataConverter& converter, const Activity<R(Args...)>&, const Given&... given) {
  const auto encode = [&]<std::size_t... At>(std::index_sequence<At...>) {
    using All = typename Activity<R(Args...)>::Arguments;
    const auto typed = [&](const std::tuple_element_t<At, All>&... each) { return converter.to_payloads(each...); };
    return typed(given...);
  };
  return encode(std::index_sequence_for<Given...>());
}
template <class... Given>
Result<Payloads> loose_input(const DataConverter& converter, const DynamicActivity& activity, const Given&... given) {
  if (auto valid = validate_activity_name(activity.name()); !valid) return std::move(valid).error();
  return converter.to_payloads(given...);
}

template <class T>
concept TupleLike = requires { std::tuple_size<T>::value; };

/// What one element of start_many's range gives the activity: its one argument, or a tuple of its arguments.
template <class R, class... Args, class Element>
Result<Payloads> element_input(const DataConverter& converter, const Activity<R(Args...)>& activity,
                               const Element& element) {
  const auto typed = [&](const std::type_identity_t<Args>&... args) { return converter.to_payloads(args...); };
  if constexpr (std::is_invocable_v<decltype(typed), const Element&>) {
    return typed(element);
  } else if constexpr (!TupleLike<Element> && LooseArguments<Activity<R(Args...)>, Element>::value) {
    return loose_input(converter, activity, element);
  } else {
    static_assert(TupleLike<Element>,
                  "longbeat: start_many takes a range of the activity's argument, or of tuples of its arguments");
    return std::apply(
        [&](const auto&... parts) {
          if constexpr (sizeof...(parts) == sizeof...(Args)) {
            return typed(parts...);
          } else {
            return loose_input(converter, activity, parts...);
          }
        },
        element);
  }
}
template <class Element>
Result<Payloads> element_input(const DataConverter& converter, const DynamicActivity& activity,
                               const Element& element) {
  return loose_input(converter, activity, element);
}

}  // namespace longbeat::internal
