#include "hash_key.h"

#include <unistd.h>

#include <exception>
#include <iostream>
#include <string>
#include <string_view>

#include "security/key_hash.h"

namespace longbeat::server {
namespace {

constexpr int kExitRefused = 2;

constexpr std::string_view kHelp =
    "Usage: longbeat-server hash-key [--new]\n\n"
    "Reads an API key from standard input, one line, and prints its hash, which goes into [keys.NAME] of the\n"
    "configuration. With --new makes a random key and prints both; only the hash is kept anywhere.\n";

int refuse(const std::string& reason) {
  std::cerr << "longbeat-server: hash-key: " << reason << '\n';
  return kExitRefused;
}

int print_new() {
  const std::string key = make_key();
  std::cout << "key:  " << key << "\nhash: " << to_text(hash_of_key(key)) << std::endl;
  return std::cout ? 0 : refuse("cannot write");
}

int print_hash() {
  if (::isatty(STDIN_FILENO) != 0) std::cerr << "the key, on one line:\n";
  std::string key;
  std::getline(std::cin, key);
  if (key.ends_with('\r')) key.pop_back();
  if (const std::string wrong = check_key(key); !wrong.empty()) return refuse(wrong);
  std::cout << to_text(hash_of_key(key)) << std::endl;
  return std::cout ? 0 : refuse("cannot write");
}

}  // namespace

int hash_key(int count, char** arguments) try {
  if (count == 0) return print_hash();
  const std::string_view first = arguments[0];
  // What else stands there may be the key itself: it is not repeated.
  if (count > 1) return refuse("takes no other argument than --new; the key comes from standard input");
  if (first == "--new") return print_new();
  if (first == "--help" || first == "-h") return std::cout << kHelp, 0;
  return refuse("takes no other argument than --new; the key comes from standard input");
} catch (const std::exception& error) {
  return refuse(error.what());
}

}  // namespace longbeat::server
