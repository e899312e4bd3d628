#include "rpc/service_stub_link.h"

#include <utility>

#include "longbeat/export.h"
#include "rpc/convert_common.h"

namespace longbeat::internal {

CallId ServiceStubLink::send(const OutgoingCall& call, std::unique_ptr<Answer> answer) {
  const CallId id = next_call_++;
  LinkCall outgoing{std::string(kService) + call.rpc,        call.namespace_name, kSdkName, LONGBEAT_VERSION,
                    call.request.SerializePartialAsString(), call.timeout};  // proto3: no field is required.
  const std::shared_ptr<Answer> shared = std::move(answer);
  link_.call(id, std::move(outgoing), [shared, rpc = call.rpc](StatusOr<std::string> response) {
    if (!response) {
      shared->refused(std::move(response).error());
    } else if (!shared->message().ParsePartialFromString(*response)) {
      shared->refused(internal_error(std::string(rpc) + ": the response is not what it should be"));
    } else {
      shared->answered();
    }
  });
  return id;
}

}  // namespace longbeat::internal
