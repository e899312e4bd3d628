#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "core/service_stub.h"
#include "longbeat/errors.h"
#include "simulation/observer.h"
#include "simulation/world.h"

namespace longbeat::simulation {

/// What may become of values that take long to encode, or cannot be encoded: newer details never go before older ones,
/// and while they are not ready older ones keep the lease; a result arrives as the function returned it, or is told as
/// what became of it. Tokens name attempts.
class CodecWitness {
 public:
  CodecWitness(World& world, Fail fail) : world_(world), fail_(std::move(fail)) {}

  // --- Codecs ---
  /// `part`: "details", "result" or "failure".
  void encoding_failed(const std::string& token, const std::string& part);
  void decoding_failed(const std::string& process) { decoding_failed_at_[process] = world_.now(); }

  /// Told of attempts whose details cannot be encoded.
  std::function<void(const std::string& token)> broken_details{};

  // --- Attempts ---
  /// `has_codecs`: what it reports must be sealed.
  void begun(const internal::ActivityTask& task, const std::string& process, bool has_codecs);
  /// Its code puts a value into a heartbeat.
  void beats(const std::string& token) { attempts_[token].called_at = world_.now(); }
  /// Somebody else may beat for it from now on.
  void handed_over(const std::string& token) { attempts_[token].handed_over = true; }
  void returned(const std::string& token, std::uint64_t count) { attempts_[token].result = count; }
  /// The code has looked whether it should stop.
  void looked(const std::string& token);
  /// It has found its lease lost, for want of heartbeats alone.
  void lease_lost(const std::string& token);
  /// What it does counts no more.
  void over(const std::string& token) { attempts_[token].over = true; }

  // --- What its worker sends, and is told ---
  void beat_sent(const std::string& token, const Payloads& details);
  void beat_answered(const std::string& token, bool accepted);
  void completion_sent(const std::string& token, const Payloads& result);
  void failure_sent(const std::string& token, const std::string& type);
  void frozen(const std::string& process, TimePoint until) { frozen_until_[process] = until; }

 private:
  struct Attempt {
    std::string name{}, process{};
    bool has_codecs = false, handed_over = false;
    Nanoseconds heartbeat{0};
    TimePoint received_at{};
    std::optional<TimePoint> called_at{};  ///< the code has beaten, and nothing has left since
    std::optional<TimePoint> sent_at{};    ///< the latest beat
    TimePoint free_at{};                   ///< it was answered; max: it is under way, or was not accepted
    std::uint64_t sent = 0;                ///< the newest details that have left
    std::optional<std::uint64_t> result{};
    bool details_failed = false, result_failed = false, over = false;
  };
  /// Up to this moment.
  void check_beat(const Attempt& attempt, TimePoint now) const;

  World& world_;
  Fail fail_;
  std::map<std::string, Attempt> attempts_{};
  std::map<std::string, TimePoint> decoding_failed_at_{}, frozen_until_{};  ///< by process
};

}  // namespace longbeat::simulation
