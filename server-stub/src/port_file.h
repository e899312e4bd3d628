#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>

namespace longbeat::server {

/// Why the port must not be written to `path`, or "". Refused are the files of the database and the configuration file,
/// by whatever name, and what is not a regular file: writing replaces what the name stands for. `database` and
/// `config_file` may be empty. Looks only, so it can be asked before anything is touched.
std::string check_port_file(const std::string& path, const std::string& database, const std::string& config_file);

/// Whole or not at all: who waits for the file never reads half a number. What can go wrong does so in the constructor,
/// before anybody reads that all is well; publish() only gives the file its name.
class PortFile {
 public:
  PortFile(std::string path, std::uint16_t port);
  void publish();
  /// Why it could not be written.
  std::optional<std::string> failure() const;

 private:
  std::string path_;
  std::error_code error_{};
};

}  // namespace longbeat::server
