#pragma once
#include <memory>
#include <optional>
#include <utility>

namespace longbeat::server {

/// An optional value that is mostly absent, and then costs a pointer only. Copies are deep.
template <class T>
class Boxed {
 public:
  Boxed() noexcept = default;
  Boxed(std::nullopt_t) noexcept {}
  Boxed(T value) : box_(std::make_unique<T>(std::move(value))) {}
  Boxed(const Boxed& other) : box_(other ? std::make_unique<T>(*other) : nullptr) {}
  Boxed(Boxed&&) noexcept = default;
  Boxed& operator=(const Boxed& other) {
    box_ = other ? std::make_unique<T>(*other) : nullptr;
    return *this;
  }
  Boxed& operator=(Boxed&&) noexcept = default;
  ~Boxed() = default;

  template <class... Arguments>
  T& emplace(Arguments&&... arguments) {
    box_ = std::make_unique<T>(std::forward<Arguments>(arguments)...);
    return *box_;
  }
  void reset() noexcept { box_.reset(); }

  bool has_value() const noexcept { return box_ != nullptr; }
  explicit operator bool() const noexcept { return has_value(); }
  T& operator*() noexcept { return *box_; }
  const T& operator*() const noexcept { return *box_; }
  T* operator->() noexcept { return box_.get(); }
  const T* operator->() const noexcept { return box_.get(); }

  friend bool operator==(const Boxed& a, const Boxed& b) {
    return a.has_value() == b.has_value() && (!a.has_value() || *a == *b);
  }

 private:
  std::unique_ptr<T> box_{};
};

}  // namespace longbeat::server
