#pragma once
#include <optional>

#include "core/public_policy.h"
#include "core/service_stub.h"
#include "core/wire_format.h"
#include "longbeat/activity_list.h"
#include "longbeat/operator_options.h"
#include "longbeat/server_info.h"
#include "longbeat/start_options.h"

// Between the public types and the wire's terms. Enums of a newer server become kUnspecified.

namespace longbeat::internal {

RetryPolicyFields to_fields(const RetryPolicy& policy);
PriorityFields to_fields(const Priority& priority);
CallbackFields to_fields(const CompletionCallback& callback);
LinkFields to_fields(const Link& link);

std::optional<longbeat::DeploymentVersion> public_form(const std::optional<DeploymentVersionFields>& from);
Link public_form(LinkFields fields);
ActivityOptions public_form(ActivityOptionsFields fields);
/// Decodes, so where user code may run.
longbeat::ActivityDescription public_form(ActivityDescription from, const WireFormat& format,
                                          const DataConverter& converter);
ActivityListPage public_form(ActivityPage from);
ActivityCount public_form(ActivityCountFields from);

longbeat::TaskQueueDescription public_form(TaskQueueDescription from);
WorkerListPage public_form(WorkerPage from);
longbeat::WorkerDescription public_form(WorkerDescription from);
NamespaceDescription public_form(NamespaceInfo from);

/// A number of the protocol as the enum whose greatest value is `last`.
template <class Enum>
Enum known(std::int32_t number, Enum last) {
  return number >= 0 && number <= static_cast<std::int32_t>(last) ? static_cast<Enum>(number) : Enum{};
}

}  // namespace longbeat::internal
