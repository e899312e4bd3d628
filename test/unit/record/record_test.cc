#include "record/record.h"

#include "support/catch.h"

namespace longbeat::server {

using namespace std::chrono_literals;

namespace {

const RowRef kRow(std::uint8_t{2}, 99);

Time at(std::int64_t nanos) {
  return Time(Duration(nanos));
}

ActivityProgress every_progress_field() {
  return {.phase = Phase::kCancelRequested,
          .attempt = 2,
          .stamp = 3,
          .started_stamp = 4,
          .dispatch_time = at(5),
          .started_time = at(6),
          .last_heartbeat_time = at(7),
          .last_attempt_complete_time = at(8),
          .close_time = at(9),
          .current_retry_interval = 10ns,
          .heartbeat_count = 11,
          .transition_count = 12,
          .worker_identity = "13",
          .sdk_name = "14",
          .sdk_version = "15",
          .cancel_requested = true,
          .cancel_request_id = "17",
          .cancel_identity = "18",
          .cancel_reason = "19\xff",
          .cancel_details = std::string("2\0", 2)};
}

StoredFailure every_failure_field() {
  StoredFailure failure{.kind = StoredFailure::Kind::kTimeout,
                        .opaque = "1",
                        .message = "2\xfe",
                        .timeout = TimeoutType::kHeartbeat,
                        .details = "4",
                        .identity = "5",
                        .non_retryable = true};
  failure.cause.push_back({.kind = StoredFailure::Kind::kOpaque, .opaque = "cause"});
  return failure;
}

ActivityInput every_input_field() {
  ActivityInput input{.namespace_id = 1,
                      .activity_id = "2",
                      .run_id = {3, 4, 255},
                      .type = "4",
                      .start_request_id = "5",
                      .starter_identity = "6"};
  input.options = {.task_queue = "q",
                   .timeouts = {1s, 2s, 3s, 4s},
                   .retry = {5s, 1.25, 6s, 7, {"a", "b"}},
                   .priority = {true, 2, "fair", 0.5F},
                   .start_delay = 8s};
  input.schedule_time = at(-9);
  input.input = "10";
  input.header = "11";
  input.user_metadata = "12";
  input.search_attributes = "13";
  input.links = {"14", ""};
  return input;
}

}  // namespace

TEST_CASE("progress comes back as it was", "[server][record]") {
  std::string bytes = "what stood there before";
  encode_progress(kRow, every_progress_field(), bytes);
  CHECK((decode_progress(kRow, bytes).value() == every_progress_field()));
  SECTION("also when most of it is empty, after a full one") {
    encode_progress(kRow, {}, bytes);
    CHECK((decode_progress(kRow, bytes).value() == ActivityProgress{}));
  }
}

TEST_CASE("input comes back as it was", "[server][record]") {
  std::string bytes;
  encode_input(kRow, every_input_field(), bytes);
  CHECK((decode_input(kRow, bytes).value() == every_input_field()));
  encode_input(kRow, {}, bytes);
  CHECK((decode_input(kRow, bytes).value() == ActivityInput{}));
}

TEST_CASE("failures and details come back as they were", "[server][record]") {
  std::string bytes;
  encode_failure(kRow, every_failure_field(), bytes);
  CHECK(decode_failure(kRow, bytes).value() == every_failure_field());
  encode_details(kRow, std::string_view("\0\xff", 2), bytes);
  CHECK(decode_details(kRow, bytes).value() == std::string("\0\xff", 2));
}

TEST_CASE("a closed activity comes back as it was", "[server][record]") {
  std::string bytes;
  const Outcome failed{.retry_state = RetryState::kTimeout, .has_failure = true, .failure = every_failure_field()};
  encode_closed(kRow, every_progress_field(), failed, bytes);
  CHECK((decode_closed(kRow, bytes).value().progress == every_progress_field()));
  CHECK((decode_closed(kRow, bytes).value().outcome == failed));
  const Outcome completed{.result = "42"};
  encode_closed(kRow, {}, completed, bytes);
  CHECK((decode_closed(kRow, bytes).value().outcome == completed));
}

TEST_CASE("namespaces and facts about the file come back as they were", "[server][record]") {
  std::string bytes;
  const NamespaceRecord record{.number = 3, .name = "default", .id = {1, 2}, .retention = 24h, .create_time = at(5)};
  encode_namespace(kRow, record, bytes);
  CHECK((decode_namespace(kRow, bytes).value() == record));
  const MetaRecord meta{.format_version = 1, .cluster_id = {9}, .next_row = ~0ULL};
  encode_meta(kRow, meta, bytes);
  CHECK((decode_meta(kRow, bytes).value() == meta));
}

TEST_CASE("a row that holds something else is refused by name", "[server][record]") {
  std::string bytes;
  SECTION("when it is no message") {
    seal(kRow, "\xff\xff\xff", bytes);
    CHECK(to_string(decode_progress(kRow, bytes).error()) ==
          "DATA_LOSS: progress row 99 holds no record: its body cannot be parsed");
  }
  SECTION("when a number means nothing here") {
    seal(kRow, "\x08\x63", bytes);  // Field 1, the phase: 99.
    CHECK(to_string(decode_progress(kRow, bytes).error()) ==
          "DATA_LOSS: progress row 99 holds a number that this server does not know");
  }
  SECTION("when the seal is broken") {
    encode_progress(kRow, {}, bytes);
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    CHECK_FALSE(decode_progress(kRow, bytes).ok());
  }
}

TEST_CASE("a field of a later server is skipped", "[server][record]") {
  std::string bytes;
  seal(kRow,
       std::string("\x08\x02\xfa\x3f\x03"
                   "new",
                   8),
       bytes);  // The phase, and field 1023 with three bytes.
  CHECK(decode_progress(kRow, bytes).value().phase == Phase::kStarted);
}

}  // namespace longbeat::server
