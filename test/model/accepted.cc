#include "model/accepted.h"

namespace longbeat::model {

// {.act = "fail", .fact = "answer", .model = "…", .server = "…", .why = "conformance.md says either"}
std::span<const Accepted> accepted_of_temporal() {
  return {};
}

}  // namespace longbeat::model
