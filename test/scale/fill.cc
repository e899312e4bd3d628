#include "scale/fill.h"

#include <array>
#include <deque>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "engine/engine.h"
#include "engine/index_row.h"
#include "machine/transition.h"
#include "record/record.h"
#include "storage/store.h"

namespace longbeat::scale {
namespace {

using namespace longbeat::server;

constexpr std::uint64_t kPerTransaction = 20'000;
constexpr std::uint32_t kDefaultNamespace = 1;

template <class Value>
Value checked(StatusOr<Value> result, const std::string& what) {
  if (!result) throw std::runtime_error(what + ": " + to_string(result.error()));
  if constexpr (!std::is_void_v<Value>) return std::move(*result);
}

void append_field(std::string& out, char tag, std::string_view bytes) {
  out += tag;
  std::size_t size = bytes.size();
  for (; size >= 0x80; size >>= 7) out += static_cast<char>((size & 0x7f) | 0x80);
  out += static_cast<char>(size);
  out += bytes;
}

/// common.Payloads with one payload of plain bytes.
std::string payloads(std::size_t data_bytes) {
  constexpr char kFirst = '\x0a', kSecond = '\x12';
  std::string entry, payload, all;
  append_field(entry, kFirst, "encoding");
  append_field(entry, kSecond, "binary/plain");
  append_field(payload, kFirst, entry);
  append_field(payload, kSecond, std::string(data_bytes, 'x'));
  append_field(all, kFirst, payload);
  return all;
}

class Filler {
 public:
  explicit Filler(const FillOptions& options) : options_(options), now_(internal::system_clock().wall_now()) {
    ActivityInput& input = input_;
    input.namespace_id = kDefaultNamespace;
    input.type = "fill_activity";
    input.starter_identity = "longbeat-fill@host";
    input.options.task_queue = options.task_queue;
    input.options.timeouts = {options.schedule_to_close, Duration(0), options.start_to_close,
                              options.heartbeat_timeout};
    name(0);
    std::string row;
    encode_input({Table::kInput, 1}, input, row);
    const std::size_t payload = payloads(0).size();
    input.input = payloads(options.bytes > row.size() + payload ? options.bytes - row.size() - payload : 0);
    outcome_.result = payloads(60);
  }

  void run() {
    {
      // The server itself writes its first rows.
      auto store = checked(open_sqlite_store({.path = options_.to.string()}), "create the file");
      checked(Engine::open(std::move(store), {}, now_), "set up the file");
    }
    store_ = checked(open_sqlite_store({.path = options_.to.string()}), "open the file");
    const std::uint64_t all = options_.open + options_.closed;
    reserve_rows(all);
    for (std::uint64_t number = 0; number < all;) {
      for (std::uint64_t i = 0; i < kPerTransaction && number < all; ++i, ++number) add(number);
      commit();
      if (options_.progress) options_.progress(number);
    }
  }

 private:
  /// As a server does before it uses their numbers.
  void reserve_rows(std::uint64_t count) {
    const RowRef row(Table::kMeta, kMetaRow);
    const auto stored = checked(store_->read(Table::kMeta, kMetaRow), "read the file");
    MetaRecord meta = checked(decode_meta(row, stored.value_or("")), "read the file");
    meta.next_row = count + 1;
    std::string bytes;
    encode_meta(row, meta, bytes);
    checked(store_->commit(std::vector<Write>{{Table::kMeta, kMetaRow, bytes}}), "write");
  }

  void name(std::uint64_t number) {
    input_.activity_id = activity_id(number);
    input_.start_request_id = "request-of-" + input_.activity_id.str();
    // Any 16 bytes that differ do as a run ID.
    for (std::size_t i = 0; i < 8; ++i) {
      input_.run_id[i] = static_cast<std::uint8_t>(random_.next());
      input_.run_id[i + 8] = static_cast<std::uint8_t>(number >> (8 * i));
    }
    input_.schedule_time = now_ - options_.age + Duration(static_cast<std::int64_t>(number));
  }

  std::string& row(Table table, std::uint64_t key) {
    std::string& bytes = used_ < bytes_.size() ? bytes_[used_] : bytes_.emplace_back();
    ++used_;
    writes_[static_cast<std::size_t>(table)].push_back({table, key, std::nullopt});
    places_[static_cast<std::size_t>(table)].push_back(&bytes);
    return bytes;
  }

