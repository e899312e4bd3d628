#pragma once
#include <google/protobuf/message.h>

#include <cstdint>
#include <random>
#include <string>

#include "fuzz/calls.h"

namespace longbeat::server::test {

/// Makes calls that mean something, and spoils them: the same from the same seed.
class Grammar {
 public:
  explicit Grammar(std::uint64_t seed) : random_(seed) {}

  /// A whole input of a few calls.
  std::vector<FuzzCall> calls();
  /// One call of a row that it chooses.
  FuzzCall call();
  /// One call of this row, with so many fields spoiled.
  FuzzCall call_of(std::uint8_t row, std::size_t spoiled);
  /// Sets fields so that the request means something more often than not. IDs come from small sets, so that calls meet;
  /// "$task", "$run", "$poll", "$page" and a digit stand for what earlier answers carried (fuzz_room.h).
  void fill(google::protobuf::Message& message, int depth = 0);
  /// Changes one field, of any depth: absent, huge, negative, unknown.
  void spoil(google::protobuf::Message& message);
  /// Some bytes more, fewer or other.
  void spoil(std::string& bytes);
  /// From [0, n).
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
  bool chance(int percent) { return below(100) < static_cast<std::size_t>(percent); }

 private:
  void fill_field(google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field, int depth);
  void spoil_field(google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field);
  std::string text_for(const google::protobuf::FieldDescriptor& field);
  std::string huge_text();
  std::string reference(const char* kind) {
    return "$" + std::string(kind) + std::to_string(chance(75) ? 0 : below(4));
  }
  std::string one_of(std::initializer_list<const char*> texts) { return *(texts.begin() + below(texts.size())); }

  std::mt19937_64 random_;
};

}  // namespace longbeat::server::test
