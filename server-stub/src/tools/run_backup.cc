#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <system_error>

#include "base/loopback.h"
#include "rpc/backup_client.h"
#include "tools/command_line.h"
#include "tools/command_lines.h"

namespace longbeat::server {
namespace {

std::string percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? "0 %" : std::to_string(part * 100 / whole) + " %";
}

/// Reads files into what an order wants of them; the first that cannot be read is remembered.
class Contents {
 public:
  void read(const std::string& path, std::string& into) {
    if (path.empty() || failure_) return;
    std::ifstream file(path, std::ios::binary);
    into.assign(std::istreambuf_iterator<char>(file), {});
    if (!file || into.empty()) failure_ = "'" + path + "' cannot be read, or is empty";
  }
  const std::optional<std::string>& failure() const { return failure_; }

 private:
  std::optional<std::string> failure_{};
};

}  // namespace

int run_backup(int argc, char** argv) {
  CLI::App app(
      "Lets the running server copy its database file, while it goes on serving. The copy holds everything that "
      "was acknowledged before, and opens as a database of its own.",
      "longbeat-server backup");
  BackupOrder order;
  std::string to, ca, certificate, key, key_file;
  app.add_option("--to", to, "File to make, on the server's machine; must not exist")->required()->type_name("FILE");
  app.add_option("--address", order.address, "The server")->capture_default_str()->type_name("HOST:PORT");
  app.add_option("--api-key-file", key_file, "File with an API key of an operator of all namespaces")
      ->type_name("FILE");
  app.add_option("--tls-ca", ca, "Connect with TLS: PEM file with who signed the server's certificate")
      ->type_name("FILE");
  app.add_option("--tls-certificate", certificate, "PEM file with a certificate of this client")->type_name("FILE");
  app.add_option("--tls-key", key, "PEM file with its private key")->type_name("FILE");
  app.add_option("--tls-name", order.tls.name, "Name in the server's certificate, where it is not that of --address")
      ->type_name("NAME");
  app.footer("Exit code: 0 the file is there, whole and on disk; 2 it is not. Interrupted, it leaves nothing behind.");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  if (to.empty()) return refuse(app, "--to: '' is not a file name");
  if (ca.empty() && !(certificate + key + order.tls.name).empty())
    return refuse(app, "--tls-certificate, --tls-key and --tls-name need --tls-ca");
  if (certificate.empty() != key.empty()) return refuse(app, "--tls-certificate and --tls-key need each other");
  Contents contents;
  contents.read(ca, order.tls.ca);
  contents.read(certificate, order.tls.certificate);
  contents.read(key, order.tls.key);
  contents.read(key_file, order.api_key);
  if (contents.failure()) return refuse(app, *contents.failure());
  if (!order.api_key.empty() && ca.empty() && !internal::is_loopback(order.address))
    return refuse(app, "--api-key-file needs --tls-ca: unencrypted, everybody on the way to " + order.address +
                           " could read and use the key");
  order.api_key.erase(order.api_key.find_last_not_of(" \r\n") + 1);
  std::error_code error;
  // The server's working directory is another one.
  order.to = std::filesystem::absolute(to, error).lexically_normal().string();
  if (error) return refuse(app, "--to: '" + to + "': " + error.message());
  const bool shows = ::isatty(STDERR_FILENO) == 1;
  if (shows) {
    order.progress = [](std::uint64_t copied, std::uint64_t pages) {
      std::cerr << "\rcopied " << percent(copied, pages) << "  " << std::flush;
    };
  }
  const auto bytes = order_backup(order);
  if (shows) std::cerr << "\r              \r";
  if (!bytes) return refuse(app, bytes.error().message);
  std::cout << "backup '" << order.to << "': " << *bytes << " bytes" << std::endl;
  return kExitFine;
}

}  // namespace longbeat::server
