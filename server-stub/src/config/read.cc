// A TOML text to a configuration, with every mistake named.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "base/read_file.h"
#include "config/checks.h"
#include "config/settings.h"
#include "config/values.h"
#include "security/key_hash.h"

namespace longbeat::server {
namespace {

constexpr std::size_t kFileBytesMax = 4 * 1024 * 1024;
constexpr std::string_view kNamespaceLimits = "limits.namespace.NAME";
constexpr std::string_view kNamespaces = "namespaces.NAME";
constexpr std::string_view kKeys = "keys.NAME";

std::size_t line_of(const toml::node& node) {
  return node.source().begin.line;
}

/// How many letters have to change to make one of the other.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t swap = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({swap, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

/// What somebody may have meant by `to`: empty when more than half of the letters differ.
std::string_view nearest(std::string_view to, const std::vector<std::string_view>& among) {
  constexpr std::size_t kLongest = 100;  // Longer than any name here.
  if (to.size() > kLongest) return {};
  const auto best = *std::ranges::min_element(among, {}, [&](std::string_view one) { return distance(to, one); });
  return distance(to, best) <= std::max(to.size(), best.size()) / 2 ? best : std::string_view();
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.+-_") == std::string_view::npos;
}

/// The value as the file has it, in one short line.
std::string shown(const toml::node& node) {
  if (const auto* text = node.as_string()) return quoted(text->get(), '"');
  if (node.is_table()) return "a table";
  if (node.is_array()) return "a list";
  std::ostringstream out;
  node.visit([&](const auto& value) {
    if constexpr (toml::is_value<decltype(value)>) out << value;
  });
  return out.str();
}

/// The setting and what it was given; no text of [keys], where somebody may have put a key of their own making.
std::string with_value(const std::string& path, const toml::node& node) {
  const bool may_be_secret = node.is_string() && (path == "keys" || path.starts_with("keys."));
  return may_be_secret ? path : path + " = " + shown(node);
}

class ConfigReader {
 public:
  ConfigReader(std::string name, Config& config) : name_(std::move(name)), config_(config) {}

  std::vector<std::string> read(std::string_view text) {
    const auto parsed = toml::parse(text, std::string_view(name_));
    if (!parsed) {
      wrong(parsed.error().source().begin.line, "not TOML: " + plain(std::string(parsed.error().description())));
    } else {
      read_top(parsed.table());
      check_together();
    }
    std::ranges::stable_sort(problems_, {}, &Problem::line);
    std::vector<std::string> texts;
    for (Problem& one : problems_) texts.push_back(std::move(one.text));
    return texts;
  }

 private:
  struct Problem {
    std::size_t line;
    std::string text;
  };

  void wrong(std::size_t line, const std::string& what) {
    if (problems_.size() == kProblemsShown) return;
    problems_.push_back({line, name_ + ":" + std::to_string(line) + ": " + without_keys(what)});
  }

  void read_top(const toml::table& top) {
    // Namespaces inherit from what [limits] says, wherever in the file it stands.
    if (const toml::node* limits = top.get("limits")) read_section("limits", *limits);
    for (const auto& [key, node] : top) {
      const std::string section(key.str());
      if (section == "limits") {
        read_namespace_limits(node);
      } else if (section == "namespaces") {
        read_namespaces(node);
      } else if (section == "keys") {
        read_keys(node);
      } else if (section == "server" || section == "tls" || section == "log") {
        read_section(section, node);
      } else {
        unknown_at_top(section, node);
      }
    }
  }

  void unknown_at_top(const std::string& key, const toml::node& node) {
    if (node.is_table()) {
      const std::string close(nearest(key, {"server", "tls", "log", "limits", "namespaces", "keys"}));
      return wrong(line_of(node), "unknown section [" + plain(key) + "], " +
                                      (close.empty() ? "there are [server], [tls], [log], [limits], "
                                                       "[limits.namespace.NAME], [namespaces.NAME] and [keys.NAME]"
                                                     : "nearest is [" + close + "]"));
    }
    unknown(line_of(node), "", key);
  }

  const toml::table* table_of(const std::string& path, const toml::node& node) {
    if (node.is_table()) return node.as_table();
    wrong(line_of(node), with_value(path, node) + ": accepted is a section, as in [" + path + "]");
    return nullptr;
  }

  void read_section(const std::string& section, const toml::node& node) {
    const toml::table* table = table_of(section, node);
    if (table == nullptr) return;
    for (const auto& [key, value] : *table) {
      const std::string name(key.str());
      if (section == "limits" && name == "namespace") continue;  // Has a turn of its own.
      if (section == "limits" && name == "namespaces") {
        wrong(line_of(value), "unknown key limits.namespaces: limits of one namespace are in [limits.namespace.NAME]");
        continue;
      }
      const Setting* setting = find(section, name);
      if (setting == nullptr) {
        unknown(line_of(value), section, name);
      } else {
        set(*setting, section + "." + name, setting->place(config_), value);
      }
    }
  }

