#pragma once
#include <cstdint>
#include <string>

namespace longbeat::server {

struct ListActivitiesRequest {
  std::string namespace_name{}, query{}, page_token{};
  std::int32_t page_size = 0;
};
struct CountActivitiesRequest {
  std::string namespace_name{}, query{};
};
/// ListWorkflowExecutions and CountWorkflowExecutions: there are none.
struct ListWorkflowsRequest {
  std::string namespace_name{};
};

}  // namespace longbeat::server
