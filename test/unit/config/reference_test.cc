// docs/reference.md and the table of settings say the same.
#include <fstream>
#include <iterator>
#include <set>

#include "config/settings.h"
#include "support/catch.h"

using namespace longbeat::server;

TEST_CASE("the reference page holds the table of settings as it is", "[config]") {
  std::ifstream in(LONGBEAT_SOURCE_DIR "/docs/reference.md");
  const std::string page((std::istreambuf_iterator<char>(in)), {});
  const std::string table = reference_table();
  const bool holds = page.find("\n" + table + "\n") != std::string::npos;
  if (!holds) std::ofstream("settings_table.md") << table;
  INFO("the table that docs/reference.md should hold is now in settings_table.md, where this test ran");
  CHECK(holds);
}

TEST_CASE("every setting has a name of its own, a meaning and a default inside of its range", "[config]") {
  std::set<std::string> names;
  Config defaults;
  for (const Setting& setting : settings()) {
    const std::string name = std::string(setting.section) + "." + std::string(setting.name);
    INFO(name);
    CHECK(names.insert(name).second);
    CHECK_FALSE(setting.meaning.empty());
    CHECK((setting.of_server != nullptr) + (setting.of_requests != nullptr) + (setting.of_namespace != nullptr) +
              (setting.of_key != nullptr) ==
          1);
    CHECK((setting.check != nullptr) ==
          (setting.unit == Unit::kText || setting.unit == Unit::kTexts || setting.unit == Unit::kMoment));
    const Place place = setting.place(defaults);
    if (const auto* number = std::get_if<std::size_t*>(&place)) {
      CHECK(**number >= setting.least);
      CHECK(**number <= setting.most);
    }
  }
}
