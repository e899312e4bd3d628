#include "port_file.h"

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "config/checks.h"
#include "storage/resolved_path.h"

namespace longbeat::server {
namespace {

namespace fs = std::filesystem;

/// It is written under this name first.
std::string draft_of(const std::string& path) {
  return path + ".new";
}

/// One name for one file, also for one that does not exist yet.
std::string resolved(const std::string& path) {
  return sqlite::resolved_path(path).value_or(path);
}

/// By name, or as two hard links.
bool is_same_file(const std::string& one, const std::string& other) {
  std::error_code none;  // One that does not exist is no other's second name.
  return resolved(one) == resolved(other) || fs::equivalent(one, other, none);
}

bool belongs_to_database(const std::string& path, const std::string& database) {
  if (database.empty()) return false;
  // SQLite and the lock go by the resolved name, the projection by the given one.
  for (const std::string& base : {database, resolved(database)}) {
    for (const std::string_view end : sqlite::kPartEnds) {
      if (is_same_file(path, base + std::string(end))) return true;
    }
  }
  return false;
}

/// What is wrong with replacing `path`, or "".
std::string check_one(const std::string& path, const std::string& database, const std::string& config_file) {
  if (belongs_to_database(path, database)) return "belongs to the database " + quoted(database);
  if (!config_file.empty() && is_same_file(path, config_file)) return "is the configuration file";
  std::error_code none;  // What cannot be looked at shows when it is written.
  const bool is_link = fs::is_symlink(path, none);
  const auto type = fs::status(path, none).type();
  if (is_link && (type == fs::file_type::not_found || type == fs::file_type::none))
    return "is a symbolic link that leads nowhere";
  if (type == fs::file_type::directory) return "is a directory, not a file";
  const bool is_other = type != fs::file_type::regular && type != fs::file_type::not_found &&
                        type != fs::file_type::none && type != fs::file_type::unknown;
  return is_other ? "is not a regular file" : "";
}

}  // namespace

std::string check_port_file(const std::string& path, const std::string& database, const std::string& config_file) {
  if (const std::string wrong = check_one(path, database, config_file); !wrong.empty())
    return quoted(path) + ' ' + wrong;
  const std::string draft = draft_of(path);
  std::error_code none;
  // Writing the draft goes through a link, which replacing a file does not.
  const std::string wrong =
      fs::is_symlink(draft, none) ? "is a symbolic link" : check_one(draft, database, config_file);
  return wrong.empty() ? "" : quoted(draft) + ", where " + quoted(path) + " is written first, " + wrong;
}

PortFile::PortFile(std::string path, std::uint16_t port) : path_(std::move(path)) {
  errno = 0;
  std::ofstream out(draft_of(path_), std::ios::trunc);
  out << port << '\n';
  out.close();
  if (!out) error_.assign(errno != 0 ? errno : EIO, std::generic_category());
}

void PortFile::publish() {
  if (!error_) fs::rename(draft_of(path_), path_, error_);
}

std::optional<std::string> PortFile::failure() const {
  if (!error_) return std::nullopt;
  return "--port-file: cannot write '" + path_ + "': " + error_.message();
}

}  // namespace longbeat::server
