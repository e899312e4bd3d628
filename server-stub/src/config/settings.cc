#include "config/settings.h"

#include <cstdio>

#include "config/checks.h"
#include "config/values.h"

namespace longbeat::server {
namespace {

constexpr std::uint64_t kKiB = 1024, kMiB = 1024 * kKiB, kGiB = 1024 * kMiB;
constexpr std::uint64_t kMillisecond = 1'000'000, kSecond = 1000 * kMillisecond, kHour = 3600 * kSecond;
constexpr std::uint64_t kMillion = 1'000'000;

// How a row says where its value lives.
#define SERVER(member) +[](Config& config) -> Place { return &config.member; }, nullptr, nullptr, nullptr
#define REQUESTS(member) nullptr, +[](RequestLimits& limits) -> Place { return &limits.member; }, nullptr, nullptr
#define NAMESPACE(member) nullptr, nullptr, +[](NamespaceConfig& space) -> Place { return &space.member; }, nullptr
#define KEY(member) nullptr, nullptr, nullptr, +[](KeyConfig& key) -> Place { return &key.member; }

const Setting kSettings[] = {
    // clang-format off
    {"server", "ip", Unit::kText, 0, 0, "--ip", "address to listen on", SERVER(ip), check_ip},
    {"server", "port", Unit::kPort, 0, 65535, "--port", "port to listen on; 0: any free one", SERVER(port)},
    {"server", "port_file", Unit::kText, 0, 0, "--port-file",
     "the port in use is written to this file once calls are served", SERVER(port_file), check_file},
    {"server", "database", Unit::kText, 0, 0, "--db-filename",
     "database file, created when missing; without it the state is in memory and lost at exit", SERVER(database), check_file},
    {"server", "disk_reserve", Unit::kBytes, 0, 1024 * kGiB, "",
     "kept free beside the database, so that with a full disk what runs can end and what is closed can be deleted; 0: nothing", SERVER(disk_reserve)},
    {"server", "stop_grace", Unit::kDuration, 0, kHour, "",
     "how long calls may go on after SIGINT or SIGTERM before they are cut off", SERVER(stop_grace)},
    {"server", "insecure_listen", Unit::kSwitch, 0, 0, "--insecure-listen",
     "listens beyond the loopback interface even without TLS and authentication", SERVER(insecure_listen)},

    {"tls", "certificate", Unit::kText, 0, 0, "",
     "PEM file with the server's certificate and those between it and its root; read again when it changes", SERVER(tls.certificate), check_file},
    {"tls", "key", Unit::kText, 0, 0, "", "PEM file with its private key, not encrypted; read again when it changes", SERVER(tls.key), check_file},
    {"tls", "client_ca", Unit::kText, 0, 0, "",
     "PEM file with certificates, one of which must have signed every client's; read again when it changes", SERVER(tls.client_ca), check_file},
    {"tls", "client_certificate_role", Unit::kText, 0, 0, "",
     "what a client with a certificate but no API key may do, in all namespaces: none, reader, client, worker or operator", SERVER(client_certificate_role), check_certificate_role},

    {"log", "level", Unit::kText, 0, 0, "--log-level",
     "lines to write: debug, info, warn, error or never; debug has one line per event of an activity", SERVER(log_level), check_log_level},
    {"log", "format", Unit::kText, 0, 0, "--log-format", "how lines look: text or json", SERVER(log_format), check_log_format},

    {"limits", "receive_bytes_max", Unit::kBytes, 64 * kKiB, 256 * kMiB, "", "largest request", SERVER(rpc.receive_bytes_max)},
    {"limits", "calls_max", Unit::kCount, 10, 10 * kMillion, "", "calls at once, waiting ones included", SERVER(rpc.calls_max)},
    {"limits", "probe_calls_max", Unit::kCount, 1, 10 * kMillion, "", "calls of grpc.health at once, which need no key; the others do not count here, nor these there", SERVER(rpc.probe_calls_max)},
    {"limits", "calls_per_connection_max", Unit::kCount, 100, 10 * kMillion, "",
     "calls at once on one connection; a client that wants more waits on its side", SERVER(rpc.calls_per_connection_max)},
    {"limits", "connections_max", Unit::kCount, 1, kMillion, "",
     "connections at once; on those beyond it calls are refused, and those far beyond it are closed", SERVER(rpc.connections_max)},
    {"limits", "request_wait_max", Unit::kDuration, kSecond, kHour, "",
     "a call whose request has not come whole by then is cut off", SERVER(rpc.request_wait_max)},
    {"limits", "answer_wait_max", Unit::kDuration, kSecond, kHour, "",
     "a call whose caller has not read its answer by then is cut off", SERVER(rpc.answer_wait_max)},
    {"limits", "answer_bytes_waiting_max", Unit::kBytes, kMiB, 16 * kGiB, "",
     "answers that wait for their callers to read them; beyond it the oldest are cut off after a second", SERVER(rpc.answer_bytes_waiting_max)},
    {"limits", "overload_delay", Unit::kDuration, 10 * kMillisecond, kHour, "",
     "starts and reads are refused while others have waited longer than this, so that what has been started gets done", SERVER(rpc.overload_delay)},
    {"limits", "refusal_delay", Unit::kDuration, 0, 60 * kSecond, "",
     "such a refusal is kept back for so long, unless its caller's deadline is near: callers slow down; 0s: refused at once", SERVER(rpc.refusal_delay)},
    {"limits", "armed_calls", Unit::kCount, 1, 10'000, "", "calls that are ready to be taken up before they come", SERVER(rpc.armed_calls)},
    {"limits", "events_per_step", Unit::kCount, 1, 100'000, "", "events that one commit may hold", SERVER(rpc.events_per_step)},
    {"limits", "connection_age_max", Unit::kDuration, 0, 24 * kHour, "",
     "a connection older than this gets GOAWAY, its client opens another one; 0s: never", SERVER(rpc.connection_age_max)},
    {"limits", "connection_age_grace", Unit::kDuration, 0, kHour, "",
     "how long calls on such a connection may go on before they are cut off", SERVER(rpc.connection_age_grace)},
    {"limits", "keepalive_interval", Unit::kDuration, kSecond, kHour, "",
     "a connection silent for this long is asked for a sign of life", SERVER(rpc.keepalive_interval)},
    {"limits", "keepalive_timeout", Unit::kDuration, 100 * kMillisecond, kHour, "",
     "and closed when it gives none in this time", SERVER(rpc.keepalive_timeout)},
    {"limits", "parked_calls_max", Unit::kCount, 1, 10 * kMillion, "", "calls that wait at once, of all namespaces", SERVER(limits.parked_calls_max)},
    {"limits", "long_poll_max", Unit::kDuration, kSecond, kHour, "",
     "a long poll is answered after this time at the latest", SERVER(limits.long_poll_max)},
    {"limits", "open_activities_max", Unit::kCount, 1, 1000 * kMillion, "", "open activities of all namespaces; beyond it starts are refused", SERVER(limits.open_activities_max)},
    {"limits", "open_bytes_max", Unit::kBytes, kMiB, 1024 * kGiB, "", "memory of open activities; beyond it starts are refused", SERVER(limits.open_bytes_max)},
    {"limits", "namespaces_max", Unit::kCount, 1, kMillion, "", "namespaces; beyond it registrations are refused", SERVER(limits.namespaces_max)},
    {"limits", "workers_per_namespace_max", Unit::kCount, 1, kMillion, "",
     "workers remembered from their heartbeats; beyond it the longest silent one is forgotten", SERVER(limits.workers_per_namespace_max)},
    {"limits", "worker_forgotten_after", Unit::kDuration, kSecond, 24 * kHour, "", "a worker silent for this long is forgotten", SERVER(limits.worker_forgotten_after)},
    {"limits", "retention_sweep", Unit::kDuration, 100 * kMillisecond, 24 * kHour, "",
     "how often closed activities past their retention are looked for", SERVER(limits.retention_sweep)},
    {"limits", "retention_rows_per_step", Unit::kCount, 1, 100'000, "", "closed activities looked at in one step of that", SERVER(limits.retention_rows_per_step)},

    {"limits", "requests_per_second", Unit::kRate, 0, 10 * kMillion, "",
     "calls a second of one namespace, a second's worth at once after a silence; more are refused with RESOURCE_EXHAUSTED", REQUESTS(requests_per_second)},
    {"limits", "visibility_requests_per_second", Unit::kRate, 0, 10 * kMillion, "",
     "the same for list and count, which count as calls too", REQUESTS(visibility_requests_per_second)},
    {"limits", "polls_per_namespace_max", Unit::kCount, 1, 10 * kMillion, "",
     "long polls of one namespace at once, for each kind: tasks, outcomes, changes, commands", REQUESTS(polls_per_namespace_max)},
    {"limits", "open_activities_per_namespace_max", Unit::kCount, 1, 1000 * kMillion, "", "open activities of one namespace", REQUESTS(open_activities_per_namespace_max)},
    {"limits", "payload_bytes_max", Unit::kBytes, kKiB, 256 * kMiB, "", "input, result, details, failure", REQUESTS(payload_bytes_max)},
    {"limits", "payload_bytes_warn", Unit::kBytes, 256, 256 * kMiB, "", "what is kept of a failure larger than payload_bytes_max", REQUESTS(payload_bytes_warn)},
    {"limits", "retained_failure_bytes_max", Unit::kBytes, 256, 256 * kMiB, "", "what is kept of a failure that will be retried", REQUESTS(retained_failure_bytes_max)},
    {"limits", "id_bytes_max", Unit::kBytes, 40, 64 * kKiB, "", "IDs, types, task queues, identities, names of namespaces", REQUESTS(id_bytes_max)},
    {"limits", "summary_bytes_max", Unit::kBytes, 0, kMiB, "", "summary in user metadata", REQUESTS(summary_bytes_max)},
    {"limits", "details_bytes_max", Unit::kBytes, 0, 16 * kMiB, "", "details in user metadata", REQUESTS(details_bytes_max)},
    {"limits", "search_attributes_max", Unit::kCount, 0, 10'000, "", "search attributes of one activity", REQUESTS(search_attributes_max)},
    {"limits", "search_attribute_bytes_max", Unit::kBytes, 1, kMiB, "", "one value", REQUESTS(search_attribute_bytes_max)},
    {"limits", "search_attributes_bytes_max", Unit::kBytes, 1, 16 * kMiB, "", "all of one activity", REQUESTS(search_attributes_bytes_max)},
    {"limits", "links_max", Unit::kCount, 0, 10'000, "", "links of one request", REQUESTS(links_max)},
    {"limits", "link_bytes_max", Unit::kBytes, 1, kMiB, "", "one link", REQUESTS(link_bytes_max)},
    {"limits", "links_per_activity_max", Unit::kCount, 0, kMillion, "", "links of one activity", REQUESTS(links_per_activity_max)},
    {"limits", "page_size_max", Unit::kCount, 1, 10'000, "", "activities on one page of a list; whoever asks for more gets so many", REQUESTS(page_size_max)},
    {"limits", "callbacks_enabled", Unit::kSwitch, 0, 0, "", "starts may attach completion callbacks", REQUESTS(callbacks_enabled)},
    {"limits", "callbacks_per_activity_max", Unit::kCount, 0, 10'000, "", "callbacks of one activity", REQUESTS(callbacks_per_activity_max)},
    {"limits", "callback_url_bytes_max", Unit::kBytes, 1, 64 * kKiB, "", "address of one callback", REQUESTS(callback_url_bytes_max)},
    {"limits", "callback_header_bytes_max", Unit::kBytes, 0, kMiB, "", "headers of one callback", REQUESTS(callback_header_bytes_max)},
    {"limits", "callback_addresses", Unit::kTexts, 0, 1000, "",
     "where callbacks may go: host or host:port, `*` for any part; `http://` in front allows plain HTTP", REQUESTS(callback_addresses), check_callback_address},
    {"limits", "callback_retry_initial", Unit::kDuration, kMillisecond, 24 * kHour, "",
     "pause after the first failed delivery of a callback; each further one doubles it", SERVER(limits.callback_retry_initial)},
    {"limits", "callback_retry_max", Unit::kDuration, kMillisecond, 168 * kHour, "", "longest pause between two deliveries", SERVER(limits.callback_retry_max)},
    {"limits", "callback_attempts_max", Unit::kCount, 0, kMillion, "", "deliveries that are tried; 0: no limit", SERVER(limits.callback_attempts_max)},
    {"limits", "undelivered_callbacks_keep", Unit::kDuration, 0, 87'600 * kHour, "",
     "how much longer than its retention a closed activity is kept while callbacks are not delivered", SERVER(limits.undelivered_callbacks_keep)},
    {"limits", "callbacks_per_step", Unit::kCount, 1, 10'000, "", "activities whose callbacks are sent in one step", SERVER(limits.callbacks_per_step)},
    {"limits", "callback_call_timeout", Unit::kDuration, 10 * kMillisecond, kHour, "",
     "one whole delivery, from the lookup of its host to the end of the answer", SERVER(outbound.call_timeout)},
    {"limits", "callback_threads_max", Unit::kCount, 1, 1000, "", "deliveries at once, one thread each", SERVER(outbound.threads_max)},
    {"limits", "callback_calls_per_target_max", Unit::kCount, 1, 1000, "", "deliveries to one host and port at once", SERVER(outbound.calls_per_target_max)},
    {"limits", "callback_calls_waiting_max", Unit::kCount, 1, kMillion, "",
     "deliveries that wait for a thread; one target gets half of it at most", SERVER(outbound.waiting_calls_max)},
    {"limits", "callback_bytes_waiting_max", Unit::kBytes, kMiB, 16 * kGiB, "", "bytes they hold, likewise", SERVER(outbound.waiting_bytes_max)},

    {"limits", "operator_commands", Unit::kSwitch, 0, 0, "", "pause, unpause, reset and update-options are served", REQUESTS(operator_commands)},
    {"limits", "worker_commands", Unit::kSwitch, 0, 0, "", "a cancel reaches a worker between its heartbeats", REQUESTS(worker_commands)},
    {"limits", "retention_min", Unit::kDuration, kSecond, 87'600 * kHour, "", "shortest retention that a namespace may have", REQUESTS(retention_min)},

    {"namespaces.NAME", "retention", Unit::kDuration, kSecond, 876'000 * kHour, "",
     "how long closed activities are kept; set again at every start", NAMESPACE(retention)},

    {"keys.NAME", "hash", Unit::kText, 0, 0, "",
     "hash of the key, as `longbeat-server hash-key` prints it; never the key itself", KEY(hash), check_key_hash, true},
    {"keys.NAME", "roles", Unit::kTexts, 0, 4, "", "what it is for: reader, client (reads too), worker, operator (everything)", KEY(roles), check_role},
    {"keys.NAME", "namespaces", Unit::kTexts, 0, 100'000, "", "where it may be used; `[\"*\"]`: in all", KEY(namespaces), check_key_namespace},
    {"keys.NAME", "expires", Unit::kMoment, 0, 0, "", "it is refused from then on; without it the key never expires", KEY(expires), check_moment},
    // clang-format on
};

#undef SERVER
#undef REQUESTS
#undef NAMESPACE
#undef KEY

std::string number_text(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", number);
  double read = 0;
  for (int digits = 1; digits < 17; ++digits) {  // The shortest text that means the same.
    char shorter[32];
    std::snprintf(shorter, sizeof shorter, "%.*g", digits, number);
    if (std::sscanf(shorter, "%lf", &read) == 1 && read == number) return shorter;
  }
  return text;
}

std::string unit_text(Unit unit, std::uint64_t value) {
  switch (unit) {
    case Unit::kBytes:
      return size_text(value);
    case Unit::kDuration:
      return duration_text(std::chrono::nanoseconds(value));
    default:
      return std::to_string(value);
  }
}

}  // namespace

Place Setting::place(Config& config) const {
  static NamespaceConfig none;
  static KeyConfig no_key;
  if (of_server != nullptr) return of_server(config);
  if (of_requests != nullptr) return of_requests(config.limits.requests);
  none = {};
  no_key = {};
  return of_namespace != nullptr ? of_namespace(none) : of_key(no_key);
}

std::span<const Setting> settings() {
  return kSettings;
}

std::string range_of(const Setting& setting) {
  switch (setting.unit) {
    case Unit::kText:
    case Unit::kTexts:
    case Unit::kSwitch:
    case Unit::kMoment:
      return "";
    default:
      return unit_text(setting.unit, setting.least) + " to " + unit_text(setting.unit, setting.most);
  }
}

std::string accepted(const Setting& setting) {
  switch (setting.unit) {
    case Unit::kText:
      return "a text in quotes";
    case Unit::kTexts:
      return "a list of texts, as in [\"a\", \"b\"]";
    case Unit::kSwitch:
      return "true or false";
    case Unit::kMoment:
      return "a date, as in 2027-01-31, or a time with its offset, as in 2027-01-31T18:00:00Z";
    case Unit::kPort:
      return "a port, " + range_of(setting);
    case Unit::kCount:
      return "a whole number from " + range_of(setting);
    case Unit::kBytes:
      return "a size from " + range_of(setting) + ", as in \"2MiB\", \"512KiB\" or 1000 (bytes)";
    case Unit::kDuration:
      return "a duration from " + range_of(setting) + ", as in \"10s\", \"500ms\" or \"1h30m\"";
    case Unit::kRate:
      return "a number of calls a second from " + range_of(setting) + ", 0 for no limit";
  }
  return "";
}

std::string toml_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
      out += escaped;
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string value_text(const Setting& setting, const Place& place) {
  struct Writer {
    Unit unit;
    std::string operator()(const std::string* text) const { return toml_text(*text); }
    std::string operator()(const std::vector<std::string>* texts) const {
      std::string out;
      for (const std::string& text : *texts) out += (out.empty() ? "" : ", ") + toml_text(text);
      return "[" + out + "]";
    }
    std::string operator()(const std::uint16_t* number) const { return std::to_string(*number); }
    std::string operator()(const std::int32_t* number) const { return std::to_string(*number); }
    std::string operator()(const std::size_t* number) const {
      const std::string text = unit_text(unit, *number);
      return unit == Unit::kBytes && text.back() == 'B' ? toml_text(text) : text;
    }
    std::string operator()(const double* number) const { return number_text(*number); }
    std::string operator()(const bool* is_on) const { return *is_on ? "true" : "false"; }
    std::string operator()(const std::chrono::milliseconds* time) const { return toml_text(duration_text(*time)); }
    std::string operator()(const std::chrono::nanoseconds* time) const { return toml_text(duration_text(*time)); }
    std::string operator()(const std::optional<std::chrono::nanoseconds>* time) const {
      return *time ? (*this)(&**time) : "";
    }
  };
  return std::visit(Writer{setting.unit}, place);
}

}  // namespace longbeat::server
