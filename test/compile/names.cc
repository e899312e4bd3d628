// Names that the protocol does not take.
#include "compile/either.h"
#include "longbeat/activity.h"

using namespace longbeat;

// shown: longbeat: an activity needs a name
inline constexpr Activity<void()> kEmpty{EITHER("a", "")};
// shown: longbeat: names that begin with __temporal_ are reserved
inline constexpr Activity<void()> kReserved{EITHER("a", "__temporal_a")};
// shown: longbeat: an activity's name is printable ASCII
inline constexpr Activity<void()> kLine{EITHER("a b", "a\nb")};
