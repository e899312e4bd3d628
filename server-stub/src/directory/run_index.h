#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "directory/page_allocator.h"

namespace longbeat::server {

/// Stands for (namespace, activity ID) where the text itself would cost too much memory.
struct IdFingerprint {
  std::uint64_t low = 0;   ///< the key of the index
  std::uint64_t high = 0;  ///< only stored: tells colliding keys apart at recovery
  friend bool operator==(const IdFingerprint&, const IdFingerprint&) = default;
};
/// The same on every machine: it is stored.
IdFingerprint fingerprint(std::uint32_t namespace_id, std::string_view activity_id);
/// The key of one run that is no longer the latest of its ID.
std::uint64_t run_fingerprint(const IdFingerprint& id, const internal::Uuid& run_id);

/// Fingerprint to row, 15 to 19 bytes an entry: open addressing in parts that grow in small steps, one by one, and
/// split in two before they are large, so that no insertion stops the server for long, however many entries there are.
/// Keeps 48 bits of a fingerprint and of a row; several rows may answer to one fingerprint, and the caller looks at the
/// record to know which one it meant.
class RunIndex {
 public:
  /// Whether there was an entry of this fingerprint before.
  bool insert(std::uint64_t fingerprint, std::uint64_t row);
  /// False when there is no such entry.
  bool erase(std::uint64_t fingerprint, std::uint64_t row);

  /// Calls visit(row) for each candidate until it returns true; the index must not change meanwhile. Returns whether
  /// one did.
  template <class Visit>
  bool find(std::uint64_t fingerprint, Visit&& visit) const {
    const std::uint64_t key = fingerprint & kMask;
    const Part& part = parts_[place_of(key)];
    if (part.entries.empty()) return false;
    for (std::size_t i = home(part, key); part.entries[i].row() != 0; i = next(part, i)) {
      if (part.entries[i].key() == key && visit(part.entries[i].row())) return true;
    }
    return false;
  }

  std::size_t size() const { return size_; }
  std::size_t memory_bytes() const;

 private:
  friend class RunIndexLoader;
  static constexpr int kKeyBits = 48;
  static constexpr std::uint64_t kMask = (std::uint64_t{1} << kKeyBits) - 1;

  struct Entry {
    std::uint32_t key_low = 0, row_low = 0, highs = 0;  // 12 bytes, aligned to 4.
    std::uint64_t key() const { return key_low | (std::uint64_t{highs & 0xffff} << 32); }
    std::uint64_t row() const { return row_low | (std::uint64_t{highs >> 16} << 32); }
    static Entry of(std::uint64_t fingerprint, std::uint64_t row) {
      const std::uint64_t key = fingerprint & kMask;
      Entry entry;
      entry.key_low = static_cast<std::uint32_t>(key);
      entry.row_low = static_cast<std::uint32_t>(row);
      entry.highs = static_cast<std::uint32_t>(key >> 32) | static_cast<std::uint32_t>(((row >> 32) & 0xffff) << 16);
      return entry;
    }
  };
  static_assert(sizeof(Entry) == 12);
  using Entries = std::vector<Entry, PageAllocator<Entry>>;
  struct Part {
    Entries entries{};
    std::size_t used = 0;
    int depth = 0;  ///< so many leading bits its keys have in common
  };

  /// Which part the key belongs to.
  std::uint32_t place_of(std::uint64_t key) const { return directory_[key >> (kKeyBits - depth_)]; }
  /// Spreads the keys of a part over any number of places in their own order.
  static std::size_t home(const Part& part, std::uint64_t key) {
    const std::uint64_t rest = (key << part.depth) & kMask;
    return static_cast<std::size_t>((static_cast<unsigned __int128>(rest) * part.entries.size()) >> kKeyBits);
  }
  static std::size_t next(const Part& part, std::size_t i) { return i + 1 == part.entries.size() ? 0 : i + 1; }
  /// Whether the key was there before. There is a free place.
  static bool put(Part& part, Entry entry);
  static void resize(Part& part, std::size_t places);
  void make_room(std::uint64_t key);
  /// Divides the part of this key by the next bit.
  void split(std::uint64_t key);

  std::vector<Part> parts_ = std::vector<Part>(1);
  std::vector<std::uint32_t> directory_ = {0};  ///< from the leading bits of a key to the place of its part
  int depth_ = 0;                               ///< how many bits that are
  std::size_t size_ = 0;
};

/// Fills an index with millions of entries, several times faster than one insertion after the other: part by part, so
/// that what it works on stays in the processor's cache. Up to 24 bytes more an entry meanwhile.
class RunIndexLoader {
 public:
  void add(std::uint64_t fingerprint, std::uint64_t row) {
    const auto entry = RunIndex::Entry::of(fingerprint, row);
    piles_[entry.key() >> (RunIndex::kKeyBits - kPileBits)].push_back(entry);
  }
  /// The index of all that was added, and the fingerprints under which there are several rows (each at least once), as
  /// far as the index knows them; nothing of it stays here.
  RunIndex build(std::vector<std::uint64_t>& shared);

 private:
  static constexpr int kPileBits = 8;
  std::array<RunIndex::Entries, std::size_t{1} << kPileBits> piles_{};
};

}  // namespace longbeat::server
