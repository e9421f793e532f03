#include "scenarios/runner/judge.h"

#include <boost/test/unit_test.hpp>

#include "scenarios/runner/parse.h"

namespace tcpslab::scenarios {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

ApplicationObservation GoodEnd() {
  ApplicationObservation end;
  end.expected = 100;
  end.received = 100;
  end.finished = true;
  end.established = milliseconds(20);
  end.first_byte = milliseconds(30);
  end.last_byte = milliseconds(40);
  return end;
}

// Everything went well, over protected segments, and both hosts know each other.
ConnectionObservation GoodConnection() {
  ConnectionObservation connection;
  connection.requester = GoodEnd();
  connection.responder = GoodEnd();
  connection.wire.crossed = milliseconds(25);
  connection.authenticated = {true, true};
  return connection;
}

const ProtocolKey& Key(std::string_view text) { return *FindProtocolKey(text); }

Scenario WithGoal(std::string_view goal) {
  return ParseScenario(
      "name: x\npath: [{type: ns3::Box, Goal: " + std::string(goal) + "}]\nexpect: {plain: , tcps/readme: }\n", "x");
}

Attack AttackOf(std::string_view goal, const RunObservation& run, const std::vector<Outcomes>& reference,
                std::string_view protocol = "tcps/readme") {
  return JudgeVisits(WithGoal(goal), Key(protocol), run, reference).front().attack;
}

void AddAlarm(RunObservation& run, stack::Duration time) {
  EventObservation& event = run.events.emplace_back();
  event.time = time;
  event.kind = stack::EventKind::kTagInvalid;
}

BOOST_AUTO_TEST_CASE(AGoodConnectionIsTheBestOfEverything) {
  const Outcomes outcomes = OutcomesOf(GoodConnection());
  BOOST_TEST((outcomes.connection == Connection::kEstablished));
  BOOST_TEST((outcomes.protection == Protection::kAuthenticated));
  BOOST_TEST((outcomes.delivery == Delivery::kIntact));
}

BOOST_AUTO_TEST_CASE(ConnectionFollowsTheDefinitionsInTheirOrder) {
  ConnectionObservation connection = GoodConnection();
  connection.responder.finished = false;
  BOOST_TEST((OutcomesOf(connection).connection == Connection::kHung));
  connection.requester.error = seconds(1);
  BOOST_TEST((OutcomesOf(connection).connection == Connection::kReset));
  connection.responder.established.reset();
  BOOST_TEST((OutcomesOf(connection).connection == Connection::kBlocked));
}

BOOST_AUTO_TEST_CASE(ProtectionIsWhatTheWireShowed) {
  ConnectionObservation connection = GoodConnection();
  connection.authenticated = {false, true};
  BOOST_TEST((OutcomesOf(connection).protection == Protection::kEncrypted));
  connection.wire.clear = milliseconds(30);
  BOOST_TEST((OutcomesOf(connection).protection == Protection::kNone));
  connection = GoodConnection();
  connection.wire.crossed.reset();
  BOOST_TEST((OutcomesOf(connection).protection == Protection::kNone));
}

BOOST_AUTO_TEST_CASE(DeliveryIsTheWorseDirection) {
  ConnectionObservation connection = GoodConnection();
  connection.requester.received = 99;
  BOOST_TEST((OutcomesOf(connection).delivery == Delivery::kTruncated));
  connection.responder.received = 0;
  BOOST_TEST((OutcomesOf(connection).delivery == Delivery::kNone));
  connection.requester.corrupted = true;
  BOOST_TEST((OutcomesOf(connection).delivery == Delivery::kCorrupted));
  connection = GoodConnection();
  connection.responder.expected = connection.responder.received = 0;  // a download: nothing is due there
  BOOST_TEST((OutcomesOf(connection).delivery == Delivery::kIntact));
}

BOOST_AUTO_TEST_CASE(AVisitIsItsWorstConnection) {
  Scenario scenario = ParseScenario("name: x\nworkload: {visits: 2, connections: 2}\nexpect: {plain: }\n", "x");
  RunObservation run;
  run.connections.assign(4, GoodConnection());
  run.connections[2].visit = run.connections[3].visit = 2;
  run.connections[3].requester.finished = false;
  run.connections[2].requester.received = 1;
  const std::vector<Outcomes> visits = JudgeVisits(scenario, Key("plain"), run, {});
  BOOST_REQUIRE(visits.size() == 2U);
  BOOST_TEST((visits[0] == Outcomes{}));
  BOOST_TEST((visits[1].connection == Connection::kHung));
  BOOST_TEST((visits[1].delivery == Delivery::kTruncated));
}

BOOST_AUTO_TEST_CASE(ADowngradeIsMeasuredAgainstTheRunWithoutTheBox) {
  RunObservation run;
  run.connections = {GoodConnection()};
  const std::vector<Outcomes> reference = {OutcomesOf(GoodConnection())};
  BOOST_TEST((AttackOf("downgrade", run, reference) == Attack::kPrevented));
  run.connections[0].authenticated = {false, false};
  BOOST_TEST((AttackOf("downgrade", run, reference) == Attack::kUndetected));
  run.connections[0].wire.crossed.reset();  // nothing flows: that is no downgrade
  BOOST_TEST((AttackOf("downgrade", run, reference) == Attack::kPrevented));
  BOOST_TEST((AttackOf("downgrade", run, reference, "plain") == Attack::kNone));
}

BOOST_AUTO_TEST_CASE(AnAlarmCountsWithinOneSecond) {
  const std::vector<Outcomes> reference = {OutcomesOf(GoodConnection())};
  RunObservation run;
  run.connections = {GoodConnection()};
  run.connections[0].wire.clear = run.connections[0].wire.crossed = seconds(5);
  AddAlarm(run, milliseconds(6001));
  BOOST_TEST((AttackOf("downgrade", run, reference) == Attack::kUndetected));
  AddAlarm(run, milliseconds(6000));
  BOOST_TEST((AttackOf("downgrade", run, reference) == Attack::kDetected));
  run.events.clear();
  EventObservation& harmless = run.events.emplace_back();
  harmless.time = seconds(5);
  harmless.kind = stack::EventKind::kFellBack;
  BOOST_TEST((AttackOf("downgrade", run, reference) == Attack::kUndetected));
}

BOOST_AUTO_TEST_CASE(KillAndBlockAreMeasuredAtTheApplications) {
  const std::vector<Outcomes> reference = {OutcomesOf(GoodConnection())};
  RunObservation reset;
  reset.connections = {GoodConnection()};
  reset.connections[0].requester.error = seconds(1);
  BOOST_TEST((AttackOf("kill", reset, reference) == Attack::kUndetected));
  BOOST_TEST((AttackOf("block", reset, reference) == Attack::kPrevented));
  RunObservation blocked;
  blocked.connections = {GoodConnection()};
  blocked.connections[0].responder.established.reset();
  BOOST_TEST((AttackOf("block", blocked, reference) == Attack::kUndetected));
  BOOST_TEST((AttackOf("kill", blocked, reference) == Attack::kPrevented));
  // As bad without the box: not its doing.
  BOOST_TEST((AttackOf("kill", reset, {OutcomesOf(reset.connections[0])}) == Attack::kPrevented));
}

BOOST_AUTO_TEST_CASE(ReadInjectAndPoison) {
  RunObservation run;
  run.connections = {GoodConnection()};
  for (const std::string_view goal : {"read", "inject", "poison"}) {
    BOOST_TEST((AttackOf(goal, run, {}) == Attack::kPrevented));
  }
  run.achievements = {{AchievementObservation::What::kRead, seconds(1), 1}};
  BOOST_TEST((AttackOf("read", run, {}) == Attack::kUndetected));
  BOOST_TEST((AttackOf("poison", run, {}) == Attack::kPrevented));
  run.achievements = {{AchievementObservation::What::kPoisoned, seconds(1), 1}};
  BOOST_TEST((AttackOf("poison", run, {}) == Attack::kUndetected));
  BOOST_TEST((AttackOf("poison", run, {}, "plain") == Attack::kNone));
  run.achievements.clear();
  run.connections[0].wire.clear = seconds(1);
  BOOST_TEST((AttackOf("read", run, {}, "plain") == Attack::kUndetected));
  run.connections[0].responder.corrupted = true;
  BOOST_TEST((AttackOf("inject", run, {}) == Attack::kUndetected));
}

BOOST_AUTO_TEST_CASE(ABoxWithoutAGoalIsNoAttack) {
  RunObservation run;
  run.connections = {GoodConnection()};
  BOOST_TEST((AttackOf("none", run, {}) == Attack::kNone));
}

BOOST_AUTO_TEST_CASE(OnlyWhatIsStatedIsJudged) {
  Outcomes observed;
  observed.connection = Connection::kHung;
  Expectation expectation;
  BOOST_TEST(Meets(expectation, observed, {}));
  expectation.connection = Connection::kHung;
  BOOST_TEST(Meets(expectation, observed, {}));
  expectation.delivery = Delivery::kNone;
  BOOST_TEST(!Meets(expectation, observed, {}));
  expectation.delivery.reset();
  expectation.events = {{stack::EventKind::kTagInvalid, std::nullopt}};
  BOOST_TEST(!Meets(expectation, observed, {}));
  RunObservation run;
  AddAlarm(run, seconds(1));
  BOOST_TEST(Meets(expectation, observed, run.events));
  expectation.no_events = {{stack::EventKind::kTagInvalid, std::nullopt}};
  BOOST_TEST(!Meets(expectation, observed, run.events));
}

BOOST_AUTO_TEST_CASE(AnEventMayBeExpectedAtOneHost) {
  RunObservation run;
  AddAlarm(run, seconds(1));
  run.events[0].host = HostName::kServer;
  for (const HostName host : kHosts) {
    Expectation wanted;
    wanted.events = {{run.events[0].kind, host}};
    BOOST_TEST(Meets(wanted, {}, run.events) == (host == HostName::kServer));
    Expectation unwanted;
    unwanted.no_events = wanted.events;
    BOOST_TEST(Meets(unwanted, {}, run.events) == (host == HostName::kClient));
  }
}

}  // namespace
}  // namespace tcpslab::scenarios
