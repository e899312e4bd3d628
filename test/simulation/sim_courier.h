#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "core/courier.h"
#include "longbeat/wire_codec.h"
#include "simulation/codec_witness.h"
#include "simulation/world.h"

namespace longbeat::simulation {

/// What codecs do while there is trouble.
struct CodecFaults {
  bool slow = false;          ///< some take seconds, some minutes
  std::uint32_t failing = 0;  ///< chance in percent
};

/// Runs jobs after a moment of virtual time: those of one kind and key in order, others beside them, as on the threads
/// of the real one. Some take long.
class SimCourier final : public internal::Courier {
 public:
  SimCourier(World& world, SimLoop& loop) : world_(world), loop_(loop) {}
  void post(internal::CourierJob kind, std::uint64_t key, std::function<void()> job) override;

  /// May be null: then jobs take seconds at most.
  const CodecFaults* faults = nullptr;
  /// The attempt of this token has begun; its jobs come under this key.
  void begun(const std::string& token, std::uint64_t key) { keys_[token] = key; }
  /// A conversion of this attempt has been under way for longer than one of the quick ones takes.
  bool is_busy(const std::string& token) const;
  /// Any has.
  bool is_busy() const;

 private:
  Nanoseconds duration(internal::CourierJob kind, std::uint64_t owner);
  bool is_long(const std::multiset<TimePoint>& since) const;

  World& world_;
  SimLoop& loop_;
  std::map<std::pair<internal::CourierJob, std::uint64_t>, TimePoint> free_at_{};
  std::map<std::uint64_t, std::multiset<TimePoint>> converting_{};  ///< by owner: since when
  std::map<std::string, std::uint64_t> keys_{};                     ///< by token
};

/// Seals what leaves a worker and opens what comes, and fails at times. How long that takes is the courier's.
class SimCodec final : public WireCodec {
 public:
  SimCodec(World& world, const CodecFaults& faults, CodecWitness& witness, std::string process)
      : dice_(world.new_dice()), faults_(faults), witness_(witness), process_(std::move(process)) {}
  Result<Payloads> encode(Payloads payloads) override;
  Result<Payloads> decode(Payloads payloads) override;

 private:
  Random dice_;
  const CodecFaults& faults_;
  CodecWitness& witness_;
  std::string process_;
};

}  // namespace longbeat::simulation
