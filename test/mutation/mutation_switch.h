#pragma once
// What ./dev mutate puts in the place of operators and conditions: each does what stood there, unless the run has
// chosen its number. Nothing of it is in any other build.
#include <array>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <utility>

namespace longbeat_mutation {

inline constexpr int kMutantsMax = 200'000;

/// LONGBEAT_MUTANT chooses one; 0: none.
inline int chosen_mutant() {
  const char* text = std::getenv("LONGBEAT_MUTANT");
  int number = 0;
  if (text != nullptr) std::from_chars(text, text + std::strlen(text), number);
  return number;
}
inline const int chosen = chosen_mutant();

/// Which mutants' places the run came to. A line "number<tab>who" each in the file LONGBEAT_REACHED names: one for
/// every test case that came there (reached_by_test.h), and with no name for whatever came there outside of one.
class Reached {
 public:
  ~Reached() { write(""); }
  void write(const char* who) {
    const char* path = std::getenv("LONGBEAT_REACHED");
    std::FILE* file = path != nullptr ? std::fopen(path, "a") : nullptr;
    if (file == nullptr) return;
    for (int i = 0; i < kMutantsMax; ++i) {
      auto& reached = at_[static_cast<std::size_t>(i)];
      if (reached.load(std::memory_order_relaxed)) std::fprintf(file, "%d\t%s\n", i, who);
      reached.store(false, std::memory_order_relaxed);
    }
    std::fclose(file);
  }
  void note(int number) { at_[static_cast<std::size_t>(number)].store(true, std::memory_order_relaxed); }

 private:
  std::array<std::atomic<bool>, kMutantsMax> at_{};
};
inline Reached reached;

/// A constant expression stays what it was.
constexpr bool on(int number) {
  if (std::is_constant_evaluated()) return false;
  reached.note(number);
  return chosen == number;
}
constexpr bool off(int number) {
  return !on(number);
}

template <class Condition>
constexpr bool negated(int number, const Condition& condition) {
  return on(number) != static_cast<bool>(condition);
}
template <class Condition>
constexpr bool always(int number, const Condition& condition) {
  return on(number) || static_cast<bool>(condition);
}
template <class Condition>
constexpr bool never(int number, const Condition& condition) {
  return off(number) && static_cast<bool>(condition);
}

template <class Number>
constexpr Number one_more(int number, Number constant) {
  return on(number) ? static_cast<Number>(constant + 1) : constant;
}

// Orders have two mutants: the boundary moved (number), and the opposite (number + 1).
template <class A, class B>
constexpr bool less(int number, const A& a, const B& b) {
  return on(number) ? a <= b : (on(number + 1) != (a < b));
}
template <class A, class B>
constexpr bool less_equal(int number, const A& a, const B& b) {
  return on(number) ? a < b : (on(number + 1) != (a <= b));
}
template <class A, class B>
constexpr bool greater(int number, const A& a, const B& b) {
  return on(number) ? a >= b : (on(number + 1) != (a > b));
}
template <class A, class B>
constexpr bool greater_equal(int number, const A& a, const B& b) {
  return on(number) ? a > b : (on(number + 1) != (a >= b));
}
template <class A, class B>
constexpr bool equal(int number, const A& a, const B& b) {
  return on(number) != static_cast<bool>(a == b);
}
template <class A, class B>
constexpr bool not_equal(int number, const A& a, const B& b) {
  return on(number) != static_cast<bool>(a != b);
}

// Only where the opposite exists and gives the same type: not for texts, iterators, points in time.
template <class A, class B>
constexpr auto plus(int number, A&& a, B&& b) {
  if constexpr (requires { requires std::is_same_v<decltype(a - b), decltype(a + b)>; }) {
    if (on(number)) return a - b;
  }
  return std::forward<A>(a) + std::forward<B>(b);
}
template <class A, class B>
constexpr auto minus(int number, A&& a, B&& b) {
  if constexpr (requires { requires std::is_same_v<decltype(a - b), decltype(a + b)>; }) {
    if (on(number)) return a + b;
  }
  return std::forward<A>(a) - std::forward<B>(b);
}

}  // namespace longbeat_mutation
