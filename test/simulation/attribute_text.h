#pragma once
#include <string>

#include "request/requests.h"
#include "simulation/query_model.h"

namespace longbeat::simulation {

/// Gives a start request this search attribute, as a caller's library would: once in the server's own form, and once as
/// common.SearchAttributes on the wire.
void put_attribute(server::StartRequest& request, const std::string& name, const FieldValue& value);

}  // namespace longbeat::simulation
