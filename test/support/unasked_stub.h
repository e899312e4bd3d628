#pragma once
#include "testing/refusing_stub.h"

namespace longbeat::test {

/// The stub of fakes that override what they serve.
class UnaskedStub : public internal::RefusingStub {
 public:
  UnaskedStub() : RefusingStub("the test did not expect this call") {}

  template <class T>
  using Done = internal::Done<T>;
  using CallId = internal::CallId;
  using Nanoseconds = internal::Nanoseconds;
};

}  // namespace longbeat::test
