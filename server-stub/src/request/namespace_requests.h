#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "request/requests.h"

namespace longbeat::server {

struct DescribeNamespaceRequest {
  std::string namespace_name{}, id{};
};
struct RegisterNamespaceRequest {
  std::string namespace_name{}, description{}, owner_email{};
  std::optional<RawDuration> retention{};
  std::map<std::string, std::string> data{};
  bool is_global = false;
};
struct ListNamespacesRequest {
  std::int32_t page_size = 0;
  std::string page_token{};
  bool include_deleted = false;
};
struct UpdateNamespaceRequest {
  std::string namespace_name{};
  struct Info {
    std::string description{}, owner_email{};
    std::map<std::string, std::string> data{};
    std::int32_t state = 0;  ///< enums.NamespaceState; 0: unchanged
  };
  std::optional<Info> info{};
  bool has_config = false;
  std::optional<RawDuration> retention{};
};
struct DeprecateNamespaceRequest {
  std::string namespace_name{};
};
/// OperatorService.DeleteNamespace; by name or by ID.
struct DeleteNamespaceRequest {
  std::string namespace_name{}, id{};
  std::optional<RawDuration> delay{};
};

struct ListSearchAttributesRequest {
  std::string namespace_name{};
};
struct AddSearchAttributesRequest {
  std::string namespace_name{};
  std::map<std::string, std::int32_t> attributes{};  ///< name → enums.IndexedValueType
};
struct RemoveSearchAttributesRequest {
  std::string namespace_name{};
  std::vector<std::string> names{};
};

}  // namespace longbeat::server
