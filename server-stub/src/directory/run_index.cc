#include "directory/run_index.h"

#include <algorithm>
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

}  // namespace

IdFingerprint fingerprint(std::uint32_t namespace_id, std::string_view activity_id) {
  return {hash(namespace_id, activity_id), hash(std::uint64_t{namespace_id} | (std::uint64_t{1} << 63), activity_id)};
}

std::uint64_t run_fingerprint(const IdFingerprint& id, const internal::Uuid& run_id) {
  return hash(id.low ^ id.high, {reinterpret_cast<const char*>(run_id.data()), run_id.size()});
}

void RunIndex::put(Part& part, Entry entry) {
  std::size_t i = home(part, entry.key());
  while (part.entries[i].row() != 0) i = next(part, i);
  part.entries[i] = entry;
  ++part.used;
}

void RunIndex::grow(Part& part) {
  Part larger;
  larger.entries.resize(std::max<std::size_t>(8, part.entries.size() + part.entries.size() / 2));
  for (const Entry& entry : part.entries) {
    if (entry.row() != 0) put(larger, entry);
  }
  part = std::move(larger);
}

void RunIndex::insert(std::uint64_t fingerprint, std::uint64_t row) {
  Part& part = parts_[part_of(fingerprint)];
  if ((part.used + 1) * 100 > part.entries.size() * 85) grow(part);
  put(part, Entry::of(fingerprint, row));
  ++size_;
}

bool RunIndex::erase(std::uint64_t fingerprint, std::uint64_t row) {
  Part& part = parts_[part_of(fingerprint)];
  if (part.entries.empty()) return false;
  const std::uint64_t key = fingerprint & kMask;
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

void RunIndexLoader::add(std::uint64_t fingerprint, std::uint64_t row) {
  parts_[RunIndex::part_of(fingerprint)].push_back(RunIndex::Entry::of(fingerprint, row));
}

RunIndex RunIndexLoader::build(std::vector<std::uint64_t>& shared) {
  RunIndex index;
  for (std::size_t number = 0; number < parts_.size(); ++number) {
    const auto added = std::exchange(parts_[number], {});
    if (added.empty()) continue;
    RunIndex::Part& part = index.parts_[number];
    part.entries.resize(std::max<std::size_t>(8, added.size() * 100 / 72 + 1));  // Some room to the 85 % of insert().
    for (const RunIndex::Entry& entry : added) {
      bool is_shared = false;
      std::size_t i = RunIndex::home(part, entry.key());
      for (; part.entries[i].row() != 0; i = RunIndex::next(part, i)) is_shared |= part.entries[i].key() == entry.key();
      part.entries[i] = entry;
      if (is_shared) shared.push_back((std::uint64_t{number} << 56) | entry.key());
    }
    part.used = added.size();
    index.size_ += added.size();
  }
  return index;
}

std::size_t RunIndex::memory_bytes() const {
  std::size_t bytes = sizeof *this;
  for (const Part& part : parts_) bytes += part.entries.capacity() * sizeof(Entry);
  return bytes;
}

}  // namespace longbeat::server