  void read_namespace_limits(const toml::node& limits) {
    const toml::node* each = limits.is_table() ? limits.as_table()->get("namespace") : nullptr;
    const toml::table* spaces = each != nullptr ? table_of("limits.namespace", *each) : nullptr;
    if (spaces == nullptr) return;
    for (const auto& [key, node] : *spaces) {
      const std::string space(key.str()), section = "limits.namespace." + space;
      const toml::table* table = is_namespace(space, node) ? table_of(section, node) : nullptr;
      if (table == nullptr) continue;
      RequestLimits& own = config_.limits.namespaces.insert_or_assign(space, config_.limits.requests).first->second;
      for (const auto& [inner, value] : *table) {
        const std::string name(inner.str());
        const Setting* setting = find("limits", name);
        if (setting == nullptr) {
          unknown(line_of(value), kNamespaceLimits, name);
        } else if (setting->of_requests == nullptr) {
          wrong(line_of(value), section + "." + name + " is a limit of the whole server: it belongs in [limits]");
        } else {
          set(*setting, section + "." + name, setting->of_requests(own), value);
        }
      }
    }
  }

  void read_namespaces(const toml::node& node) {
    const toml::table* spaces = table_of("namespaces", node);
    if (spaces == nullptr) return;
    for (const auto& [key, entry] : *spaces) {
      const std::string space(key.str()), section = "namespaces." + space;
      const toml::table* table = is_namespace(space, entry) ? table_of(section, entry) : nullptr;
      if (table == nullptr) continue;
      NamespaceConfig& own = config_.namespaces[space];
      for (const auto& [inner, value] : *table) {
        const std::string name(inner.str());
        const Setting* setting = find(kNamespaces, name);
        if (const Setting* limit = find("limits", name); setting == nullptr && limit != nullptr && limit->of_requests) {
          wrong(line_of(value), "unknown key " + section + "." + name + ": limits of one namespace are in " +
                                    "[limits.namespace." + space + "]");
        } else if (setting == nullptr) {
          unknown(line_of(value), kNamespaces, name);
        } else {
          set(*setting, section + "." + name, setting->of_namespace(own), value);
        }
      }
    }
  }

  void read_keys(const toml::node& node) {
    const toml::table* keys = table_of("keys", node);
    if (keys == nullptr) return;
    for (const auto& [name, entry] : *keys) {
      const std::string key(name.str()), section = "keys." + plain(key);
      if (key.find(kKeyPrefix) != std::string::npos) {
        wrong(line_of(entry),
              "[" + section + "]: this is a key itself; accepted is a name for it, which the log shows");
        continue;
      }
      const toml::table* table = table_of(section, entry);
      if (table == nullptr) continue;
      lines_[section] = line_of(entry);
      KeyConfig& own = config_.keys[key];
      for (const auto& [inner, value] : *table) {
        const std::string setting_name(inner.str());
        if (const Setting* setting = find(kKeys, setting_name)) {
          set(*setting, section + "." + setting_name, setting->of_key(own), value);
        } else {
          unknown(line_of(value), kKeys, setting_name);
        }
      }
    }
  }

  bool is_namespace(const std::string& name, const toml::node& node) {
    const std::string problem = check_namespace_name(name);
    if (!problem.empty()) wrong(line_of(node), problem);
    return problem.empty();
  }

  static const Setting* find(std::string_view section, std::string_view name) {
    const auto all = settings();
    const auto found =
        std::ranges::find_if(all, [&](const Setting& one) { return one.section == section && one.name == name; });
    return found == all.end() ? nullptr : &*found;
  }

  /// Names the nearest setting of the section; of all sections, when its name is known in another.
  void unknown(std::size_t line, std::string_view section, const std::string& name) {
    const std::string_view table = section == kNamespaceLimits ? "limits" : section;
    std::vector<std::string_view> names;
    std::string elsewhere;
    for (const Setting& one : settings()) {
      if (one.name == name) elsewhere = std::string(one.section) + "." + name;
      const bool fits =
          section == kNamespaceLimits ? one.of_requests != nullptr : table.empty() || one.section == table;
      if (fits) names.push_back(one.name);
    }
    const std::string key = plain(name);
    const std::string path = section.empty() ? key : std::string(section) + "." + key;
    if (!elsewhere.empty()) return wrong(line, "unknown key " + path + ", nearest is " + elsewhere);
    const std::string_view close = nearest(name, names);
    if (close.empty()) return wrong(line, "unknown key " + path + " (--print-config shows all there are)");
    const auto all = settings();
    const auto row = std::ranges::find(all, close, &Setting::name);
    const std::string where(section.empty() ? row->section : section);
    wrong(line, "unknown key " + path + ", nearest is " + where + "." + std::string(close));
  }

