#pragma once
#include <array>
#include <cstdint>
#include <string>

namespace longbeat::internal {

/// A small generator of our own (splitmix64), so that a seed means the same run with every compiler and library.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  /// Uniform in [0, bound); 0 for bound 0. The bias of the multiplication is below 2^-32 for the small bounds used
  /// here.
  std::uint64_t below(std::uint64_t bound) {
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(next()) * bound) >> 64);
  }
  /// True with a chance of `percent` in a hundred.
  bool chance(std::uint32_t percent) { return below(100) < percent; }

 private:
  std::uint64_t state_;
};

/// A seed from the operating system.
std::uint64_t entropy();

using Uuid = std::array<std::uint8_t, 16>;
/// A random (version 4) UUID from `random`; lower-case text by to_string.
Uuid make_uuid(Random& random);
std::string to_string(const Uuid& uuid);
/// False unless `text` is a UUID in the usual 36-character form, in either case.
bool parse_uuid(const std::string& text, Uuid& out);

}  // namespace longbeat::internal
