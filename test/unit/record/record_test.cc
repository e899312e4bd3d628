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
          .interval_from_worker = true,
          .pending_reset = {true, true, true},
          .notes = std::make_shared<const OperatorNotes>(OperatorNotes{.cancel_request_id = "17",
                                                                       .terminate_request_id = "t",
                                                                       .pause_request_id = "p",
                                                                       .unpause_request_id = "u",
                                                                       .reset_request_id = "r",
                                                                       .update_request_id = "o",
                                                                       .cancel_identity = "18",
                                                                       .cancel_reason = "19\xff",
                                                                       .cancel_details = std::string("2\0", 2),
                                                                       .pause_identity = "i",
                                                                       .pause_reason = "w\xfe",
                                                                       .paused_before_first_dispatch = true})};
}

/// As protobuf writes a field that is bytes, numbers below 16 only need one byte of key.
std::string field(int number, std::string_view bytes) {
  std::string out;
  const int key = number << 3 | 2;
  if (key < 128) {
    out.push_back(static_cast<char>(key));
  } else {
    out.push_back(static_cast<char>((key & 127) | 128));
    out.push_back(static_cast<char>(key >> 7));
  }
  out.push_back(static_cast<char>(bytes.size()));
  return out.append(bytes);
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
  ActivityOptions original = input.options;
  original.task_queue = "before";
  original.priority = {};
  input.original_options = std::make_shared<const ActivityOptions>(original);
  input.attached = {{"15", {"16", "17"}}, {"", {}}};
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

TEST_CASE("notes come back whether or not they say anything", "[server][record]") {
  std::string bytes;
  ActivityProgress progress;
  for (const OperatorNotes& notes :
       {OperatorNotes{}, OperatorNotes{.cancel_reason = "c"}, OperatorNotes{.update_request_id = "u"}}) {
    progress.notes = std::make_shared<const OperatorNotes>(notes);
    encode_progress(kRow, progress, bytes);
    CHECK((decode_progress(kRow, bytes).value() == progress));
  }
  encode_closed(kRow, {}, {}, bytes);
  CHECK(decode_closed(kRow, bytes).value().progress.notes == nullptr);
}

TEST_CASE("a row of the first servers still reads", "[server][record]") {
  std::string bytes;
  SECTION("with a cancel request, which is now a note") {
    const std::string cancel_requested("\x80\x01\x01", 3);
    seal(kRow,
         std::string("\x08\x03\x10\x02\x18\x04\x20\x04", 8) + field(13, "worker") + cancel_requested +
             field(17, "request") + field(18, "me") + field(19, "why") + field(20, "payloads"),
         bytes);
    const ActivityProgress progress = decode_progress(kRow, bytes).value();
    CHECK(progress.phase == Phase::kCancelRequested);
    CHECK(progress.attempt == 2);
    CHECK(progress.started_stamp == 4);
    CHECK(progress.worker_identity == "worker");
    CHECK(progress.cancel_requested);
    CHECK((*progress.notes == OperatorNotes{.cancel_request_id = "request",
                                            .cancel_identity = "me",
                                            .cancel_reason = "why",
                                            .cancel_details = "payloads"}));
    CHECK((progress.pending_reset == PendingReset{}));
  }
  SECTION("without one") {
    seal(kRow, std::string("\x08\x02\x10\x01\x18\x01\x20\x01", 8) + field(13, "worker"), bytes);
    const ActivityProgress progress = decode_progress(kRow, bytes).value();
    CHECK(progress.phase == Phase::kStarted);
    CHECK(progress.notes == nullptr);
  }
  SECTION("of input, whose options are those of the start") {
    seal(kRow, field(2, "order-7") + field(7, field(1, "q")) + field(13, "link"), bytes);
    const ActivityInput input = decode_input(kRow, bytes).value();
    CHECK(input.options.task_queue == "q");
    CHECK(input.original_options == nullptr);
    CHECK(input.attached.empty());
  }
  SECTION("of a namespace, which is registered") {
    seal(kRow, std::string("\x08\x03", 2) + field(2, "default"), bytes);
    const NamespaceRecord record = decode_namespace(kRow, bytes).value();
    CHECK(record.name == "default");
    CHECK(record.state == NamespaceState::kRegistered);
    CHECK(record.search_attributes.empty());
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
  const NamespaceRecord record{.number = 3,
                               .name = "default",
                               .id = {1, 2},
                               .retention = 24h,
                               .create_time = at(5),
                               .description = "d\xff",
                               .owner_email = "e",
                               .data = {{"", "1"}, {"k", ""}},
                               .state = NamespaceState::kDeleted,
                               .search_attributes = {{"First", 1}, {"Last", 7}}};
  encode_namespace(kRow, record, bytes);
  CHECK((decode_namespace(kRow, bytes).value() == record));
  const MetaRecord meta{.format_version = 1, .cluster_id = {9}, .next_row = ~0ULL};
  encode_meta(kRow, meta, bytes);
  CHECK((decode_meta(kRow, bytes).value() == meta));
}

TEST_CASE("callbacks come back as they were, in their order", "[server][record]") {
  std::string bytes;
  const std::vector<CallbackState> callbacks{{.request_id = "1",
                                              .message = "2\xff",
                                              .url = "3",
                                              .registration_time = at(4),
                                              .phase = CallbackPhase::kBlocked,
                                              .attempt = 6,
                                              .last_attempt_complete_time = at(7),
                                              .next_attempt_time = at(8),
                                              .last_failure = "9",
                                              .last_failure_final = true,
                                              .blocked_reason = "11"},
                                             {}};
  encode_callbacks(kRow, callbacks, bytes);
  CHECK((decode_callbacks(kRow, bytes).value() == callbacks));
  encode_callbacks(kRow, {}, bytes);
  CHECK(decode_callbacks(kRow, bytes).value().empty());
}

TEST_CASE("the configuration of a task queue comes back as it was", "[server][record]") {
  std::string bytes;
  const TaskQueueConfigRecord record{.namespace_id = 1,
                                     .name = "q\xff",
                                     .type = 2,
                                     .queue_rate = {0.0F, "why", "me", at(3)},
                                     .fairness_default_rate = {std::nullopt, "no limit", "", at(4)},
                                     .fairness_weights = {{"", 0.5F}, {"big", 100.0F}}};
  encode_task_queue_config(kRow, record, bytes);
  CHECK((decode_task_queue_config(kRow, bytes).value() == record));
  encode_task_queue_config(kRow, {}, bytes);
  CHECK((decode_task_queue_config(kRow, bytes).value() == TaskQueueConfigRecord{}));
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
  SECTION("when a callback's phase, a namespace's state or a search attribute's type means nothing here") {
    for (const char* phase : {"\x28\x09", "\x28\x7f"}) {  // Field 5.
      seal(kRow, field(1, phase), bytes);
      CHECK(decode_callbacks(kRow, bytes).error().code == internal::StatusCode::kDataLoss);
    }
    seal(kRow, field(1, ""), bytes);  // No phase at all.
    CHECK_FALSE(decode_callbacks(kRow, bytes).ok());
    seal(kRow, "\x48\x04", bytes);  // Field 9.
    CHECK_FALSE(decode_namespace(kRow, bytes).ok());
    seal(kRow, field(10, field(1, "Name") + "\x10\x08"), bytes);
    CHECK_FALSE(decode_namespace(kRow, bytes).ok());
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