  void set(const Setting& setting, const std::string& path, const Place& place, const toml::node& node) {
    lines_[path] = line_of(node);
    std::string problem;
    if (!std::visit([&](auto* to) { return assign(setting, node, *to, problem); }, place)) {
      wrong_values_.insert(path);
      const auto* text = node.as_string();
      if (setting.is_secret) {
        const std::string rule = problem.empty() ? "accepted is " + accepted(setting) : problem;
        return wrong(line_of(node), path + ": " + rule);
      }
      if (text != nullptr && is_numeric(setting.unit) && is_number(text->get())) {
        problem = "this is a text, accepted is " + accepted(setting) + "; a plain number has no quotes";
      }
      wrong(line_of(node),
            with_value(path, node) + ": " + (problem.empty() ? "accepted is " + accepted(setting) : problem));
    }
  }

  static bool is_numeric(Unit unit) {
    return unit == Unit::kPort || unit == Unit::kCount || unit == Unit::kRate || unit == Unit::kBytes;
  }

  static bool in_range(const Setting& setting, std::uint64_t value) {
    return value >= setting.least && value <= setting.most;
  }

  static bool assign(const Setting& setting, const toml::node& node, std::string& to, std::string& problem) {
    if (setting.unit == Unit::kMoment && (node.is_date() || node.is_date_time())) {
      to = shown(node);
    } else if (const auto* text = node.as_string()) {
      to = text->get();
    } else {
      return false;
    }
    problem = setting.check(to);
    return problem.empty();
  }

  static bool assign(const Setting& setting, const toml::node& node, std::vector<std::string>& to,
                     std::string& problem) {
    const toml::array* list = node.as_array();
    if (list == nullptr || list->size() > setting.most) return false;
    to.clear();
    for (const toml::node& each : *list) {
      std::string text;
      if (!assign(setting, each, text, problem)) return false;
      to.push_back(std::move(text));
    }
    return true;
  }

  template <class Small>
    requires std::is_same_v<Small, std::uint16_t> || std::is_same_v<Small, std::int32_t>
  static bool assign(const Setting& setting, const toml::node& node, Small& to, std::string& problem) {
    std::size_t value = 0;
    if (!assign(setting, node, value, problem)) return false;
    to = static_cast<Small>(value);
    return true;
  }

  static bool assign(const Setting& setting, const toml::node& node, std::size_t& to, std::string&) {
    std::optional<std::uint64_t> value;
    if (const auto* number = node.as_integer(); number != nullptr && number->get() >= 0) {
      value = static_cast<std::uint64_t>(number->get());
    } else if (const auto* text = node.as_string(); text != nullptr && setting.unit == Unit::kBytes) {
      value = parse_size_text(text->get());
    }
    if (!value || !in_range(setting, *value)) return false;
    to = *value;
    return true;
  }

  static bool assign(const Setting& setting, const toml::node& node, double& to, std::string&) {
    if (!node.is_number()) return false;
    const double value = *node.value<double>();
    if (!std::isfinite(value) || value < static_cast<double>(setting.least) ||
        value > static_cast<double>(setting.most))
      return false;
    to = value;
    return true;
  }

  static bool assign(const Setting&, const toml::node& node, bool& to, std::string&) {
    if (!node.is_boolean()) return false;
    to = node.as_boolean()->get();
    return true;
  }

  static bool assign(const Setting& setting, const toml::node& node, std::chrono::nanoseconds& to, std::string&) {
    const auto* text = node.as_string();
    const auto value = text != nullptr ? parse_duration_text(text->get()) : std::nullopt;
    if (!value || !in_range(setting, static_cast<std::uint64_t>(value->count()))) return false;
    to = *value;
    return true;
  }

  static bool assign(const Setting& setting, const toml::node& node, std::chrono::milliseconds& to,
                     std::string& problem) {
    std::chrono::nanoseconds value{};
    if (!assign(setting, node, value, problem)) return false;
    to = std::chrono::duration_cast<std::chrono::milliseconds>(value);
    return true;
  }

  static bool assign(const Setting& setting, const toml::node& node, std::optional<std::chrono::nanoseconds>& to,
                     std::string& problem) {
    return assign(setting, node, to.emplace(), problem);
  }

  // --- What only makes sense together ---

  void check_together() {
    check_access();
    check_sizes("limits.", config_.limits.requests);
    for (const auto& [name, limits] : config_.limits.namespaces) check_sizes("limits.namespace." + name + ".", limits);
    for (const auto& [name, space] : config_.namespaces) {
      const auto own = config_.limits.namespaces.find(name);
      const auto& limits = own != config_.limits.namespaces.end() ? own->second : config_.limits.requests;
      const std::string path = "namespaces." + name + ".retention";
      if (wrong_values_.contains(path) || is_wrong("retention_min", name)) continue;
      if (space.retention && *space.retention < limits.retention_min) {
        wrong(lines_[path], "namespaces." + name + ".retention is " + duration_text(*space.retention) +
                                ", less than retention_min: " + duration_text(limits.retention_min));
      }
    }
  }

