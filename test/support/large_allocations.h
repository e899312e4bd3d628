#pragma once
// Counts copies of large payloads: this program's operator new sees every one. Included by one file of a program.
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace longbeat::test {

constexpr std::size_t kLarge = 1'000'000;
inline std::atomic<int> large_allocations{0};

/// How many pieces of memory of a million bytes and more `work` asks for.
template <class Work>
int large_allocations_of(const Work& work) {
  const int before = large_allocations.load();
  work();
  return large_allocations.load() - before;
}

}  // namespace longbeat::test

void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  if (bytes >= longbeat::test::kLarge) ++longbeat::test::large_allocations;
  return std::malloc(bytes);
}
void* operator new(std::size_t bytes) {
  void* memory = operator new(bytes, std::nothrow);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
