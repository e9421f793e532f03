#include "scenarios/runner/judge.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace tcpslab::scenarios {
namespace {

Connection ConnectionOf(const ConnectionObservation& connection) {
  const std::array<const ApplicationObservation*, 2> ends = {&connection.requester, &connection.responder};
  const auto any = [&ends](auto predicate) { return std::ranges::any_of(ends, predicate); };
  if (any([](const ApplicationObservation* end) { return !end->established; })) {
    return Connection::kBlocked;
  }
  if (any([](const ApplicationObservation* end) { return end->error.has_value(); })) {
    return Connection::kReset;
  }
  return any([](const ApplicationObservation* end) { return !end->finished; }) ? Connection::kHung
                                                                               : Connection::kEstablished;
}

Protection ProtectionOf(const ConnectionObservation& connection) {
  if (connection.wire.clear || !connection.wire.crossed) {
    return Protection::kNone;
  }
  const bool both = std::ranges::all_of(connection.authenticated, [](bool one) { return one; });
  return both ? Protection::kAuthenticated : Protection::kEncrypted;
}

Delivery DeliveryOf(const ApplicationObservation& end) {
  if (end.corrupted) {
    return Delivery::kCorrupted;
  }
  if (end.received == end.expected) {
    return Delivery::kIntact;
  }
  return end.received == 0 ? Delivery::kNone : Delivery::kTruncated;
}

// When the last thing of use happened on a connection that did not end well.
stack::Duration EndOfUse(const ConnectionObservation& connection) {
  stack::Duration end = connection.start;
  for (const ApplicationObservation* side : {&connection.requester, &connection.responder}) {
    for (const std::optional<stack::Duration>& time : {side->established, side->last_byte, side->error}) {
      end = std::max(end, time.value_or(end));
    }
  }
  return end;
}

void AddReports(const RunObservation& run, std::size_t visit, AchievementObservation::What what,
                std::vector<stack::Duration>& times) {
  for (const AchievementObservation& report : run.achievements) {
    if (report.what == what && report.visit == visit) {
      times.push_back(report.time);
    }
  }
}

// When a goal was achieved on a connection that came to `has`, and without attackers to `had`.
std::optional<stack::Duration> AchievedOn(const ConnectionObservation& connection, std::string_view goal,
                                          const Outcomes& has, const Outcomes& had) {
  if (goal == "read") {
    return connection.wire.clear;
  }
  if (goal == "downgrade") {
    return has.protection < had.protection ? connection.wire.crossed : std::nullopt;
  }
  const bool worse = has.connection < had.connection;
  const bool achieved = (goal == "inject" && has.delivery == Delivery::kCorrupted) ||
                        (goal == "block" && worse && has.connection != Connection::kReset) ||
                        (goal == "kill" && worse && has.connection != Connection::kBlocked);
  return achieved ? std::optional(EndOfUse(connection)) : std::nullopt;
}

// When a goal was achieved in a visit: once for each time, or for each connection.
std::vector<stack::Duration> Achieved(std::string_view goal, const RunObservation& run,
                                      const std::vector<Outcomes>& reference, std::size_t visit) {
  std::vector<stack::Duration> times;
  if (goal == "poison") {
    AddReports(run, visit, AchievementObservation::What::kPoisoned, times);
  } else if (goal == "read") {
    AddReports(run, visit, AchievementObservation::What::kRead, times);
  }
  for (std::size_t i = 0; i < run.connections.size(); ++i) {
    const ConnectionObservation& connection = run.connections[i];
    if (connection.visit != visit) {
      continue;
    }
    const Outcomes has = OutcomesOf(connection);
    if (const auto time = AchievedOn(connection, goal, has, reference.empty() ? has : reference.at(i))) {
      times.push_back(*time);
    }
  }
  return times;
}

bool AlarmNear(const RunObservation& run, stack::Duration time) {
  return std::ranges::any_of(run.events, [time](const EventObservation& event) {
    return stack::IsAlarm(event.kind) && std::chrono::abs(event.time - time) <= std::chrono::seconds(1);
  });
}

Attack JudgeAttack(const Scenario& scenario, const ProtocolKey& protocol, const RunObservation& run,
                   const std::vector<Outcomes>& reference, std::size_t visit) {
  Attack worst = Attack::kNone;
  for (const PathElement& element : scenario.path) {
    if (!element.ActsIn(visit) || !GoalApplies(element.goal(), protocol)) {
      continue;
    }
    worst = std::min(worst, Attack::kPrevented);
    for (const stack::Duration time : Achieved(element.goal(), run, reference, visit)) {
      worst = std::min(worst, AlarmNear(run, time) ? Attack::kDetected : Attack::kUndetected);
    }
  }
  return worst;
}

bool Occurred(const std::vector<EventObservation>& events, const ExpectedEvent& expected) {
  return std::ranges::any_of(events, [&expected](const EventObservation& event) {
    return event.kind == expected.kind && event.host == expected.host.value_or(event.host);
  });
}

}  // namespace

Outcomes OutcomesOf(const ConnectionObservation& connection) {
  return {.connection = ConnectionOf(connection),
          .protection = ProtectionOf(connection),
          .delivery = std::min(DeliveryOf(connection.requester), DeliveryOf(connection.responder))};
}

bool GoalApplies(std::string_view goal, const ProtocolKey& protocol) {
  if (goal == "downgrade" || goal == "poison") {
    return !protocol.IsPlain();
  }
  return goal != "none";
}

bool NeedsReference(const Scenario& scenario, const ProtocolKey& protocol) {
  return std::ranges::any_of(scenario.path, [&protocol](const PathElement& element) {
    const std::string_view goal = element.goal();
    return GoalApplies(goal, protocol) && (goal == "downgrade" || goal == "block" || goal == "kill");
  });
}

std::vector<Outcomes> JudgeVisits(const Scenario& scenario, const ProtocolKey& protocol, const RunObservation& run,
                                  const std::vector<Outcomes>& reference) {
  std::vector<Outcomes> visits(scenario.workload.visits);
  for (const ConnectionObservation& connection : run.connections) {
    Outcomes& visit = visits[connection.visit - 1];
    visit = Worse(visit, OutcomesOf(connection));
  }
  for (std::size_t i = 0; i < visits.size(); ++i) {
    visits[i].attack = JudgeAttack(scenario, protocol, run, reference, i + 1);
  }
  return visits;
}

bool Meets(const Expectation& expectation, const Outcomes& observed, const std::vector<EventObservation>& events) {
  const auto same = [](const auto& expected, auto value) { return !expected || *expected == value; };
  return same(expectation.connection, observed.connection) && same(expectation.protection, observed.protection) &&
         same(expectation.delivery, observed.delivery) && same(expectation.attack, observed.attack) &&
         std::ranges::all_of(expectation.events, [&](const ExpectedEvent& event) { return Occurred(events, event); }) &&
         std::ranges::none_of(expectation.no_events,
                              [&](const ExpectedEvent& event) { return Occurred(events, event); });
}

}  // namespace tcpslab::scenarios
