#include "crash/ledger.h"

#include "support/catch.h"

using longbeat::crash::Ledger;
using longbeat::crash::Time;
using std::chrono::milliseconds;

TEST_CASE("the ledger of the crash test", "[crash][ledger]") {
  const Time start{};
  Ledger ledger({.heartbeat_timeout = milliseconds(2000), .start_to_close = milliseconds(5000)});
  ledger.start_acknowledged("a", "run-1", true);
  ledger.handed_out("a", "run-1", 1, 0, start, start);
  const auto differences = [&] { return ledger.differences().size(); };

  SECTION("accepts a life without losses") {
    ledger.details_acknowledged("a", 1, ledger.next_details("a"), start);
    ledger.report_sent("a", 1, "failed a/1", false);
    ledger.report_acknowledged("a", "failed a/1", false, 0);
    ledger.handed_out("a", "run-1", 2, 1, start, start);
    ledger.report_sent("a", 2, "completed a/2", true);
    ledger.report_acknowledged("a", "completed a/2", true, 0);
    ledger.outcome_read("a", "completed a/2");
    ledger.described("a", "run-1", 1, 1);
    ledger.start_acknowledged("a", "run-1", false);
    CHECK(differences() == 0);
    CHECK(ledger.acknowledged_closed() == 1);
  }
  SECTION("accepts the later of two details when only the earlier was acknowledged") {
    ledger.details_acknowledged("a", 1, ledger.next_details("a"), start);
    ledger.next_details("a");
    ledger.handed_out("a", "run-1", 2, 2, start, start + milliseconds(2000));
    CHECK(differences() == 0);
  }
  SECTION("finds a lost start") {
    ledger.missing("a");
    CHECK(differences() == 1);
  }
  SECTION("does not miss what was never acknowledged") {
    ledger.missing("b");
    CHECK(differences() == 0);
  }
  SECTION("finds a second run, and a second start of one request ID") {
    ledger.start_acknowledged("a", "run-2", true);
    CHECK(differences() == 2);
  }
  SECTION("finds older details") {
    ledger.details_acknowledged("a", 1, ledger.next_details("a"), start);
    ledger.details_acknowledged("a", 1, ledger.next_details("a"), start);
    ledger.handed_out("a", "run-1", 2, 1, start, start + milliseconds(2000));
    CHECK(differences() == 1);
  }
  SECTION("finds details nobody sent") {
    ledger.described("a", "run-1", 7, 0);
    CHECK(differences() == 1);
  }
  SECTION("finds an attempt handed out twice") {
    ledger.handed_out("a", "run-1", 1, 0, start, start + milliseconds(9000));
    CHECK(differences() == 1);
  }
  SECTION("finds a second attempt within the lease of the first, and none after it") {
    ledger.handed_out("a", "run-1", 2, 0, start, start + milliseconds(1999));
    CHECK(differences() == 1);
    ledger.handed_out("a", "run-1", 3, 0, start, start + milliseconds(2000));
    CHECK(differences() == 1);
  }
  SECTION("finds a refusal within the lease, unless an earlier send may have been taken") {
    ledger.report_sent("a", 1, "completed a/1", true);
    ledger.refused("a", 1, true, start);
    CHECK(differences() == 0);
    ledger.refused("a", 1, false, start);
    CHECK(differences() == 1);
  }
  SECTION("finds an acknowledged completion that is not the outcome") {
    ledger.report_sent("a", 1, "completed a/1", true);
    ledger.report_sent("a", 1, "failed a/1", true);
    ledger.report_acknowledged("a", "completed a/1", true, 0);
    ledger.outcome_read("a", "failed a/1");
    CHECK(differences() == 1);
  }
  SECTION("finds an outcome that changed after it was read") {
    ledger.cancel_sent("a");
    ledger.outcome_read("a", "canceled");
    CHECK(differences() == 0);
    ledger.outcome_read("a", "timed out");
    CHECK(differences() == 1);
  }
  SECTION("finds an outcome nobody sent, and a hand-out after the outcome") {
    ledger.outcome_read("a", "canceled");
    CHECK(differences() == 1);
    ledger.handed_out("a", "run-1", 2, 0, start, start + milliseconds(9000));
    CHECK(differences() == 2);
  }
}