  void add(std::uint64_t number) {
    const std::uint64_t key = number + 1;
    name(number);
    ActivityProgress progress;
    progress.dispatch_time = input_.schedule_time;
    progress.transition_count = 1;
    encode_input({Table::kInput, key}, input_, row(Table::kInput, key));
    if (is_open(options_, number)) {
      running_ += options_.running;
      if (running_ >= 1) {
        running_ -= 1;
        hand_out(progress);
      }
      encode_progress({Table::kProgress, key}, progress, row(Table::kProgress, key));
      return;
    }
    hand_out(progress);
    progress.phase = Phase::kCompleted;
    progress.transition_count = 3;
    progress.close_time = progress.started_time + std::chrono::milliseconds(1);
    progress.last_attempt_complete_time = progress.close_time;
    encode_closed({Table::kClosed, key}, progress, outcome_, row(Table::kClosed, key));
    const IdFingerprint id = fingerprint(input_.namespace_id, input_.activity_id);
    encode_index_row(key,
                     {id, run_fingerprint(id, input_.run_id), progress.close_time.time_since_epoch().count(),
                      input_.namespace_id, false},
                     row(Table::kIndex, key));
  }

  void hand_out(ActivityProgress& progress) const {
    progress.phase = Phase::kStarted;
    progress.stamp = progress.started_stamp = 2;
    progress.started_time = input_.schedule_time + std::chrono::milliseconds(1);
    progress.last_heartbeat_time = progress.started_time;
    progress.worker_identity = "longbeat-fill-worker@host";
    progress.transition_count = 2;
  }

  /// One table after the other, each in the order of its keys: every page is written once.
  void commit() {
    std::vector<Write> all;
    for (std::size_t table = 0; table < kTableCount; ++table) {
      for (std::size_t i = 0; i < writes_[table].size(); ++i) {
        writes_[table][i].value = *places_[table][i];
        all.push_back(writes_[table][i]);
      }
      writes_[table].clear();
      places_[table].clear();
    }
    used_ = 0;
    checked(store_->commit(all), "write");
    store_->maintain();
  }

  const FillOptions& options_;
  const Time now_;
  std::unique_ptr<Store> store_;
  internal::Random random_{20'260'101};
  ActivityInput input_;
  Outcome outcome_;
  double running_ = 0;
  std::deque<std::string> bytes_;
  std::size_t used_ = 0;
  std::array<std::vector<Write>, kTableCount> writes_;
  std::array<std::vector<std::string*>, kTableCount> places_;
};

/// Lets an engine take its inventory until the projection lacks nothing.
void fill_projection(const FillOptions& options) {
  std::vector<std::pair<std::uint64_t, StatusOr<Answer>>> answers;
  EngineOptions engine_options;
  engine_options.visibility = checked(open_synchronous_visibility({.path = options.to.string() + ".visibility"},
                                                                  [&](std::uint64_t ticket, auto answer) {
                                                                    answers.emplace_back(ticket, std::move(answer));
                                                                  }),
                                      "create the projection");
  // Long before anything is due: only the inventory goes on.
  Time now = internal::system_clock().wall_now() - options.age;
  const auto engine = checked(Engine::open(checked(open_sqlite_store({.path = options.to.string()}), "open the file"),
                                           std::move(engine_options), now),
                              "open the engine");
  std::size_t steps = 0;
  do {
    engine->step({now, now});
    for (auto& [ticket, answer] : std::exchange(answers, {})) engine->answered(ticket, std::move(answer));
    if (options.progress && ++steps % 10'000 == 0) options.progress(0);
    const auto wake = engine->next_wakeup();
    if (!wake || *wake > now + std::chrono::seconds(1)) break;
    now = std::max(now, *wake);
  } while (true);
}

}  // namespace

std::string activity_id(std::uint64_t number) {
  std::string digits = std::to_string(number);
  if (digits.size() < 12) digits.insert(0, 12 - digits.size(), '0');
  return "fill-" + digits;
}

bool is_open(const FillOptions& options, std::uint64_t number) {
  if (!options.mixed) return number >= options.closed;
  // As evenly as a line of pixels.
  const auto before = [&](std::uint64_t n) {
    return static_cast<unsigned __int128>(n) * options.open / (options.open + options.closed);
  };
  return before(number + 1) != before(number);
}

void fill(const FillOptions& options) {
  if (std::filesystem::exists(options.to)) throw std::runtime_error("'" + options.to.string() + "' exists already");
  Filler(options).run();
  if (options.visibility) fill_projection(options);
}

}  // namespace longbeat::scale
