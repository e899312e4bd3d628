#pragma once
/// Which types can travel at all, told apart by the compiler. Internals of the other headers.
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "longbeat/export.h"
#include "longbeat/result.h"

namespace longbeat::internal {

template <class T, template <class...> class Family>
struct IsMadeFrom : std::false_type {};
template <template <class...> class Family, class... Parts>
struct IsMadeFrom<Family<Parts...>, Family> : std::true_type {};

template <class T, int depth>
constexpr bool borrows_at();

template <class T, int depth>
struct BorrowsAnyPart : std::false_type {};
template <template <class...> class Family, class... Parts, int depth>
struct BorrowsAnyPart<Family<Parts...>, depth> : std::bool_constant<(borrows_at<Parts, depth>() || ...)> {};

template <class T, int depth>
constexpr bool borrows_at() {
  using Plain = std::remove_cv_t<T>;
  if constexpr (std::is_reference_v<T> || std::is_pointer_v<Plain>) {
    return true;
  } else if constexpr (!std::is_class_v<Plain> || depth > 8) {
    return false;
  } else if constexpr (!requires { sizeof(Plain); }) {
    return false;  // Not complete yet: nothing is known of it.
  } else if constexpr (IsMadeFrom<Plain, std::reference_wrapper>() || IsMadeFrom<Plain, std::initializer_list>()) {
    return true;
  } else if constexpr (std::ranges::enable_view<Plain>) {  // std::string_view, std::span and what <ranges> makes.
    return true;
  } else if constexpr (IsMadeFrom<Plain, std::pair>() || IsMadeFrom<Plain, std::tuple>() ||
                       IsMadeFrom<Plain, std::variant>()) {
    return BorrowsAnyPart<Plain, depth + 1>();
  } else if constexpr (requires { typename Plain::value_type; }) {  // Containers, std::optional.
    if constexpr (std::is_same_v<typename Plain::value_type, Plain>) {
      return false;
    } else {
      return borrows_at<typename Plain::value_type, depth + 1>();
    }
  } else {
    return false;
  }
}

/// True for what only points to its values, and for the standard containers of such: references, raw pointers, views.
template <class T>
constexpr bool borrows() {
  return borrows_at<T, 0>();
}

/// True when nothing of a declaration was refused already, so that no second message hides the first.
template <class R, class... Args>
constexpr bool sound_signature() {
  return (!borrows<Args>() && ...) && !borrows<R>() && !IsMadeFrom<R, Result>();
}

/// How many arguments a caller must give: trailing std::optional ones may be missing.
template <class... Args>
constexpr std::size_t required_arguments() {
  std::size_t required = 0, at = 0;
  static_cast<void>(((++at, required = IsMadeFrom<Args, std::optional>() ? required : at), ..., 0));
  return required;
}

}  // namespace longbeat::internal
