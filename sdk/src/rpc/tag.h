#pragma once

namespace longbeat::internal {

/// What waits on a completion queue for one event.
class Tag {
 public:
  virtual ~Tag() = default;
  /// The event has come. Runs on the loop; may delete the tag.
  virtual void proceed(bool ok) = 0;
};

}  // namespace longbeat::internal
