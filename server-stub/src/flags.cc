#include "flags.h"

#include <iostream>
#include <string_view>

#include "config/checks.h"
#include "hash_key.h"
#include "longbeat/export.h"
#include "port_file.h"
#include "tools/command_line.h"
#include "tools/commands.h"

namespace longbeat::server {
namespace {

constexpr int kExitBadFlags = 2;

/// What the flags said, each in its own words.
struct Given {
  std::string config_file{};
  std::string ip{}, port{}, port_file{}, database{}, log_level{}, log_format{};
  std::vector<std::string> namespaces{};
  bool print_config = false, insecure_listen = false;
};

int refuse(const std::string& reason) {
  std::cerr << "longbeat-server: " << reason << '\n';
  return kExitBadFlags;
}

void add_options(CLI::App& app, Given& given, const Config& defaults) {
  app.allow_extras();  // Refused below, in our words.
  app.footer(commands_help() + "  hash-key                    Print the hash of an API key, with --new also make one");
  app.set_version_flag("--version", std::string("longbeat-server ") + LONGBEAT_VERSION);
  app.add_option("-c,--config", given.config_file, "TOML file with settings and limits; flags win over it")
      ->type_name("FILE")
      ->check(check_file);
  app.add_flag("--print-config", given.print_config,
               "Print the configuration in effect as such a file, every setting with its range, and end");
  app.add_option("--ip", given.ip, "Address to listen on")
      ->default_str(defaults.ip)
      ->type_name("ADDRESS")
      ->check(check_ip);
  app.add_option("-p,--port", given.port, "Port to listen on; 0: any free one")
      ->default_str(std::to_string(defaults.port))
      ->type_name("PORT")
      ->check(check_port);
  app.add_flag("--insecure-listen", given.insecure_listen,
               "Listen beyond the loopback interface even without TLS and authentication");
  app.add_option("--port-file", given.port_file, "Write the port in use to this file once calls are served")
      ->type_name("FILE")
      ->check(check_file);
  app.add_option("-f,--db-filename", given.database,
                 "Database file, created when missing; without it the state is in memory and lost at exit")
      ->type_name("FILE")
      ->check(check_file);
  app.add_option("-n,--namespace", given.namespaces, "Namespace to create besides \"default\"; repeatable")
      ->type_name("NAME")
      ->allow_extra_args(false)  // One a flag, so that a stray word is not taken for another name.
      ->check(check_namespace_name);
  app.add_option("--log-level", given.log_level, "Lines to write: debug, info, warn, error or never")
      ->default_str(defaults.log_level)
      ->type_name("LEVEL")
      ->check(check_log_level);
  app.add_option("--log-format", given.log_format, "How lines look: text or json")
      ->default_str(defaults.log_format)
      ->type_name("FORMAT")
      ->check(check_log_format);
}

/// What the flags say replaces what the file said.
void apply(Given given, Config& config) {
  const auto replace = [](std::string& to, std::string& from) {
    if (!from.empty()) to = std::move(from);  // No flag takes an empty value.
  };
  replace(config.ip, given.ip);
  replace(config.port_file, given.port_file);
  replace(config.database, given.database);
  replace(config.log_level, given.log_level);
  replace(config.log_format, given.log_format);
  if (given.insecure_listen) config.insecure_listen = true;
  if (!given.port.empty()) config.port = *port_from(given.port);
  for (std::string& name : given.namespaces) config.namespaces.try_emplace(std::move(name));
}

}  // namespace

std::optional<int> parse_flags(int argc, char** argv, Config& config) {
  if (argc > 1 && std::string_view(argv[1]) == "hash-key") return hash_key(argc - 2, argv + 2);
  if (const auto code = run_command(argc, argv)) return code;
  Given given;
  CLI::App app("Durable activities: the longbeat server.", "longbeat-server");
  add_options(app, given, config);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success))
      return app.exit(error);  // --help, --version
    return refuse(explain(app, error));
  }
  if (const auto extras = app.remaining(); !extras.empty()) {
    const bool is_flag = extras.front().starts_with('-');
    const std::string name = is_flag ? extras.front().substr(0, extras.front().find('=')) : extras.front();
    return refuse((is_flag ? "unknown flag " : "unexpected argument ") + quoted(name) + " (--help lists the flags)");
  }
  if (!given.config_file.empty()) {
    const auto problems = read_config(given.config_file, config);
    for (const std::string& problem : problems) refuse(problem);
    if (!problems.empty()) return kExitBadFlags;
  }
  const bool print = given.print_config;
  config.file = given.config_file;
  apply(std::move(given), config);
  if (!config.port_file.empty()) {
    const std::string wrong = check_port_file(config.port_file, config.database, config.file);
    if (!wrong.empty()) return refuse("--port-file: " + wrong);
  }
  if (!print) return std::nullopt;
  std::cout << to_toml(config) << std::flush;
  return std::cout ? EXIT_SUCCESS : refuse("--print-config: cannot write");
}

}  // namespace longbeat::server
