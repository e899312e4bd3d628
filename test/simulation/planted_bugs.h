#pragma once
#include <span>
#include <string_view>

#include "base/planted.h"

namespace longbeat::simulation {

/// One of the bugs that can be planted into longbeat-simulate-planted.
struct PlantedBug {
  internal::Bug bug;
  std::string_view name;     ///< on the command line
  std::string_view promise;  ///< of design.md §6 that it breaks; "-": none of the ten, a rule of the part
  std::string_view what;
};

/// All of them, in the order of the enumeration.
std::span<const PlantedBug> planted_bugs();

/// From now on this bug is there, in this process; kNone: none.
void plant(internal::Bug bug);

}  // namespace longbeat::simulation
