#pragma once
#include <chrono>
#include <functional>

#include "outbound/outbound.h"
#include "outbound/url.h"

namespace longbeat::server {

struct HttpAttempt {
  OutboundResult result{};
  bool unreachable = false;  ///< no answer at all: other calls to this target would fare the same
};

/// One POST on this thread. `opened` hears of each socket before it connects; shutting it down ends the call.
HttpAttempt http_post(const OutboundCall& call, const Url& url, std::chrono::milliseconds timeout,
                      const std::function<void(int socket)>& opened);

/// What can stand in an HTTP header: anything else could forge other headers.
bool is_header(std::string_view name, std::string_view value);

}  // namespace longbeat::server
