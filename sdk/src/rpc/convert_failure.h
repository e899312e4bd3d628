#pragma once
#include <temporal/api/failure/v1/message.pb.h>

#include "longbeat/failure.h"

namespace longbeat::internal {

namespace failure_pb = temporal::api::failure::v1;

/// Both ways with the chain of causes. Encoding stops after 50 causes, because receivers refuse messages nested deeper
/// than 100.
void to_proto(const Failure& from, failure_pb::Failure& to);
Failure from_proto(failure_pb::Failure&& from);

}  // namespace longbeat::internal
