#pragma once
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>

/// The one argument of these samples, HOST:PORT of the server. Ends the program for --help, and with exit code 2 for
/// what it does not know.
inline std::string address_of(int argc, char** argv) {
  const std::string usage = "usage: " + std::filesystem::path(argv[0]).filename().string() + " [HOST:PORT]";
  const std::string address = argc > 1 ? argv[1] : "127.0.0.1:7233";
  if (address == "--help") {
    std::cout << usage << "\n";
    std::exit(0);
  }
  if (argc > 2 || address.starts_with('-')) {
    std::cerr << "unknown option '" << argv[argc > 2 ? 2 : 1] << "', " << usage << "\n";
    std::exit(2);
  }
  return address;
}
