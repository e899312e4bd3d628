#pragma once
#include <functional>
#include <vector>

#include "model/step.h"

namespace longbeat::model {

/// Which of these traces still differ; they may be played at once.
using StillDiffers = std::function<std::vector<bool>(const std::vector<Trace>&)>;

/// A trace that differs too, with as few steps as were found to be enough: half of them are left out, then a quarter,
/// then each alone, then waits get shorter. What proves nothing any more is not played.
Trace shrink(Trace trace, const StillDiffers& still_differs);

}  // namespace longbeat::model