  void check_access() {
    std::map<KeyHash, std::string> names;
    for (const auto& [name, key] : config_.keys) {
      const std::string section = "keys." + plain(name);
      const auto missing = [&](const char* setting, bool is_missing, const char* accepted) {
        const std::string path = section + "." + setting;
        if (!is_missing || wrong_values_.contains(path)) return;
        wrong(lines_[section], path + " is missing: accepted is " + accepted);
      };
      missing("hash", key.hash.empty(), "what `longbeat-server hash-key` prints");
      missing("roles", key.roles.empty(), "a list of reader, client, worker and operator");
      missing("namespaces", key.namespaces.empty(), "a list of namespaces, or [\"*\"] for all");
      if (key.hash.empty() || wrong_values_.contains(section + ".hash")) continue;
      const auto [other, is_new] = names.try_emplace(hash_from_text(key.hash).value(), section);
      if (!is_new) wrong(lines_[section], section + " has the same hash as " + other->second);
    }
    const TlsFiles& tls = config_.tls;
    if (!tls.any()) {
      if (config_.client_certificate_role != "none" && !wrong_values_.contains("tls.client_certificate_role")) {
        wrong(lines_["tls.client_certificate_role"], "tls.client_certificate_role is set, but tls.client_ca is not");
      }
      return;
    }
    const auto needed = [&](const char* setting, const std::string& value, const char* by) {
      if (value.empty() && !wrong_values_.contains(setting)) {
        wrong(lines_[by], std::string(by) + " is set, but " + setting + " is not");
      }
    };
    const char* const set = !tls.certificate.empty() ? "tls.certificate"
                            : !tls.key.empty()       ? "tls.key"
                                                     : "tls.client_ca";
    needed("tls.certificate", tls.certificate, set);
    needed("tls.key", tls.key, set);
    if (config_.client_certificate_role != "none") {
      needed("tls.client_ca", tls.client_ca, "tls.client_certificate_role");
    } else if (!tls.client_ca.empty() && config_.keys.empty() &&
               !wrong_values_.contains("tls.client_certificate_role")) {
      wrong(lines_["tls.client_ca"],
            "tls.client_ca is set, but nobody may call: there is no key in [keys.NAME], and "
            "tls.client_certificate_role is \"none\"");
    }
  }

  /// The limit of this namespace, or the one it inherits, has been refused: nothing follows from its value.
  bool is_wrong(const std::string& limit, const std::string& space) const {
    return wrong_values_.contains("limits." + limit) ||
           wrong_values_.contains("limits.namespace." + space + "." + limit);
  }

  void check_sizes(const std::string& section, const RequestLimits& limits) {
    not_above(section, "payload_bytes_max", limits.payload_bytes_max, "receive_bytes_max",
              config_.rpc.receive_bytes_max);
    not_above(section, "payload_bytes_warn", limits.payload_bytes_warn, "payload_bytes_max", limits.payload_bytes_max);
    not_above(section, "retained_failure_bytes_max", limits.retained_failure_bytes_max, "payload_bytes_max",
              limits.payload_bytes_max);
  }

  void not_above(const std::string& section, const std::string& name, std::uint64_t value, const std::string& top_name,
                 std::uint64_t top) {
    if (value <= top || wrong_values_.contains(section + name) || wrong_values_.contains(section + top_name) ||
        wrong_values_.contains("limits." + top_name)) {
      return;
    }
    // A default, or what a namespace inherits, gives way without a word.
    const auto line = lines_.find(section + name);
    if (line == lines_.end()) return;
    wrong(line->second, section + name + " is " + size_text(value) + ", more than " + top_name + ": " + size_text(top));
  }

  static constexpr std::size_t kProblemsShown = 50;

  std::string name_;
  Config& config_;
  std::map<std::string, std::size_t> lines_;
  std::set<std::string> wrong_values_;  ///< Paths.
  std::vector<Problem> problems_;
};

}  // namespace

std::vector<std::string> parse_config(std::string_view text, const std::string& name, Config& config) {
  return ConfigReader(name, config).read(text);
}

std::vector<std::string> read_config(const std::string& path, Config& config) {
  const auto text = internal::read_beginning(path, kFileBytesMax + 1);
  if (!text) return {"cannot read '" + path + "': " + text.error().message};
  if (text->size() > kFileBytesMax) return {"'" + path + "' is larger than " + size_text(kFileBytesMax)};
  return parse_config(*text, path, config);
}

}  // namespace longbeat::server
