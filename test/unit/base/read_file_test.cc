#include "base/read_file.h"

#include <filesystem>
#include <fstream>

#include "support/catch.h"
#include "support/temporary_directory.h"

using longbeat::internal::read_beginning;

TEST_CASE("the beginning of a file", "[base][file]") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("a");
  const auto refusal = [&](const std::string& of) {
    const auto read = read_beginning(of, 10);
    REQUIRE_FALSE(read);
    return read.error().message;
  };
  SECTION("is all of it when it is not longer, whatever it holds") {
    const std::string text("a\0b\xff\n", 5);
    std::ofstream(path, std::ios::binary) << text;
    CHECK(read_beginning(path, 10).value() == text);
    CHECK(read_beginning(path, 5).value() == text);
    CHECK(read_beginning(path, 4).value() == text.substr(0, 4));
    CHECK(read_beginning(path, 0).value().empty());
  }
  SECTION("takes no more memory than its text") {
    std::ofstream(path) << std::string(100'000, 'x');
    CHECK(read_beginning(path, 4 * 1024 * 1024).value() == std::string(100'000, 'x'));
    CHECK(read_beginning(path, 4 * 1024 * 1024).value().capacity() < 110'000);
    CHECK(read_beginning(path, 50'000).value() == std::string(50'000, 'x'));
  }
  SECTION("of an empty one is empty") {
    std::ofstream(path).flush();
    CHECK(read_beginning(path, 10).value().empty());
  }
  SECTION("is refused with the system's reason") {
    CHECK(refusal(path) == "No such file or directory");
    CHECK(refusal(directory.file("")) == "Is a directory");
  }
}
