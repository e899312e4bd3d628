#include <longbeat/json.h>
#include <longbeat/longbeat.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

struct Summary {
  std::uint64_t records = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Summary, records)

// What callers and workers share: a name, arguments, a result.
inline constexpr longbeat::Activity<Summary(std::string path)> ingest{"ingest"};
inline constexpr longbeat::Activity<void(std::string path, std::optional<bool> recursive)> remove_path{"remove_path"};
inline constexpr longbeat::Activity<std::string(std::string path)> checksum{"checksum"};

Summary run_ingest(longbeat::ActivityContext& ctx, const std::string& path);

struct Files {
  longbeat::Result<> remove(const std::string& path, std::optional<bool> recursive);
  std::string checksum(const std::string& path) const;
  longbeat::Payloads other(longbeat::ActivityContext& ctx, const longbeat::Payloads& arguments);
};

void functions(longbeat::Worker& worker, std::string salt) {
  worker.serve(ingest, run_ingest);
  worker.serve(checksum, [salt](const std::string& path) { return salt + path; });
  worker.serve(longbeat::dynamic_activity("echo"), [](const longbeat::Payloads& arguments) { return arguments; });
  worker.serve_unknown(
      [](longbeat::ActivityContext& ctx, const longbeat::Payloads&) -> longbeat::Result<longbeat::Payloads> {
        return longbeat::Error{longbeat::ErrorCode::kUnimplemented, "nobody knows " + ctx.info().activity_type};
      });
  worker.alias(ingest, "import");  // What it was called before.
}

void methods(longbeat::Worker& worker, Files& files) {
  worker.serve(remove_path, files, &Files::remove);  // `files` outlives the worker.
  worker.serve(checksum, std::make_shared<Files>(), &Files::checksum);
}

void whole_object(longbeat::Worker& worker) {
  using longbeat::method;
  worker.serve_all(std::make_shared<Files>(), method(remove_path, &Files::remove), method(checksum, &Files::checksum),
                   longbeat::method_unknown(&Files::other));
}

void heartbeats_for_code_that_blocks(longbeat::Worker& worker, const std::atomic<std::uint64_t>& bytes_read) {
  using namespace std::chrono_literals;
  worker.serve(ingest, run_ingest,
               {.auto_heartbeat = longbeat::AutoHeartbeatOptions{.stall_timeout = 1min, .progress = &bytes_read}});
}
