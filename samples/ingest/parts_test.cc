#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <system_error>

#include "package_db.h"
#include "stanza_reader.h"
#include "support/catch.h"

namespace {

/// A folder that goes with the test.
struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("longbeat-ingest-" + std::to_string(::getpid()));
  Folder() {
    std::filesystem::remove_all(path);  // Of a process that was killed and had the same number.
    std::filesystem::create_directories(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string file(const std::string& name, const std::string& content) const {
    std::ofstream(path / name, std::ios::binary) << content;
    return path / name;
  }
};

constexpr char kTwo[] =
    "Package: bash\nVersion: 5.2\nArchitecture: amd64\nPre-Depends: libc6 (>= 2.36)\nDepends: base-files, debianutils "
    "| libc6\n"
    "Description: shell\n indented: line\n\nPackage: dash\nVersion: 0.5\nArchitecture: amd64\n";

}  // namespace

TEST_CASE("dependency_names takes names out of a Depends field", "[samples]") {
  using Names = std::vector<std::string>;
  CHECK(dependency_names("a (>= 1), c:any | b") == Names{"a", "b", "c"});
  CHECK(dependency_names("a, a (<< 2)") == Names{"a"});
  CHECK(dependency_names("") == Names{});
  CHECK(dependency_names(" , |,") == Names{});
}

TEST_CASE("a stanza reader", "[samples]") {
  const Folder folder;
  const auto path = folder.file("Packages", kTwo);
  SECTION("gives stanzas in order, then nothing") {
    StanzaReader in(path, 0);
    const auto bash = in.next();
    REQUIRE(bash);
    CHECK(bash->package == "bash");
    CHECK(bash->dependencies == std::vector<std::string>{"base-files", "debianutils", "libc6"});
    const auto dash = in.next();
    REQUIRE(dash);
    CHECK(dash->package == "dash");
    CHECK_FALSE(in.next());
    CHECK(in.offset() == std::string(kTwo).size());
  }
  SECTION("goes on at an earlier offset") {
    StanzaReader first(path, 0);
    REQUIRE(first.next());
    StanzaReader second(path, first.offset());
    const auto dash = second.next();
    REQUIRE(dash);
    CHECK(dash->package == "dash");
  }
  SECTION("takes empty lines between stanzas and at the end") {
    StanzaReader in(folder.file("gaps", "\n\nPackage: a\n\n\n\nPackage: b\n\n\n"), 0);
    CHECK(in.next()->package == "a");
    CHECK(in.next()->package == "b");
    CHECK_FALSE(in.next());
  }
  SECTION("refuses what is no package index, by name and with what it expected") {
    const auto refusal = [&](const std::string& content, std::size_t good) {
      StanzaReader in(folder.file("some.txt", content), 0);
      for (std::size_t i = 0; i < good; ++i) REQUIRE(in.next());
      try {
        in.next();
      } catch (const std::system_error& error) {
        CHECK_THAT(error.what(), ContainsSubstring("some.txt") && ContainsSubstring("'Package: NAME'"));
        return std::string(error.what());
      }
      return std::string("taken");
    };
    CHECK_THAT(refusal("", 0), ContainsSubstring("is empty"));
    CHECK_THAT(refusal("\n\n", 0), ContainsSubstring("has only empty lines"));
    CHECK_THAT(refusal("Dear reader,\nthis is a letter.\n", 0), ContainsSubstring("has no package at byte 0"));
    CHECK_THAT(refusal("A: b\n\nPackage: c\n", 0), ContainsSubstring("has no package at byte 0"));
    CHECK_THAT(refusal("Package: a\n\nVersion: 1\n", 1), ContainsSubstring("has no package at byte 12"));
    CHECK_THAT(refusal(std::string(2'000'000, 'x'), 0), ContainsSubstring("more than a megabyte"));
  }
  SECTION("names a file it cannot open") {
    CHECK_THROWS_WITH(StanzaReader("/nonexistent/Packages", 0), ContainsSubstring("/nonexistent/Packages"));
  }
}

TEST_CASE("the package database", "[samples]") {
  const Folder folder;
  const std::string path = folder.path / "packages.db";
  const std::vector<Stanza> stanzas{{"bash", "5.2", "amd64", {"base-files", "libc6"}}, {"dash", "0.5", "amd64", {}}};
  PackageDb db(path);
  CHECK(db.offset() == 0);
  db.store(stanzas, 100);
  SECTION("is not changed by storing the same again") {
    db.store(stanzas, 100);
    CHECK(db.package_count() == 2);
    CHECK(db.dependency_count() == 2);
  }
  SECTION("keeps packages and offset when it is opened again") {
    PackageDb again(path);
    CHECK(again.offset() == 100);
    CHECK(again.package_count() == 2);
  }
  SECTION("never goes back in its offset") {
    db.store({}, 50);
    CHECK(db.offset() == 100);
  }
  SECTION("lists where attempts began") {
    db.note_attempt({2, 40, 100});
    const auto attempts = db.attempts();
    REQUIRE(attempts.size() == 1);
    CHECK(attempts[0].checkpoint_offset == 40);
    CHECK(attempts[0].database_offset == 100);
  }
}

TEST_CASE("a database in a folder that does not exist is refused by name", "[samples]") {
  CHECK_THROWS_WITH(PackageDb("/nonexistent/packages.db"), ContainsSubstring("/nonexistent/packages.db"));
}
