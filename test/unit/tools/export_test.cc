#include "tools/export.h"

#include <temporal/api/common/v1/message.pb.h>
#include <temporal/api/failure/v1/message.pb.h>

#include <nlohmann/json.hpp>

#include "unit/tools/file_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;
using Json = nlohmann::json;

namespace {

struct Exported {
  ExportReport report{};
  std::map<std::string, Json> activities{};  ///< by ID
  std::vector<std::string> told{};
};

Exported exported(const std::string& path) {
  Exported all;
  const auto file = ReadOnlyFile::open(path).value();
  all.report = export_file(
      *file,
      [&](const std::string& line) {
        const Json json = Json::parse(line);
        all.activities[json.at("id")] = json;
        return line.find('\n') == std::string::npos;
      },
      [&](const std::string& line) { all.told.push_back(line); });
  return all;
}

std::string payloads(const std::string& encoding, const std::string& data) {
  temporal::api::common::v1::Payloads all;
  (*all.add_payloads()->mutable_metadata())["encoding"] = encoding;
  all.mutable_payloads(0)->set_data(data);
  return all.SerializeAsString();
}

}  // namespace

TEST_CASE("export writes one line of JSON for each activity", "[server][tools]") {
  FileRoom t;
  auto request = t.room.start_request("done");
  request.input = payloads("json/plain", R"({"path":"/a","size":3})");
  const auto run = t.room.call(request).get<StartReply>().run_id;
  t.room.complete(t.room.poll().token, payloads("binary/plain", std::string("\0\xff", 2)));
  t.room.start("open");
  temporal::api::failure::v1::Failure failure;
  failure.set_message("the disk is wet");
  failure.mutable_application_failure_info()->set_type("WetDisk");
  failure.mutable_cause()->set_message("rain");
  const std::string token = t.room.poll().token;
  t.room.beat(token, payloads("json/plain", "17"));
  t.room.call(t.room.failed_request(token, failure.SerializeAsString()));
  t.close();
  const auto all = exported(t.path);
  CHECK(all.told.empty());
  REQUIRE(all.activities.size() == 2);
  const Json& done = all.activities.at("done");
  CHECK(done.at("namespace") == "default");
  CHECK(done.at("run_id") == run);
  CHECK(done.at("type") == "copy");
  CHECK(done.at("status") == "completed");
  CHECK(done.at("schedule_time") == "2019-12-20T00:00:00.000000000Z");
  CHECK(done.at("start_to_close_timeout") == "3600s");
  CHECK(done.at("input")[0].at("json") == Json{{"path", "/a"}, {"size", 3}});
  CHECK(done.at("input")[0].at("data") == "eyJwYXRoIjoiL2EiLCJzaXplIjozfQ==");
  CHECK(done.at("result")[0].at("data") == "AP8=");
  CHECK_FALSE(done.at("result")[0].contains("json"));
  CHECK(done.at("failure").is_null());
  const Json& open = all.activities.at("open");
  CHECK(open.at("status") == "running");
  CHECK(open.at("run_state") == "Scheduled");
  CHECK(open.at("attempt") == 2);
  CHECK(open.at("close_time").is_null());
  CHECK(open.at("heartbeat_details")[0].at("json") == 17);
  CHECK(open.at("last_failure").at("type") == "WetDisk");
  CHECK(open.at("last_failure").at("cause").at("message") == "rain");
  CHECK(open.at("result").is_null());
}

TEST_CASE("export goes on beside what is damaged", "[server][tools]") {
  FileRoom t;
  t.fill();
  t.close();
  const auto open = t.row("open"), done = t.row("done");
  SECTION("without an input there is nothing to call it") {
    t.flip("input", open);
    const auto all = exported(t.path);
    CHECK(all.report.skipped == 1);
    CHECK(all.report.written == 3);
    REQUIRE(all.told.size() == 2);
    CHECK(all.told[0] == "input row " + std::to_string(open) + " is damaged: its checksum does not match");
    CHECK_THAT(all.told[1], ContainsSubstring("the activity is skipped"));
  }
  SECTION("other parts are left out and named") {
    t.flip("details", open);
    t.flip("closed", done);
    const auto all = exported(t.path);
    CHECK(all.report.incomplete == 2);
    CHECK(all.report.written == 4);
    CHECK(all.activities.at("open").at("damaged") == Json{"heartbeat_details"});
    CHECK(all.activities.at("open").at("heartbeat_details").is_null());
    CHECK(all.activities.at("done").at("damaged") == Json{"outcome"});
    CHECK(all.activities.at("done").at("status").is_null());
    CHECK(all.told.size() == 2);
  }
  SECTION("a damaged namespace costs its name only") {
    t.flip("namespace", 1);
    const auto all = exported(t.path);
    CHECK(all.activities.at("done").at("namespace").is_null());
    CHECK(all.told.size() == 1);
  }
}

TEST_CASE("bytes that are no UTF-8 do not stop an export", "[server][tools]") {
  FileRoom t;
  auto request = t.room.start_request("odd");
  request.type = "t\xff";
  t.room.call(request);
  t.close();
  CHECK(exported(t.path).activities.at("odd").at("type") == "t\xef\xbf\xbd");
}

TEST_CASE("export names a table that cannot be read", "[server][tools]") {
  FileRoom t;
  t.fill();
  t.close();
  t.sql("DROP TABLE details; CREATE TABLE details (other INTEGER)");
  const auto all = exported(t.path);
  CHECK(all.told == std::vector<std::string>{"rows from details row 0 on cannot be read, as far as there are any: no "
                                             "such column: key"});
  CHECK(all.activities.at("open").at("damaged") == Json{"heartbeat_details"});
}
