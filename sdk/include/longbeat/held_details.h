#pragma once
/// Heartbeat details on their way. Internals of activity_context.h and async_activity.h.
#include <cstdint>
#include <tuple>

#include "longbeat/data_converter.h"
#include "longbeat/export.h"
#include "longbeat/payload.h"
#include "longbeat/result.h"

namespace longbeat::internal {

/// Heartbeat details as the activity gave them; encoded later, away from the activity's thread and from the event loop.
struct LONGBEAT_EXPORT DetailsValue {
  virtual ~DetailsValue() = default;
  virtual Result<Payloads> encode(const DataConverter& converter) const = 0;
  std::uint64_t sequence = 0;
};

template <class... Values>
struct HeldDetails final : DetailsValue {
  template <class... Given>
  explicit HeldDetails(const Given&... given) : values(given...) {}
  Result<Payloads> encode(const DataConverter& converter) const override {
    return std::apply([&](const Values&... each) { return converter.to_payloads(each...); }, values);
  }
  std::tuple<Values...> values;
};

}  // namespace longbeat::internal
