#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "longbeat/export.h"
#include "longbeat/payload.h"
#include "longbeat/result.h"
#include "longbeat/travel.h"

LONGBEAT_BEGIN

template <class Signature>
class Activity;

/// A named function with typed arguments and result: the one declaration that callers and workers share.
///   inline constexpr longbeat::Activity<Summary(std::string path)> ingest{"ingest"};
/// Arguments and result are values; references, raw pointers and views do not
/// compile, and containers of them neither. Constant, so any thread.
template <class R, class... Args>
class Activity<R(Args...)> {
  static_assert((!std::is_reference_v<Args> && ...), "longbeat: activity arguments are values, not references");
  static_assert((!std::is_pointer_v<Args> && ...), "longbeat: activity arguments cannot be raw pointers");
  static_assert(((!internal::borrows<Args>() || std::is_reference_v<Args> || std::is_pointer_v<Args>) && ...),
                "longbeat: activity arguments cannot be views or hold views or pointers; use std::string, std::vector");
  static_assert(!std::is_reference_v<R> && !std::is_pointer_v<R>, "longbeat: activity results are values");
  static_assert(!internal::borrows<R>() || std::is_reference_v<R> || std::is_pointer_v<R>,
                "longbeat: activity results cannot be views or hold views or pointers; use std::string, std::vector");
  static_assert(!internal::IsMadeFrom<R, longbeat::Result>(),
                "longbeat: declare the activity with the value it gives; its handler may return a Result of it");

 public:
  using Result = R;
  using Arguments = std::tuple<std::decay_t<Args>...>;

  /// The name under which it is registered, checked by the compiler: not empty, at most 1000 bytes, printable ASCII,
  /// not one that the protocol reserves.
  template <std::size_t N>
  consteval Activity(const char (&name)[N]) : name_(name, N - 1) {  // NOLINT: implicit on purpose.
    if (name_.empty()) throw "longbeat: an activity needs a name";
    if (name_.size() > 1000) throw "longbeat: an activity's name has at most 1000 bytes";
    if (name_.substr(0, 11) == "__temporal_") throw "longbeat: names that begin with __temporal_ are reserved";
    for (const char c : name_) {
      if (c < ' ' || c > '~') throw "longbeat: an activity's name is printable ASCII";
    }
  }

  constexpr std::string_view name() const noexcept { return name_; }

 private:
  std::string_view name_;
};

/// An activity known only by its name: any arguments, the result as raw payloads. Made by dynamic_activity().
class DynamicActivity {
 public:
  using Result = Payloads;

  explicit DynamicActivity(std::string name) : name_(std::move(name)) {}
  std::string_view name() const noexcept { return name_; }

 private:
  std::string name_;
};

/// Calls or serves an activity whose name is only known at run time. A bad name shows as kInvalidArgument when it is
/// used.
inline DynamicActivity dynamic_activity(std::string name) {
  return DynamicActivity(std::move(name));
}

/// Checks a name that the compiler did not: not empty, at most 1000 bytes, not reserved. kInvalidArgument on failure.
LONGBEAT_EXPORT longbeat::Result<> validate_activity_name(std::string_view name);

LONGBEAT_END
