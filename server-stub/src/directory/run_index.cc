#include "directory/run_index.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace longbeat::server {
namespace {

std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

/// Eight bytes at a time, each block through the mixer; byte order is fixed.
std::uint64_t hash(std::uint64_t seed, std::string_view text) {
  std::uint64_t state = mix(seed + 0x9e3779b97f4a7c15ULL * (text.size() + 1));
  for (std::size_t at = 0; at < text.size(); at += 8) {
    std::uint64_t block = 0;
    for (std::size_t i = 0; i < 8 && at + i < text.size(); ++i) {
      block |= std::uint64_t{static_cast<unsigned char>(text[at + i])} << (8 * i);
    }
    state = mix(state ^ block) + 0x9e3779b97f4a7c15ULL;
  }
  return mix(state);
}

constexpr std::size_t kFullPercent = 82;   // Beyond this a part gets larger.
constexpr std::size_t kBegunPercent = 74;  // Of a new one: a step's room before it grows.
constexpr std::size_t kPlacesMin = 8;
constexpr std::size_t kPlacesMax = 16 * 1024;  // Then a part splits in two, in a tenth of a millisecond.
constexpr int kDepthMax = 20;                  // Only keys that are all the same get there: they cannot be divided.
constexpr std::size_t kPage = 4096;

/// Large parts fill whole pages, which is how the system gives memory out.
std::size_t whole_pages(std::size_t places, std::size_t place_bytes) {
  const std::size_t bytes = places * place_bytes;
  return bytes < kPage ? std::max(places, kPlacesMin) : (bytes + kPage - 1) / kPage * kPage / place_bytes;
}

}  // namespace

IdFingerprint fingerprint(std::uint32_t namespace_id, std::string_view activity_id) {
  return {hash(namespace_id, activity_id), hash(std::uint64_t{namespace_id} | (std::uint64_t{1} << 63), activity_id)};
}

std::uint64_t run_fingerprint(const IdFingerprint& id, const internal::Uuid& run_id) {
  return hash(id.low ^ id.high, {reinterpret_cast<const char*>(run_id.data()), run_id.size()});
}

bool RunIndex::put(Part& part, Entry entry) {
  const std::uint64_t key = entry.key();
  bool was_there = false;
  std::size_t i = home(part, key);
  for (; part.entries[i].row() != 0; i = next(part, i)) was_there |= part.entries[i].key() == key;
  part.entries[i] = entry;
  ++part.used;
  return was_there;
}

void RunIndex::resize(Part& part, std::size_t places) {
  Part larger;
  larger.depth = part.depth;
  larger.entries.resize(whole_pages(places, sizeof(Entry)));
  for (const Entry& entry : part.entries) {
    if (entry.row() != 0) put(larger, entry);
  }
  part = std::move(larger);
}

void RunIndex::split(std::uint64_t key) {
  if (parts_[place_of(key)].depth == depth_) {
    std::vector<std::uint32_t> twice;
    twice.reserve(2 * directory_.size());
    for (const std::uint32_t place : directory_) twice.insert(twice.end(), 2, place);
    directory_ = std::move(twice);
    ++depth_;
  }
  const std::uint32_t place = place_of(key);
  const Part whole = std::exchange(parts_[place], {});
  const int depth = whole.depth + 1;
  const auto other = static_cast<std::uint32_t>(parts_.size());
  parts_.emplace_back();
  const auto is_others = [depth](std::uint64_t one) { return ((one >> (kKeyBits - depth)) & 1) != 0; };
  std::array<std::size_t, 2> counts{};
  for (const Entry& entry : whole.entries) {
    if (entry.row() != 0) ++counts[is_others(entry.key()) ? 1 : 0];
  }
  for (const bool others : {false, true}) {
    Part& half = parts_[others ? other : place];
    half.depth = depth;
    half.entries.resize(whole_pages(counts[others ? 1 : 0] * 100 / kBegunPercent, sizeof(Entry)));
  }
  for (const Entry& entry : whole.entries) {
    if (entry.row() != 0) put(parts_[is_others(entry.key()) ? other : place], entry);
  }
  // The second half of those places of the directory that led to the whole.
  const std::size_t width = std::size_t{1} << (depth_ - depth);
  const std::size_t first = ((key >> (kKeyBits - depth)) | 1) * width;
  std::fill_n(directory_.begin() + static_cast<std::ptrdiff_t>(first), width, other);
}

void RunIndex::make_room(std::uint64_t key) {
  while (true) {
    Part& part = parts_[place_of(key)];
    const std::size_t places = part.entries.size();
    if ((part.used + 1) * 100 <= places * kFullPercent) return;
    if (places < kPlacesMax || part.depth == kDepthMax) {
      resize(part, places + places / 4 + 1);
    } else {
      split(key);
    }
  }
}

bool RunIndex::insert(std::uint64_t fingerprint, std::uint64_t row) {
  const Entry entry = Entry::of(fingerprint, row);
  make_room(entry.key());
  ++size_;
  return put(parts_[place_of(entry.key())], entry);
}

bool RunIndex::erase(std::uint64_t fingerprint, std::uint64_t row) {
  const std::uint64_t key = fingerprint & kMask;
  Part& part = parts_[place_of(key)];
  if (part.entries.empty()) return false;
  std::size_t hole = home(part, key);
  while (part.entries[hole].row() != row || part.entries[hole].key() != key) {
    if (part.entries[hole].row() == 0) return false;
    hole = next(part, hole);
  }
  // Moves later entries of the chain back, so that no tombstone stays.
  const std::size_t count = part.entries.size();
  for (std::size_t i = next(part, hole); part.entries[i].row() != 0; i = next(part, i)) {
    const std::size_t wanted = home(part, part.entries[i].key());
    if ((i + count - wanted) % count >= (i + count - hole) % count) {
      part.entries[hole] = part.entries[i];
      hole = i;
    }
  }
  part.entries[hole] = {};
  --part.used;
  --size_;
  return true;
}

RunIndex RunIndexLoader::build(std::vector<std::uint64_t>& shared) {
  RunIndex index;
  for (const auto& pile : piles_) index.size_ += pile.size();
  while ((index.size_ >> index.depth_) * 100 / kBegunPercent > kPlacesMax * 9 / 10) ++index.depth_;
  const std::size_t parts = std::size_t{1} << index.depth_;
  index.parts_.resize(parts);
  index.directory_.resize(parts);
  std::iota(index.directory_.begin(), index.directory_.end(), 0U);
  std::vector<std::size_t> counts(parts);
  for (const auto& pile : piles_) {
    for (const RunIndex::Entry& entry : pile) ++counts[index.place_of(entry.key())];
  }
  for (std::size_t place = 0; place < parts; ++place) index.parts_[place].depth = index.depth_;
  for (auto& filled : piles_) {
    for (const RunIndex::Entry& entry : std::exchange(filled, {})) {
      const std::uint32_t place = index.place_of(entry.key());
      RunIndex::Part& part = index.parts_[place];
      if (part.entries.empty()) {
        part.entries.resize(whole_pages(counts[place] * 100 / kBegunPercent + 1, sizeof(RunIndex::Entry)));
      }
      if (RunIndex::put(part, entry)) shared.push_back(entry.key());
    }
  }
  return index;
}

std::size_t RunIndex::memory_bytes() const {
  std::size_t bytes =
      sizeof *this + parts_.capacity() * sizeof(Part) + directory_.capacity() * sizeof(directory_.front());
  for (const Part& part : parts_) bytes += part.entries.capacity() * sizeof(Entry);
  return bytes;
}

}  // namespace longbeat::server
