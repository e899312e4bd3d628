#pragma once
#include <memory>
#include <optional>
#include <string>

namespace longbeat::server {

/// Lines for a file that does not exist yet, whole or not at all: it has its name only after finish(), until then it is
/// called `path`.partial. Only its owner may read it. Or lines for stdout.
class OutputFile {
 public:
  OutputFile();
  /// failure() says why when it cannot be made.
  explicit OutputFile(std::string path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  bool write_line(const std::string& line);
  /// On disk, and under its name.
  bool finish();
  /// Why something of this failed.
  const std::optional<std::string>& failure() const { return failure_; }

 private:
  bool flush();
  bool failed(const std::string& doing, int error);
  std::string path_{}, partial_{};
  int descriptor_ = -1;
  std::string buffer_{};
  std::optional<std::string> failure_{};
};

}  // namespace longbeat::server
