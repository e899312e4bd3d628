#pragma once
#include <map>
#include <string>
#include <vector>

#include "longbeat/export.h"

LONGBEAT_BEGIN

/// One encoded value as it travels: metadata["encoding"] names how `data` is to be read, for example "json/plain".
struct Payload {
  std::map<std::string, std::string> metadata{};
  std::string data{};

  friend bool operator==(const Payload&, const Payload&) = default;
};

/// Values in order: one payload an argument.
using Payloads = std::vector<Payload>;

LONGBEAT_END
