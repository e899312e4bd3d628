// Declarations that cannot travel.
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "compile/either.h"
#include "longbeat/activity.h"

using namespace longbeat;
using Text = std::string;
using View = std::string_view;

// expect: longbeat: activity arguments are values, not references
inline constexpr Activity<void(EITHER(Text, const Text&))> kReference{"a"};
// expect: longbeat: activity arguments cannot be raw pointers
inline constexpr Activity<void(int, EITHER(Text, const char*))> kPointer{"a"};
// expect: longbeat: activity arguments cannot be views or hold views or pointers; use std::string, std::vector
inline constexpr Activity<void(EITHER(Text, View))> kView{"a"};
// expect: longbeat: activity arguments cannot be views or hold views or pointers; use std::string, std::vector
inline constexpr Activity<void(EITHER(std::vector<std::byte>, std::span<const std::byte>))> kSpan{"a"};
// expect: longbeat: activity arguments cannot be views or hold views or pointers; use std::string, std::vector
inline constexpr Activity<void(EITHER(std::vector<Text>, std::vector<View>))> kViews{"a"};
// expect: longbeat: activity arguments cannot be views or hold views or pointers; use std::string, std::vector
inline constexpr Activity<void(std::map<Text, std::vector<EITHER(Text, const char*)>>)> kDeepPointers{"a"};
// expect: longbeat: activity arguments cannot be views or hold views or pointers; use std::string, std::vector
inline constexpr Activity<void(std::variant<int, std::optional<EITHER(Text, View)>>)> kVariant{"a"};
// expect: longbeat: activity arguments cannot be views or hold views or pointers; use std::string, std::vector
inline constexpr Activity<void(std::vector<EITHER(Text, std::reference_wrapper<Text>)>)> kWrappers{"a"};
// expect: longbeat: activity results are values
inline constexpr Activity<EITHER(Text, Text&)()> kResultReference{"a"};
// expect: longbeat: activity results are values
inline constexpr Activity<EITHER(Text, const char*)()> kResultPointer{"a"};
// expect: longbeat: activity results cannot be views or hold views or pointers; use std::string, std::vector
inline constexpr Activity<EITHER(Text, View)()> kResultView{"a"};
// expect: longbeat: activity results cannot be views or hold views or pointers; use std::string, std::vector
inline constexpr Activity<std::vector<EITHER(Text, View)>()> kResultViews{"a"};
// expect: longbeat: declare the activity with the value it gives; its handler may return a Result of it
inline constexpr Activity<EITHER(Text, Result<Text>)()> kResultOfResult{"a"};
