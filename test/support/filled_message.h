#pragma once
#include <google/protobuf/message.h>

#include <chrono>
#include <string>
#include <vector>

/// Messages with every field set, so that a field nobody reads or writes shows.
namespace longbeat::test {

/// Sets every field of `message`, also inside: strings and bytes to the field's name, numbers to its number, enums to
/// their first value that is not zero, lists and maps to one element; the first member of each oneof. Times and
/// durations are filled_time() of their field's number.
void fill(google::protobuf::Message& message, int depth = 0);

/// Another one for each field of a message, so that it shows when two are swapped.
constexpr std::chrono::nanoseconds filled_time(int field_number) {
  return std::chrono::seconds(field_number) + std::chrono::nanoseconds(2);
}

/// Sets every enum of `message`, also inside, to a number that no version has defined.
void set_enums_to_unknown(google::protobuf::Message& message, int number);

/// The fields that are not set, also inside of those that are: "retry_policy.maximum_attempts". A oneof with one member
/// set counts as set.
std::vector<std::string> unset_fields(const google::protobuf::Message& message);

}  // namespace longbeat::test
