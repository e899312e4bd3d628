#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace longbeat::test {

/// What came in. Names of headers in small letters.
struct HttpSeen {
  std::string path{};  ///< with the query
  std::map<std::string, std::string> headers{};
  std::string body{};
};

struct HttpSaid {
  int status = 200;
  std::string body{};
  std::map<std::string, std::string> headers{};
};

/// An HTTP server on a free port of the loopback interface; keeps what is posted to it.
class HttpTarget {
 public:
  /// Answers the n-th call, counted from 1; on a thread of the server.
  using Answer = std::function<HttpSaid(std::size_t call)>;
  explicit HttpTarget(Answer answer = {});
  ~HttpTarget();
  HttpTarget(const HttpTarget&) = delete;
  HttpTarget& operator=(const HttpTarget&) = delete;

  std::string address() const;  ///< 127.0.0.1:port
  std::string url(const std::string& path = "/") const { return "http://" + address() + path; }
  /// All calls so far, once there are `calls` of them or `patience` is over.
  std::vector<HttpSeen> wait_for(std::size_t calls,
                                 std::chrono::milliseconds patience = std::chrono::seconds(20)) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Takes connections and never says a word.
class SilentTarget {
 public:
  SilentTarget();
  ~SilentTarget();
  SilentTarget(const SilentTarget&) = delete;
  SilentTarget& operator=(const SilentTarget&) = delete;
  std::string url() const;
  /// True once somebody has connected; false after 20 s without.
  bool wait_for_caller() const;

 private:
  int socket_ = -1;
};

/// A port at which nobody listens.
std::string closed_url();

}  // namespace longbeat::test
