#pragma once
#include <sys/mman.h>

#include <cstddef>
#include <new>

namespace longbeat::server {

/// For arrays that grow and grow: large ones come straight from the system and go straight back, so that what an array
/// has outgrown does not stay behind as holes between other things.
template <class T>
struct PageAllocator {
  using value_type = T;
  PageAllocator() = default;
  template <class Other>
  PageAllocator(const PageAllocator<Other>&) noexcept {}

  T* allocate(std::size_t count) {
    const std::size_t bytes = count * sizeof(T);
    if (bytes < kLarge) return static_cast<T*>(::operator new(bytes));
    void* pages = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) throw std::bad_alloc();
    return static_cast<T*>(pages);
  }
  void deallocate(T* array, std::size_t count) noexcept {
    const std::size_t bytes = count * sizeof(T);
    if (bytes < kLarge) return ::operator delete(array);
    ::munmap(array, bytes);
  }
  template <class Other>
  friend bool operator==(const PageAllocator&, const PageAllocator<Other>&) noexcept {
    return true;
  }

 private:
  static constexpr std::size_t kLarge = 16 * 1024;  // What the end of the last page wastes is little then.
};

}  // namespace longbeat::server
