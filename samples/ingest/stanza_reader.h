#pragma once
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

/// One package of a Debian package index. Dependencies are names, sorted, each once.
struct Stanza {
  std::string package;
  std::string version;
  std::string architecture;
  std::vector<std::string> dependencies;
};

/// Reads a package index ("Packages" file) stanza by stanza. Throws std::system_error when the file cannot be read, is
/// not a regular file, or is no package index: it is empty, or text that no "Package:" field belongs to, or a stanza of
/// more than a megabyte.
class StanzaReader {
 public:
  /// Starts at a byte offset, which must be the start of the file or an earlier offset().
  StanzaReader(const std::string& path, std::uint64_t offset);

  /// The next stanza, or nothing at the end of the file.
  std::optional<Stanza> next();
  /// The first byte that no stanza returned so far covers.
  std::uint64_t offset() const { return offset_; }

 private:
  std::string path_;
  std::ifstream file_;
  std::uint64_t offset_;
};

/// The package names in the value of a Depends field: "a (>= 1), b:any | c" gives a, b and c.
std::vector<std::string> dependency_names(const std::string& value);
