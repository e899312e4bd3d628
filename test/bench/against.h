#pragma once
#include <string>

#include "bench/measure.h"

namespace longbeat::bench {

struct AgainstOptions {
  /// HOST:PORT of a server that speaks the protocol, without TLS.
  std::string address{};
  /// Where its activities go. Ours take "default" on our own side.
  std::string namespace_name = "default";
  /// Only loads whose line begins so.
  std::string only{};
  MeasureOptions measure{};
};

/// The same loads on a server of ours, on a file, and on the other one, in turn; prints a table. Returns 1 when one
/// side did nothing of a load. Throws std::invalid_argument for an address that is none, std::runtime_error when the
/// other server cannot be measured.
int run_against(const AgainstOptions& options);

}  // namespace longbeat::bench
