#pragma once
#include <span>
#include <string_view>

namespace longbeat::model {

/// A difference between the protocol as we have it and a server that somebody else wrote, looked at and found harmless.
/// An empty field stands for anything.
struct Accepted {
  std::string_view act{}, fact{}, model{}, server{};
  std::string_view why{};
};

/// What a real Temporal server may do otherwise. Our own server may not.
std::span<const Accepted> accepted_of_temporal();

}  // namespace longbeat::model
