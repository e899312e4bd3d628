// TLS files, keys and their refusals in the configuration.
#include "config/config.h"
#include "config/values.h"
#include "security/key_hash.h"
#include "support/catch.h"

using namespace longbeat::server;
using namespace std::chrono_literals;
using Problems = std::vector<std::string>;

namespace {

const std::string kHash = to_text(hash_of_key("lbk_" + std::string(40, 'x')));
const std::string kOtherHash = to_text(hash_of_key("lbk_" + std::string(40, 'y')));

Problems problems_of(const std::string& text) {
  Config config;
  return parse_config(text, "a.toml", config);
}

std::string key_lines(const std::string& more = "", const std::string& hash = kHash) {
  return "hash = '" + hash + "'\nroles = ['worker', 'client']\nnamespaces = ['billing']\n" + more;
}

}  // namespace

TEST_CASE("keys of the file become rules", "[config][security]") {
  Config config;
  REQUIRE(parse_config("[keys.one]\n" + key_lines("expires = 2027-01-31") + "\n[keys.'the other']\nhash = '" +
                           kOtherHash + "'\nroles = ['operator']\nnamespaces = ['*']\n",
                       "a.toml", config)
              .empty());
  const AccessRules rules = access_rules(config);
  CHECK(rules.required);
  REQUIRE(rules.keys.size() == 2);
  const ApiKey& one = rules.keys[0];
  CHECK(one.name == "one");
  CHECK(one.hash == hash_from_text(kHash));
  CHECK(one.roles == Roles{Role::kWorker, Role::kClient});
  CHECK(one.namespaces == std::vector<std::string>{"billing"});
  CHECK_FALSE(one.all_namespaces);
  CHECK(one.expires == std::chrono::sys_days(std::chrono::year(2027) / 1 / 31));
  CHECK(rules.keys[1].all_namespaces);
  CHECK_FALSE(rules.keys[1].expires);
  SECTION("and are printed as they were, with nothing but the hash") {
    const std::string printed = to_toml(config);
    Config again;
    CHECK(parse_config(printed, "b.toml", again).empty());
    CHECK(to_toml(again) == printed);
    CHECK(printed.find("hash = \"" + kHash + "\"") != std::string::npos);
  }
}

TEST_CASE("a key that expires beyond what the clock can say never does", "[config][security]") {
  for (const char* expires : {"9999-12-31", "'9999-12-31T23:59:59Z'", "2300-01-01T00:00:00Z"}) {
    CAPTURE(expires);
    Config config;
    REQUIRE(parse_config("[keys.one]\n" + key_lines("expires = " + std::string(expires)), "a.toml", config).empty());
    CHECK(access_rules(config).keys.at(0).expires == longbeat::internal::WallTime::max());
  }
}

TEST_CASE("without keys and authorities nobody has to show anything", "[config][security]") {
  CHECK_FALSE(access_rules(Config{}).required);
  Config config;
  REQUIRE(parse_config("[tls]\ncertificate = 'a'\nkey = 'b'\n", "a.toml", config).empty());
  CHECK_FALSE(access_rules(config).required);
  REQUIRE(parse_config("[tls]\ncertificate='a'\nkey='b'\nclient_ca='c'\nclient_certificate_role='worker'\n", "a.toml",
                       config)
              .empty());
  CHECK(access_rules(config).required);
  CHECK(access_rules(config).certificate_roles == Roles{Role::kWorker});
}

TEST_CASE("a key that is not complete is refused", "[config][security]") {
  CHECK(problems_of("[keys.one]\n") ==
        Problems{"a.toml:1: keys.one.hash is missing: accepted is what `longbeat-server hash-key` prints",
                 "a.toml:1: keys.one.roles is missing: accepted is a list of reader, client, worker and operator",
                 "a.toml:1: keys.one.namespaces is missing: accepted is a list of namespaces, or [\"*\"] for all"});
  CHECK(problems_of("[keys.one]\nhash = '" + kHash + "'\nroles = ['root']\nnamespaces = ['-']\n") ==
        Problems{"a.toml:3: keys.one.roles = a list: 'root' is not one of reader, client, worker, operator",
                 "a.toml:4: keys.one.namespaces = a list: '-' is not a namespace name (1 to 1000 letters, digits, '-', "
                 "'_' and '.', the first a letter or digit)"});
  CHECK(problems_of("[keys.one]\n" + key_lines() + "[keys.two]\n" + key_lines()) ==
        Problems{"a.toml:5: keys.two has the same hash as keys.one"});
  CHECK(problems_of("[keys.one]\n" + key_lines("role = 'worker'\n")) ==
        Problems{"a.toml:5: unknown key keys.NAME.role, nearest is keys.NAME.roles"});
  CHECK(problems_of("keys = 1\n") == Problems{"a.toml:1: keys = 1: accepted is a section, as in [keys]"});
}

TEST_CASE("what stands in the place of a hash is never shown", "[config][security]") {
  const std::string secret = "lbk_the_key_itself_0123456789abcdef";
  for (const std::string& value :
       {"'" + secret + "'", "'sha256:" + secret + "'", "['" + secret + "']", std::string("12345")}) {
    CAPTURE(value);
    const auto problems = problems_of("[keys.one]\nhash = " + value + "\nroles = ['worker']\nnamespaces = ['*']\n");
    REQUIRE(problems.size() == 1);
    CHECK_THAT(problems.front(), ContainsSubstring("a.toml:2: keys.one.hash: "));
    CHECK(problems.front().find("the_key_itself") == std::string::npos);
    CHECK(problems.front().find("12345") == std::string::npos);
  }
}

