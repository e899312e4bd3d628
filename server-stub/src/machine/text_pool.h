#pragma once
#include <algorithm>
#include <cstddef>
#include <string_view>
#include <unordered_set>

#include "machine/text.h"

namespace longbeat::server {

/// Texts that many activities have in common (types, task queues, identities), so that each is in memory once. Forgets
/// those that nobody holds any more whenever it has doubled.
class TextPool {
 public:
  /// The same text, sharing its bytes with all others that went through here.
  Text shared(std::string_view text) {
    if (text.empty()) return {};
    if (const auto found = texts_.find(text); found != texts_.end()) return *found;
    if (texts_.size() >= look_at_) {
      std::erase_if(texts_, [](const Text& one) { return one.is_only_copy(); });
      look_at_ = std::max<std::size_t>(kLeast, 2 * texts_.size());
    }
    return *texts_.insert(Text(text)).first;
  }
  void share(Text& text) { text = shared(text); }

  std::size_t size() const { return texts_.size(); }
  void clear() { texts_.clear(); }

 private:
  static constexpr std::size_t kLeast = 1024;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const { return a == b; }
  };
  std::unordered_set<Text, Hash, Equal> texts_;
  std::size_t look_at_ = kLeast;
};

}  // namespace longbeat::server
