// The activity as both sides see it: included by whoever starts it and by whoever runs it.
#pragma once
#include <longbeat/activity.h>
#include <longbeat/json.h>

#include <cstdint>
#include <string>

/// What a heartbeat carries. Every byte before `offset` is in the database, and the counts belong to that offset.
struct Progress {
  std::uint64_t offset = 0;
  std::uint64_t packages = 0;
  std::uint64_t dependencies = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Progress, offset, packages, dependencies)

struct Summary {
  std::uint64_t packages = 0;
  std::uint64_t dependencies = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Summary, packages, dependencies)

/// Reads a Debian package index and writes packages and their dependencies into a SQLite database. Reads at most
/// bytes_per_second; zero means as fast as it can.
inline constexpr longbeat::Activity<Summary(std::string packages_file, std::string database,
                                            std::uint64_t bytes_per_second)>
    ingest{"ingest"};
