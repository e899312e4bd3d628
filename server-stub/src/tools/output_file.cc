#include "tools/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "storage/new_name.h"

namespace longbeat::server {
namespace {

constexpr std::size_t kBufferBytes = 256 * 1024;

}  // namespace

OutputFile::OutputFile() : descriptor_(STDOUT_FILENO) {}

OutputFile::OutputFile(std::string path) : path_(std::move(path)), partial_(path_ + ".partial") {
  struct stat info{};
  if (::lstat(path_.c_str(), &info) == 0) {
    failure_ = "'" + path_ + "' exists already";
    return;
  }
  descriptor_ = ::open(partial_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor_ < 0) failed("cannot make '" + partial_ + "'", errno);
}

OutputFile::~OutputFile() {
  if (path_.empty() || descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(partial_.c_str());
}

bool OutputFile::write_line(const std::string& line) {
  buffer_ += line;
  buffer_ += '\n';
  return buffer_.size() < kBufferBytes || flush();
}

bool OutputFile::flush() {
  for (std::size_t at = 0; at < buffer_.size() && !failure_;) {
    const ssize_t written = ::write(descriptor_, buffer_.data() + at, buffer_.size() - at);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed(path_.empty() ? "cannot write to stdout" : "cannot write '" + partial_ + "'", errno);
    at += static_cast<std::size_t>(written);
  }
  buffer_.clear();
  return !failure_;
}

bool OutputFile::finish() {
  if (!flush()) return false;
  if (path_.empty()) return true;
  if (::fsync(descriptor_) != 0) return failed("cannot sync '" + partial_ + "'", errno);
  ::close(std::exchange(descriptor_, -1));
  if (const auto error = rename_new(partial_, path_)) {
    ::unlink(partial_.c_str());
    return failed("cannot rename '" + partial_ + "' to '" + path_ + "'", error.value());
  }
  const auto error = sync_folder_of(path_);
  return !error || failed("cannot sync the directory of '" + path_ + "'", error.value());
}

bool OutputFile::failed(const std::string& doing, int error) {
  failure_ = doing + ": " + std::generic_category().message(error);
  return false;
}

}  // namespace longbeat::server
