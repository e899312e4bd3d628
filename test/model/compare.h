#pragma once
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/accepted.h"
#include "model/model.h"

namespace longbeat::model {

/// The first step at which two players of one trace saw or heard different things.
struct Difference {
  std::size_t step = 0;
  std::string fact{};
  std::string model{}, server{};
};

/// Nothing: they agree, but for what is accepted.
std::optional<Difference> compare(const Trace& trace, const std::vector<Facts>& model, const std::vector<Facts>& server,
                                  std::span<const Accepted> accepted = {});
/// Where somebody who wrote the trace expected something else of one of them.
std::optional<Difference> unexpected(const Trace& trace, const std::vector<Facts>& answers);

/// The trace up to there, with the answers of both to the last step.
std::string report(const Trace& trace, const Difference& difference, const std::vector<Facts>& model,
                   const std::vector<Facts>& server);
/// Every step with what it shows.
std::string in_full(const Trace& trace, const std::vector<Facts>& answers);

/// Plays it against an engine on virtual time. Engines are made anew now and then.
std::vector<Facts> play_on_engine(const Trace& trace);

}  // namespace longbeat::model
