#include <longbeat/client.h>
#include <longbeat/json.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "../common/command_line.h"

int main(int argc, char** argv) try {
  const auto client = longbeat::Client::connect({.address = address_of(argc, argv)}).value();
  std::ifstream ticket("longbeat-ticket", std::ios::binary);
  if (!ticket) {
    std::cerr << "there is no ticket in this folder\n";
    return 1;
  }
  const std::string token{std::istreambuf_iterator<char>(ticket), {}};

  const auto activity = client.async_activity(longbeat::TaskToken{token});
  if (auto done = activity.complete("approved"); !done) {
    // Completed before, canceled, timed out: whoever waited knows already.
    const bool too_late = done.error().code == longbeat::ErrorCode::kNotFound;
    std::cerr << (too_late ? "too late: " : "") << done.error() << "\n";
    return 1;
  }
  std::cout << "approved\n";
} catch (const longbeat::ResultError& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
