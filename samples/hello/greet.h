#pragma once
#include <longbeat/activity.h>
#include <longbeat/json.h>

#include <string>

inline constexpr longbeat::Activity<std::string(std::string name)> greet{"greet"};
