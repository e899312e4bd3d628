#include "security/certificates.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/clock.h"
#include "security/file_watch.h"
#include "support/authority.h"
#include "support/catch.h"
#include "support/temporary_directory.h"

using namespace longbeat::server;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

/// Files of a server that work, to be spoilt.
struct Room {
  TemporaryDirectory folder{};
  Authority authority{};
  TlsFiles files{folder.file("server.pem"), folder.file("server.key"), ""};

  Room() { put(authority.issue()); }
  void put(const Identity& identity) {
    put_file(files.certificate, identity.certificate);
    put_file(files.key, identity.key);
    std::filesystem::permissions(files.key, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  auto load() const { return load_certificates(files, longbeat::internal::system_clock().wall_now()); }
  /// Why not, with the folder's name left out.
  std::string refusal() const {
    const auto loaded = load();
    if (loaded) return "it was taken";
    std::string text = loaded.error().message;
    const std::string path = folder.file("");
    for (auto at = text.find(path); at != std::string::npos; at = text.find(path)) text.erase(at, path.size());
    return text;
  }
};

}  // namespace

TEST_CASE("certificates that fit together are loaded", "[security][certificates]") {
  Room room;
  const auto loaded = room.load();
  REQUIRE(loaded);
  CHECK(loaded->certificate.starts_with("-----BEGIN CERTIFICATE"));
  CHECK(loaded->key.starts_with("-----BEGIN "));
  CHECK(loaded->client_ca.empty());
  const auto left = loaded->not_after - longbeat::internal::system_clock().wall_now();
  CHECK(left > 59min);
  CHECK(left < 61min);
  CHECK(loaded->notes.empty());
  SECTION("that end beyond what the clock can say, as those that never end do") {
    room.put(room.authority.issue({.ends = 24h * 365 * 7000}));
    REQUIRE(room.load());
    CHECK(room.load()->not_after == longbeat::internal::WallTime::max());
  }
  SECTION("with a note when everyone can read the key") {
    std::filesystem::permissions(room.files.key, std::filesystem::perms::others_read,
                                 std::filesystem::perm_options::add);
    REQUIRE(room.load()->notes.size() == 1);
    CHECK_THAT(room.load()->notes.front(), ContainsSubstring("server.key' can be read by every user"));
  }
  SECTION("with those in between") {
    put_file(room.files.certificate, loaded->certificate + room.authority.certificate());
    CHECK(room.load());
  }
  SECTION("with the authorities of clients") {
    room.files.client_ca = room.folder.file("ca.pem");
    put_file(room.files.client_ca, room.authority.certificate() + Authority("another").certificate());
    CHECK(room.load()->client_ca.size() > room.authority.certificate().size());
  }
}

TEST_CASE("the end of a certificate is told two weeks before, once a day", "[security][certificates]") {
  using longbeat::internal::WallTime;
  const TlsFiles files{"server.pem", "server.key", ""};
  const WallTime end{std::chrono::sys_days(std::chrono::year(2027) / 1 / 31)};
  ExpiryReminder reminder;
  CHECK_FALSE(reminder.note(files, end, end - 24h * 14));
  CHECK(reminder.note(files, end, end - 24h * 14 + 1s) ==
        "tls.certificate 'server.pem' expires at 2027-01-31T00:00:00Z");
  CHECK_FALSE(reminder.note(files, end, end - 24h * 13));
  CHECK(reminder.note(files, end, end - 24h * 13 + 1s));
  CHECK(reminder.note(files, end, end + 1s) == "tls.certificate 'server.pem' has expired at 2027-01-31T00:00:00Z");
  CHECK_FALSE(reminder.note(files, end + 24h * 365, end + 48h));
}

TEST_CASE("a file that cannot be used is refused by name and reason", "[security][certificates]") {
  Room room;
  const std::string certificate = room.load()->certificate, key = room.load()->key;
  SECTION("missing") {
    std::filesystem::remove(room.files.certificate);
    CHECK(room.refusal() == "tls.certificate 'server.pem': No such file or directory");
  }
  SECTION("too large") {
    put_file(room.files.certificate, std::string(4 * 1024 * 1024 + 1, 'a'));
    CHECK(room.refusal() == "tls.certificate 'server.pem': it is larger than 4 MiB");
  }
  SECTION("a folder") {
    room.files.key = room.folder.file("");
    CHECK(room.refusal() == "tls.key '': Is a directory");
  }
  SECTION("empty") {
    put_file(room.files.key, "");
    CHECK(room.refusal() == "tls.key 'server.key': it is empty");
  }
  SECTION("not set") {
    room.files.key.clear();
    CHECK(room.refusal() == "tls.key is not set: TLS takes both tls.certificate and tls.key");
  }
  SECTION("of another kind") {
    put_file(room.files.certificate, key);
    CHECK(room.refusal() == "tls.certificate 'server.pem': there is no certificate in PEM format in it");
    put_file(room.files.certificate, certificate);
    put_file(room.files.key, certificate);
    CHECK(room.refusal() == "tls.key 'server.key': there is no private key in PEM format in it");
    put_file(room.files.key, std::string("a\0b", 3));
    CHECK(room.refusal() == "tls.key 'server.key': no PEM file: it holds a zero byte");
  }
  SECTION("half written") {
    put_file(room.files.certificate, certificate.substr(0, certificate.size() / 2));
    CHECK_THAT(room.refusal(), ContainsSubstring("tls.certificate 'server.pem': certificate 1 is damaged"));
    put_file(room.files.certificate, certificate + certificate.substr(0, certificate.size() / 2));
    CHECK_THAT(room.refusal(), ContainsSubstring("tls.certificate 'server.pem': certificate 2 is damaged"));
    put_file(room.files.certificate, certificate);
    put_file(room.files.key, key.substr(0, key.size() / 2));
    CHECK_THAT(room.refusal(), ContainsSubstring("tls.key 'server.key': the private key is damaged"));
  }
  SECTION("not a pair") {
    put_file(room.files.key, room.authority.issue().key);
    CHECK(room.refusal() ==
          "tls.key 'server.key': the key does not belong to the certificate in tls.certificate 'server.pem'");
  }
  SECTION("out of its time") {
    room.put(room.authority.issue({.begins = -48h, .ends = -24h}));
    CHECK_THAT(room.refusal(), ContainsSubstring("tls.certificate 'server.pem': the certificate has expired at 20"));
    room.put(room.authority.issue({.begins = 24h, .ends = 48h}));
    CHECK_THAT(room.refusal(),
               ContainsSubstring("tls.certificate 'server.pem': the certificate is not valid before 20"));
  }
  SECTION("no authority of clients") {
    room.files.client_ca = room.folder.file("ca.pem");
    CHECK(room.refusal() == "tls.client_ca 'ca.pem': No such file or directory");
    put_file(room.files.client_ca, key);
    CHECK(room.refusal() == "tls.client_ca 'ca.pem': there is no certificate in PEM format in it");
  }
  SECTION("an encrypted key") {
    put_file(room.files.key,
             "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIBvTBXBgkqhkiG9w0BBQ0wSjApBgkqhkiG9w0BBQwwHAQI\n"
             "-----END ENCRYPTED PRIVATE KEY-----\n");
    CHECK(room.refusal() ==
          "tls.key 'server.key': the key is encrypted; the server has nobody to ask for its password");
  }
}

TEST_CASE("a change of files shows once it has settled", "[security][watch]") {
  TemporaryDirectory folder;
  put_file(folder.file("a"), "one");
  FileMarks marks({folder.file("a"), folder.file("b")});
  CHECK_FALSE(marks.settled_anew());
  CHECK_FALSE(marks.settled_anew());
  SECTION("when one is replaced") {
    put_file(folder.file("a"), "two");
    CHECK_FALSE(marks.settled_anew());
    CHECK(marks.settled_anew());
    CHECK_FALSE(marks.settled_anew());
  }
  SECTION("when the other follows before the first has settled") {
    put_file(folder.file("a"), "two");
    CHECK_FALSE(marks.settled_anew());
    put_file(folder.file("b"), "two");
    CHECK_FALSE(marks.settled_anew());
    CHECK(marks.settled_anew());
  }
  SECTION("when one is written in place") {
    std::ofstream(folder.file("a"), std::ios::app) << "more";
    CHECK_FALSE(marks.settled_anew());
    CHECK(marks.settled_anew());
  }
  SECTION("when one goes, and when it comes back") {
    std::filesystem::remove(folder.file("a"));
    CHECK_FALSE(marks.settled_anew());
    CHECK(marks.settled_anew());
    put_file(folder.file("a"), "one");
    CHECK_FALSE(marks.settled_anew());
    CHECK(marks.settled_anew());
  }
  SECTION("when a link leads elsewhere") {
    std::filesystem::create_symlink(folder.file("a"), folder.file("b"));
    CHECK_FALSE(marks.settled_anew());
    CHECK(marks.settled_anew());
    put_file(folder.file("c"), "two");
    std::filesystem::create_symlink(folder.file("c"), folder.file("new"));
    std::filesystem::rename(folder.file("new"), folder.file("b"));
    CHECK_FALSE(marks.settled_anew());
    CHECK(marks.settled_anew());
  }
}

TEST_CASE("the housekeeping thread tells of changes until it is stopped", "[security][watch]") {
  TemporaryDirectory folder;
  put_file(folder.file("a"), "one");
  std::mutex mutex;
  std::condition_variable condition;
  int changes = 0;
  FileWatch watch;
  std::vector<FileWatch::Watched> files;
  files.push_back({FileMarks({folder.file("a")}), [&] {
                     const std::lock_guard lock(mutex);
                     ++changes;
                     condition.notify_all();
                   }});
  files.push_back({FileMarks(), [] { FAIL("nothing is watched here"); }});
  watch.start(std::move(files), 1ms);
  put_file(folder.file("a"), "two");
  {
    std::unique_lock lock(mutex);
    CHECK(condition.wait_for(lock, 10s, [&] { return changes > 0; }));
  }
  watch.stop();
  const int seen = changes;
  put_file(folder.file("a"), "three");
  watch.stop();
  CHECK(changes == seen);
}
