#include "machine/text.h"

#include <atomic>
#include <cstdint>
#include <cstring>
#include <new>
#include <ostream>
#include <stdexcept>

namespace longbeat::server {

/// The bytes follow it.
struct Text::Block {
  std::atomic<std::uint32_t> copies;
  std::uint32_t size;
};

Text::Text(std::string_view text) {
  if (text.empty()) return;
  if (text.size() > UINT32_MAX) throw std::length_error("a text of more than 4 GiB");
  void* memory = ::operator new(sizeof(Block) + text.size());
  block_ = ::new (memory) Block{{1}, static_cast<std::uint32_t>(text.size())};
  std::memcpy(static_cast<char*>(memory) + sizeof(Block), text.data(), text.size());
}

Text::Text(const Text& other) noexcept : block_(other.block_) {
  if (block_ != nullptr) block_->copies.fetch_add(1, std::memory_order_relaxed);
}

Text::~Text() {
  if (block_ != nullptr && block_->copies.fetch_sub(1, std::memory_order_acq_rel) == 1) ::operator delete(block_);
}

const char* Text::data() const noexcept {
  return block_ == nullptr ? "" : reinterpret_cast<const char*>(block_ + 1);
}

std::size_t Text::size() const noexcept {
  return block_ == nullptr ? 0 : block_->size;
}

bool Text::is_only_copy() const noexcept {
  return block_ == nullptr || block_->copies.load(std::memory_order_acquire) == 1;
}

std::ostream& operator<<(std::ostream& out, const Text& text) {
  return out << text.view();
}

}  // namespace longbeat::server
