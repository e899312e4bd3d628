#pragma once
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace longbeat::test {

/// A certificate and its private key, both in PEM format.
struct Identity {
  std::string certificate{}, key{};
};

/// Signs certificates for one test. Keys are elliptic (P-256): made in a millisecond. Throws std::runtime_error when
/// OpenSSL cannot.
class Authority {
 public:
  explicit Authority(const std::string& name = "test authority");
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  struct Order {
    std::string name = "test";
    std::vector<std::string> hosts{"localhost"};
    std::vector<std::string> ips{"127.0.0.1"};
    /// From now on.
    std::chrono::seconds begins{-3600}, ends{3600};
  };
  Identity issue(const Order& order) const;
  Identity issue() const { return issue(Order{}); }
  /// What others trust.
  const std::string& certificate() const { return certificate_; }

 private:
  struct Secret;
  std::unique_ptr<Secret> secret_;
  std::string certificate_;
};

/// Replaces the file as a whole, as tools that renew certificates do.
void put_file(const std::filesystem::path& path, const std::string& text);

}  // namespace longbeat::test
