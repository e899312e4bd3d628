#include "stanza_reader.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace {

constexpr std::uint64_t kLongestStanza = 1024 * 1024;

[[noreturn]] void fail(const std::string& what, const std::string& path) {
  throw std::system_error(errno, std::generic_category(), what + " '" + path + "'");
}

[[noreturn]] void fail_as_no_index(const std::string& path, const std::string& why) {
  throw std::system_error(
      std::make_error_code(std::errc::invalid_argument),
      "no package index: '" + path + "' " + why + ", expected are stanzas of fields, each with a line 'Package: NAME'");
}

/// The value when `line` is the field `name`, for example "Package: bash".
std::optional<std::string> value_of(const std::string& line, std::string_view name) {
  if (line.size() <= name.size() || line.compare(0, name.size(), name) != 0 || line[name.size()] != ':') {
    return std::nullopt;
  }
  const auto begin = line.find_first_not_of(' ', name.size() + 1);
  return begin == std::string::npos ? std::string{} : line.substr(begin);
}

}  // namespace

std::vector<std::string> dependency_names(const std::string& value) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin < value.size();) {
    const auto end = std::min(value.find_first_of(",|", begin), value.size());
    const auto first = value.find_first_not_of(' ', begin);
    if (first < end) names.push_back(value.substr(first, std::min(value.find_first_of(" (:", first), end) - first));
    begin = end + 1;
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

StanzaReader::StanzaReader(const std::string& path, std::uint64_t offset)
    : path_(path), file_(path, std::ios::binary), offset_(offset) {
  if (std::filesystem::exists(path) && !std::filesystem::is_regular_file(path)) {
    throw std::system_error(std::make_error_code(std::errc::invalid_argument), "no regular file: '" + path_ + "'");
  }
  if (!file_) fail("cannot open", path_);
  if (!file_.seekg(static_cast<std::streamoff>(offset))) fail("cannot seek in", path_);
}

std::optional<Stanza> StanzaReader::next() {
  Stanza stanza;
  std::string depends;
  std::string line;
  bool has_text = false;
  const auto begin = offset_;
  while (std::getline(file_, line)) {
    offset_ += line.size() + (file_.eof() ? 0 : 1);
    if (offset_ - begin > kLongestStanza) fail_as_no_index(path_, "has a stanza of more than a megabyte");
    if (line.empty()) {
      if (!has_text) continue;
      break;
    }
    has_text = true;
    if (auto package = value_of(line, "Package")) stanza.package = std::move(*package);
    if (auto version = value_of(line, "Version")) stanza.version = std::move(*version);
    if (auto architecture = value_of(line, "Architecture")) stanza.architecture = std::move(*architecture);
    if (auto names = value_of(line, "Pre-Depends")) depends += *names + ",";
    if (auto names = value_of(line, "Depends")) depends += *names + ",";
  }
  if (file_.bad()) fail("cannot read", path_);
  if (has_text && stanza.package.empty()) fail_as_no_index(path_, "has no package at byte " + std::to_string(begin));
  if (!has_text && begin == 0) fail_as_no_index(path_, offset_ == 0 ? "is empty" : "has only empty lines");
  if (!has_text) return std::nullopt;
  stanza.dependencies = dependency_names(depends);
  return stanza;
}
