// The configuration as a file, and the table of all settings.
#include <algorithm>

#include "config/settings.h"

namespace longbeat::server {
namespace {

bool is_unset(const std::string& value) {
  return value.empty() || value == "\"\"";
}

/// A line for the setting; where it has no value, as a comment.
std::string line_of(const Setting& setting, const std::string& value) {
  const std::string name(setting.name);
  return is_unset(value) ? "# " + name + " =\n" : name + " = " + value + "\n";
}

void print_namespace_limits(std::string& out, Config& config) {
  for (auto& [name, limits] : config.limits.namespaces) {
    std::string lines;
    for (const Setting& setting : settings()) {
      if (setting.of_requests == nullptr) continue;
      const std::string value = value_text(setting, setting.of_requests(limits));
      if (value != value_text(setting, setting.place(config))) lines += line_of(setting, value);
    }
    out += "\n[limits.namespace." + toml_text(name) + "]\n" + lines;
  }
}

void print_namespaces(std::string& out, Config& config) {
  for (auto& [name, space] : config.namespaces) {
    out += "\n[namespaces." + toml_text(name) + "]\n";
    for (const Setting& setting : settings()) {
      if (setting.of_namespace == nullptr) continue;
      out += line_of(setting, value_text(setting, setting.of_namespace(space)));
    }
  }
}

void print_keys(std::string& out, Config& config) {
  for (auto& [name, key] : config.keys) {
    out += "\n[keys." + toml_text(name) + "]\n";
    for (const Setting& setting : settings()) {
      if (setting.of_key != nullptr) out += line_of(setting, value_text(setting, setting.of_key(key)));
    }
  }
}

std::string commented(const std::string& line) {
  return line.starts_with("#") ? line : "# " + line;
}

/// How the form for one namespace looks, where the configuration has none to show it.
void print_samples(std::string& out, Config& config) {
  if (config.limits.namespaces.empty()) {
    out += "\n# Limits of one namespace; what is left out is as in [limits].\n# [limits.namespace.NAME]\n";
    for (const Setting& setting : settings()) {
      if (setting.of_requests != nullptr) {
        out += commented(line_of(setting, value_text(setting, setting.place(config))));
      }
    }
  }
  if (config.namespaces.empty()) {
    out += "\n# A namespace that exists from the start.\n# [namespaces.NAME]\n";
    const Setting& retention = *std::ranges::find(settings(), "retention", &Setting::name);
    out += "# # " + std::string(retention.meaning) + " (" + range_of(retention) + ")\n# retention = \"72h\"\n";
  }
  if (config.keys.empty()) {
    out += "\n# An API key. With one or more of them, every call needs one.\n# [keys.NAME]\n";
    KeyConfig sample{"sha256:" + std::string(64, '0'), {"worker"}, {"*"}, "2037-01-31"};
    for (const Setting& setting : settings()) {
      if (setting.of_key == nullptr) continue;
      out += "# # " + std::string(setting.meaning) + "\n# " +
             line_of(setting, value_text(setting, setting.of_key(sample)));
    }
  }
}

std::string unit_name(Unit unit) {
  switch (unit) {
    case Unit::kText:
      return "text";
    case Unit::kTexts:
      return "list of texts";
    case Unit::kPort:
      return "port";
    case Unit::kCount:
      return "number";
    case Unit::kBytes:
      return "size";
    case Unit::kDuration:
      return "duration";
    case Unit::kRate:
      return "calls a second, 0: no limit";
    case Unit::kSwitch:
      return "switch";
    case Unit::kMoment:
      return "date or time";
  }
  return "";
}

}  // namespace

std::string to_toml(const Config& config) {
  Config copy = config;
  std::string out;
  std::string_view section;
  for (const Setting& setting : settings()) {
    if (setting.of_namespace != nullptr || setting.of_key != nullptr) continue;
    if (setting.section != section) {
      section = setting.section;
      out += std::string(out.empty() ? "" : "\n") + "[" + std::string(section) + "]\n";
    }
    const std::string range = range_of(setting);
    out += "# " + std::string(setting.meaning) + (range.empty() ? "" : " (" + range + ")") + "\n";
    out += line_of(setting, value_text(setting, setting.place(copy)));
  }
  print_namespace_limits(out, copy);
  print_namespaces(out, copy);
  print_keys(out, copy);
  print_samples(out, copy);
  return out;
}

std::string reference_table() {
  Config defaults;
  std::string out =
      "| Setting | Flag | Unit and range | Default | Per namespace | Meaning |\n"
      "| --- | --- | --- | --- | --- | --- |\n";
  for (const Setting& setting : settings()) {
    const std::string value = value_text(setting, setting.place(defaults));
    const std::string range = range_of(setting);
    const std::string flag(setting.flag);
    out += "| `" + std::string(setting.section) + "." + std::string(setting.name) + "` | " +
           (flag.empty() ? "" : "`" + flag + "`") + " | " + unit_name(setting.unit) +
           (range.empty() ? "" : ", " + range) + " | " + (is_unset(value) ? "none" : "`" + value + "`") + " | " +
           (setting.of_server != nullptr || setting.of_key != nullptr ? "" : "yes") + " | " +
           std::string(setting.meaning) + " |\n";
  }
  return out;
}

}  // namespace longbeat::server