TEST_CASE("a key that stands anywhere else is not shown either", "[config][security]") {
  const std::string key = "lbk_0123456789abcdef0123456789abcdef";
  for (const std::string& text :
       {"[keys]\nbad = '" + key + "'\n", "keys = '" + key + "'\n", "[keys." + key + "]\n" + key_lines(),
        "[keys.one]\n" + key_lines("expires = '" + key + "'\n"), "[keys.one]\n" + key_lines(key + " = 'x'\n"),
        "[keys.one]\nhash = '" + kHash + "'\nnamespaces = ['*']\nroles = '" + key + "'\n",
        "[keys.one]\nhash = '" + kHash + "'\nnamespaces = ['*']\nroles = ['" + key + "']\n",
        "[keys.one]\nhash = " + key + "\n", "[" + key + "]\n", "[server]\nip = '" + key + "'\n"}) {
    CAPTURE(text);
    const auto problems = problems_of(text);
    REQUIRE(problems.size() == 1);
    CHECK(problems.front().find("0123") == std::string::npos);
  }
  SECTION("also one that somebody made up, in the places where keys are given") {
    const std::string own = "correct-horse-battery-staple-0123456789";
    CHECK(problems_of("[keys]\nbad = '" + own + "'\n") ==
          Problems{"a.toml:2: keys.bad: accepted is a section, as in [keys.bad]"});
    CHECK(problems_of("keys = '" + own + "'\n") == Problems{"a.toml:1: keys: accepted is a section, as in [keys]"});
  }
}

TEST_CASE("moments", "[config][security]") {
  using std::chrono::sys_days;
  const auto day = sys_days(std::chrono::year(2027) / 1 / 31);
  CHECK(parse_moment_text("2027-01-31") == day);
  CHECK(parse_moment_text("2027-01-31T18:00:00Z") == day + 18h);
  CHECK(parse_moment_text("2027-01-31 18:00:00.25z") == day + 18h + 250ms);
  CHECK(parse_moment_text("2027-01-31T18:00:00+02:30") == day + 15h + 30min);
  CHECK(parse_moment_text("2027-01-31T18:00:00-01:00") == day + 19h);
  for (const char* text : {"9999-12-31", "9999-12-31T23:59:59Z", "2262-04-12"}) {
    CAPTURE(text);
    CHECK(parse_moment_text(text) == longbeat::internal::WallTime::max());
  }
  for (const char* text : {"", "2027", "2027-02-30", "2027-13-01", "2027-01-31T18:00:00", "2027-01-31T24:00:00Z",
                           "2027-01-31T18:00Z", "2027-01-31T18:00:00Zx", "2027-01-31T18:00:00.Z", "31.1.2027",
                           "2027-01-31T18:00:00+2:00", "2027-01-31x", "2027/01/31"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_moment_text(text));
  }
  const auto expires = [](const std::string& value) {
    return problems_of("[keys.one]\n" + key_lines("expires = " + value + "\n"));
  };
  CHECK(expires("2027-01-31T18:00:00Z").empty());
  CHECK(expires("'2027-01-31'").empty());
  CHECK(expires("2027-01-31T18:00:00") ==
        Problems{"a.toml:5: keys.one.expires = 2027-01-31T18:00:00: '2027-01-31T18:00:00' is neither a date, as in "
                 "2027-01-31, nor a time with its offset, as in 2027-01-31T18:00:00Z"});
  CHECK(expires("5") == Problems{"a.toml:5: keys.one.expires = 5: accepted is a date, as in 2027-01-31, or a time with "
                                 "its offset, as in 2027-01-31T18:00:00Z"});
}

TEST_CASE("settings of TLS that do not fit together are refused", "[config][security]") {
  CHECK(problems_of("[tls]\ncertificate = 'a'\n") == Problems{"a.toml:2: tls.certificate is set, but tls.key is not"});
  CHECK(problems_of("[tls]\nkey = 'a'\n") == Problems{"a.toml:2: tls.key is set, but tls.certificate is not"});
  CHECK(problems_of("[tls]\nclient_ca = 'a'\nclient_certificate_role = 'worker'\n") ==
        Problems{"a.toml:2: tls.client_ca is set, but tls.certificate is not",
                 "a.toml:2: tls.client_ca is set, but tls.key is not"});
  CHECK(problems_of("[tls]\nclient_certificate_role = 'worker'\n") ==
        Problems{"a.toml:2: tls.client_certificate_role is set, but tls.client_ca is not"});
  CHECK(problems_of("[tls]\nclient_certificate_role = 'root'\n") ==
        Problems{"a.toml:2: tls.client_certificate_role = \"root\": 'root' is not one of none, reader, client, worker, "
                 "operator"});
  const std::string mutual = "[tls]\ncertificate = 'a'\nkey = 'b'\nclient_ca = 'c'\n";
  CHECK(problems_of(mutual) == Problems{"a.toml:4: tls.client_ca is set, but nobody may call: there is no key in "
                                        "[keys.NAME], and tls.client_certificate_role is \"none\""});
  CHECK(problems_of(mutual + "client_certificate_role = 'operator'\n").empty());
  CHECK(problems_of(mutual + "[keys.one]\n" + key_lines()).empty());
}
