#pragma once
#include <longbeat/client.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>

/// Reads the command line into the app's options. The exit code when there is nothing to run: 0 after --help, 2 after
/// one line that says what is wrong.
inline std::optional<int> read_command_line(CLI::App& app, int argc, char** argv) {
  std::string mistake;
  app.allow_extras();  // Named below, before anything that is missing because of them.
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wish) {
    return app.exit(wish);
  } catch (const CLI::ParseError& error) {
    mistake = error.what();
  }
  const auto extras = app.remaining();
  if (!extras.empty()) mistake = "unknown option '" + extras.front() + "'";
  if (mistake.empty()) return std::nullopt;
  std::cerr << app.get_name() << ": " << mistake << " (--help lists the options)\n";
  return 2;
}

// Checks, as CLI11 wants them: what is wrong with the value, or nothing.

inline std::string check_address(const std::string& value) {
  const auto valid = longbeat::validate(longbeat::ClientOptions{.address = value});
  return valid ? "" : valid.error().message;
}

inline std::string check_folder_exists(const std::string& file) {
  const auto folder = std::filesystem::absolute(file).parent_path();
  return std::filesystem::is_directory(folder) ? "" : "folder '" + folder.string() + "' does not exist";
}

inline auto check_number(std::uint64_t least, std::uint64_t most) {
  return [least, most](const std::string& value) -> std::string {
    const bool is_number =
        !value.empty() && value.size() < 19 && value.find_first_not_of("0123456789") == std::string::npos;
    if (is_number && std::stoull(value) >= least && std::stoull(value) <= most) return "";
    return "'" + value + "' is not a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  };
}

/// How the server is reached: the same options for every program.
struct ServerFlags {
  longbeat::ClientOptions options{};
  longbeat::TlsOptions tls{};
  bool use_tls = false;
  std::string api_key_file{};

  void add_to(CLI::App& app) {
    app.add_option("--address", options.address, "Address of the server")->capture_default_str()->check(check_address);
    app.add_flag("--tls", use_tls, "Encrypt, and trust what this system trusts");
    app.add_option("--tls-ca", tls.ca, "Encrypt, and trust the certificates in this file");
    app.add_option("--tls-cert", tls.certificate, "This program's own certificate, for servers that ask for one");
    app.add_option("--tls-key", tls.key, "Its private key");
    app.add_option("--api-key-file", api_key_file, "File with the API key; without it LONGBEAT_API_KEY, if set");
  }

  /// Nothing after one line that says what is wrong.
  std::optional<longbeat::Client> connect(const std::string& program) {
    const auto refuse = [&](const auto& why) {
      std::cerr << program << ": " << why << "\n";
      return std::nullopt;
    };
    if (use_tls || !tls.ca.empty() || !tls.certificate.empty() || !tls.key.empty()) options.tls = tls;
    if (const char* key = std::getenv("LONGBEAT_API_KEY"); key != nullptr) options.api_key = key;
    if (!api_key_file.empty()) {
      std::ifstream in(api_key_file);
      if (!std::getline(in, options.api_key)) return refuse("--api-key-file: cannot read '" + api_key_file + "'");
    }
    auto client = longbeat::Client::connect(options);
    if (!client) return refuse(client.error());
    return std::move(*client);
  }
};
