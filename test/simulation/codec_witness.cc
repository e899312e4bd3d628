#include "simulation/codec_witness.h"

#include <algorithm>

#include "simulation/witness.h"

namespace longbeat::simulation {

using namespace std::chrono_literals;

namespace {

constexpr Nanoseconds kAtOnce = 10ms;  ///< What follows at once may take this.

bool is_sealed(const Payloads& payloads) {
  return std::ranges::all_of(payloads, [](const Payload& one) {
    const auto sealed = one.metadata.find("sealed");
    return sealed != one.metadata.end() && sealed->second == "x";
  });
}

bool is_of(const Payloads& payloads, const std::string& token) {
  if (payloads.empty()) return false;
  const auto attempt = payloads[0].metadata.find("attempt");
  return attempt != payloads[0].metadata.end() && attempt->second == token;
}

/// So long a beat waits at most for its newest details.
Nanoseconds details_patience(Nanoseconds heartbeat) {
  return std::clamp<Nanoseconds>(heartbeat / 20, 5ms, 500ms);
}

}  // namespace

void CodecWitness::encoding_failed(const std::string& token, const std::string& part) {
  Attempt& attempt = attempts_[token];
  world_.trace("codec: cannot encode the " + part + " of " + attempt.name);
  attempt.details_failed |= part == "details";
  attempt.result_failed |= part == "result";
  if (part == "details" && broken_details) broken_details(token);
}

void CodecWitness::begun(const internal::ActivityTask& task, const std::string& process, bool has_codecs) {
  Attempt& attempt = attempts_[task.token];
  attempt.name = "attempt " + std::to_string(task.attempt) + " of " + task.activity_id;
  attempt.process = process;
  attempt.has_codecs = has_codecs;
  attempt.heartbeat = task.heartbeat;
  attempt.received_at = world_.now();
}

void CodecWitness::check_beat(const Attempt& attempt, TimePoint now) const {
  if (!attempt.called_at || attempt.handed_over || attempt.over || attempt.heartbeat == 0ns) return;
  if (attempt.free_at == TimePoint::max()) return;
  const auto frozen = frozen_until_.find(attempt.process);
  if (frozen != frozen_until_.end() && frozen->second + kAtOnce >= *attempt.called_at) return;
  TimePoint due = std::max(*attempt.called_at, attempt.free_at);
  if (attempt.sent_at) due = std::max(due, *attempt.sent_at + attempt.heartbeat / 10 * 8);
  if (now > due + details_patience(attempt.heartbeat) + kAtOnce) {
    fail_(attempt.name + " beats, and nothing leaves its worker");
  }
}

void CodecWitness::looked(const std::string& token) {
  check_beat(attempts_[token], world_.now());
}

void CodecWitness::lease_lost(const std::string& token) {
  Attempt& attempt = attempts_[token];
  const TimePoint stop = attempt.sent_at.value_or(attempt.received_at) + attempt.heartbeat / 100 * 95;
  check_beat(attempt, std::min(world_.now(), stop));
  attempt.over = true;
}

void CodecWitness::beat_sent(const std::string& token, const Payloads& details) {
  Attempt& attempt = attempts_[token];
  check_beat(attempt, world_.now());
  attempt.called_at.reset();
  attempt.sent_at = world_.now();
  attempt.free_at = TimePoint::max();
  const auto count = count_of(details);
  if (count < attempt.sent) {
    fail_(attempt.name + " sends details " + std::to_string(count) + " after " + std::to_string(attempt.sent));
  }
  attempt.sent = std::max(attempt.sent, count);
  if (attempt.has_codecs && is_of(details, token) && !attempt.handed_over && !is_sealed(details)) {
    fail_(attempt.name + " sends details that no codec has seen");
  }
}

void CodecWitness::beat_answered(const std::string& token, bool accepted) {
  if (accepted) attempts_[token].free_at = world_.now();
}

void CodecWitness::completion_sent(const std::string& token, const Payloads& result) {
  const Attempt& attempt = attempts_[token];
  if (!attempt.result) return fail_(attempt.name + " is reported completed, and its code has returned nothing");
  if (count_of(result) != *attempt.result) {
    fail_(attempt.name + " is reported completed with " + std::to_string(count_of(result)) + ", not with " +
          std::to_string(*attempt.result));
  }
  if (attempt.result_failed) fail_(attempt.name + " is reported completed, and its result could not be encoded");
  if (attempt.has_codecs && !is_sealed(result)) fail_(attempt.name + " sends a result that no codec has seen");
}

void CodecWitness::failure_sent(const std::string& token, const std::string& type) {
  const Attempt& attempt = attempts_[token];
  const auto undecoded = decoding_failed_at_.find(attempt.process);
  const bool may_be_undecoded = undecoded != decoding_failed_at_.end() && undecoded->second >= attempt.received_at;
  if (type == "WireCodecError" && !attempt.result_failed && !may_be_undecoded) {
    fail_(attempt.name + " fails for its codecs, which have not failed");
  }
  if (type == "HeartbeatDetailsError" && !attempt.details_failed) {
    fail_(attempt.name + " fails for its details, which were encoded");
  }
}

}  // namespace longbeat::simulation
