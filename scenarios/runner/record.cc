#include "scenarios/runner/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "scenarios/runner/judge.h"
#include "scenarios/runner/metrics.h"
#include "scenarios/runner/simulation.h"

namespace tcpslab::scenarios {
namespace {

constexpr std::string_view kLiveHost = "linux";

template <class Outcome>
void PutOutcome(Json& json, const char* key, const std::optional<Outcome>& outcome) {
  if (outcome) {
    json[key] = ToString(*outcome);
  }
}

Json NamesOf(const std::vector<ExpectedEvent>& events) {
  Json names = Json::array();
  for (const ExpectedEvent& event : events) {
    names.push_back(ToString(event));
  }
  return names;
}

Json ToJson(const Expectation& expectation) {
  Json json = Json::object();
  PutOutcome(json, "connection", expectation.connection);
  PutOutcome(json, "protection", expectation.protection);
  PutOutcome(json, "delivery", expectation.delivery);
  PutOutcome(json, "attack", expectation.attack);
  if (!expectation.events.empty()) {
    json["events"] = NamesOf(expectation.events);
  }
  if (!expectation.no_events.empty()) {
    json["no_events"] = NamesOf(expectation.no_events);
  }
  if (!expectation.why.empty()) {
    json["why"] = expectation.why;
  }
  return json;
}

Json ToJson(const Outcomes& outcomes) {
  return {{"connection", ToString(outcomes.connection)},
          {"protection", ToString(outcomes.protection)},
          {"delivery", ToString(outcomes.delivery)},
          {"attack", ToString(outcomes.attack)}};
}

double Seconds(stack::Duration time) { return std::chrono::duration<double>(time).count(); }

Json ToJson(const EventObservation& event) {
  return {{"t", Seconds(event.time)},
          {"host", ToString(event.host)},
          {"event", ToString(event.kind)},
          {"detail", event.detail},
          {"flow", event.flow}};
}

Json EventsToJson(const std::vector<EventObservation>& events) {
  Json list = Json::array();
  for (const EventObservation& event : events) {
    list.push_back(ToJson(event));
  }
  return list;
}

Json Rounded(const std::optional<double>& value) {
  static constexpr double kMicro = 1000;
  return value ? Json(std::round(*value * kMicro) / kMicro) : Json(nullptr);
}

Json ToJson(const Metrics& metrics) {
  return {{"handshake_ms", Rounded(metrics.handshake_ms)},
          {"first_byte_ms", Rounded(metrics.first_byte_ms)},
          {"goodput_bps", std::llround(metrics.goodput_bps)},
          {"wire_bytes", metrics.wire_bytes},
          {"app_bytes", metrics.app_bytes},
          {"retransmits", metrics.retransmits}};
}

std::vector<EventObservation> EventsOfVisit(const std::vector<EventObservation>& events, std::size_t visit) {
  std::vector<EventObservation> chosen;
  std::ranges::copy_if(events, std::back_inserter(chosen),
                       [visit](const EventObservation& event) { return event.visit == visit; });
  return chosen;
}

Json Begin(const RunIdentity& run) {
  const ProtocolKey& protocol = run.protocol();
  Json record;
  record["scenario"] = run.scenario.name;
  record["protocol"] = protocol.protocol;
  record["dialect"] = protocol.IsPlain() ? Json(nullptr) : Json(protocol.dialect);
  record["seed"] = run.seed;
  if (run.live) {
    record["host"] = kLiveHost;
  }
  return record;
}

Json CountsOf(const ElementObservation& element, PathAction action) {
  const std::array<std::uint64_t, 2>& counts = element.actions[static_cast<std::size_t>(action)];
  return {{"forward", counts[static_cast<std::size_t>(HostName::kClient)]},
          {"backward", counts[static_cast<std::size_t>(HostName::kServer)]}};
}

Json ToJson(const PathElement& plan, const ElementObservation& observation) {
  Json attributes = Json::object();
  for (const AttributeSetting& attribute : plan.attributes) {
    if (attribute.name != "Goal") {
      attributes[attribute.name] = attribute.value;
    }
  }
  Json did = nullptr;
  if (observation.did) {
    did = {{"t", Seconds(observation.did->time)}, {"what", observation.did->what}};
  }
  return {{"type", plan.type},
          {"attributes", attributes},
          {"goal", plan.goal()},
          {"visits", plan.visits},
          {"dropped", CountsOf(observation, PathAction::kDrop)},
          {"modified", CountsOf(observation, PathAction::kModify)},
          {"delayed", CountsOf(observation, PathAction::kDelay)},
          {"injected", CountsOf(observation, PathAction::kInject)},
          {"did", did}};
}

void AddScripts(Json& record, const RunIdentity& run, const RunObservation& observation) {
  Json scripted = Json::array();
  for (const HostName name : kHosts) {
    if (run.scenario.host(name).script) {
      scripted.push_back(ToString(name));
    }
  }
  if (scripted.empty()) {
    return;
  }
  record["scripted"] = std::move(scripted);
  Json failures = Json::array();
  for (const ScriptFailure& failure : observation.script_failures) {
    failures.push_back({{"host", ToString(failure.host)},
                        {"visit", failure.visit},
                        {"line", failure.line},
                        {"message", failure.message}});
  }
  record["script_failures"] = std::move(failures);
}

Json ArtefactsToJson(const RunIdentity& run) {
  const Artefacts artefacts = ArtefactsOf(run.scenario, run.protocol());
  const std::string folder = FolderOf(run);
  Json captures = Json::array();
  for (const std::string& capture : artefacts.captures) {
    captures.push_back(fmt::format("{}/{}", folder, capture));
  }
  return {
      {"pcap", captures.front()},
      {"pcaps", captures},
      {"timeline", fmt::format("{}/{}", folder, artefacts.timeline)},
      {"keylog", artefacts.key_log.empty() ? Json(nullptr) : Json(fmt::format("{}/{}", folder, artefacts.key_log))}};
}

}  // namespace

std::string_view ToString(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAsExpected:
      return "as-expected";
    case Verdict::kDiffers:
      return "differs";
    case Verdict::kError:
      break;
  }
  return "error";
}

std::string FolderOf(const RunIdentity& run) {
  std::string protocol(run.protocol().text);
  std::ranges::replace(protocol, '/', '-');
  if (run.live) {
    protocol.append("-").append(kLiveHost);
  }
  return fmt::format("{}/{}", run.scenario.name, protocol);
}

Json MakeRecord(const RunIdentity& run, const RunObservation& observation, const std::vector<Outcomes>& visits,
                bool with_artefacts) {
  const Expectation& expected = run.expectation.expectation;
  Outcomes worst;
  bool meets = observation.script_failures.empty();
  Json visit_records = Json::array();
  for (std::size_t i = 0; i < visits.size(); ++i) {
    worst = Worse(worst, visits[i]);
    const Expectation visit_expected = i < expected.visits.size() ? expected.visits[i] : Expectation{};
    const std::vector<EventObservation> events = EventsOfVisit(observation.events, i + 1);
    meets = meets && Meets(visit_expected, visits[i], events);
    visit_records.push_back({{"expected", ToJson(visit_expected)},
                             {"observed", ToJson(visits[i])},
                             {"events", EventsToJson(events)},
                             {"metrics", ToJson(Measure(observation.connections, i + 1))}});
  }
  meets = meets && Meets(expected, worst, observation.events);

  Json record = Begin(run);
  record["verdict"] = ToString(meets ? Verdict::kAsExpected : Verdict::kDiffers);
  record["expected"] = ToJson(expected);
  record["observed"] = ToJson(worst);
  record["visits"] = std::move(visit_records);
  record["events"] = EventsToJson(observation.events);
  record["metrics"] = ToJson(Measure(observation.connections, 0));
  record["path"] = PathToJson(run.scenario.path, observation.elements);
  AddScripts(record, run, observation);
  record["artefacts"] = with_artefacts ? ArtefactsToJson(run) : Json::object();
  return record;
}

Json PathToJson(const std::vector<PathElement>& path, const std::vector<ElementObservation>& elements) {
  Json list = Json::array();
  for (std::size_t i = 0; i < path.size(); ++i) {
    list.push_back(ToJson(path[i], elements.at(i)));
  }
  return list;
}

Json ConnectionsToJson(const std::vector<ConnectionObservation>& connections) {
  Json list = Json::array();
  for (const ConnectionObservation& connection : connections) {
    const Outcomes outcomes = OutcomesOf(connection);
    list.push_back({outcomes.connection, outcomes.protection, outcomes.delivery});
  }
  return list;
}

std::vector<Outcomes> ConnectionsFromJson(const Json& json) {
  std::vector<Outcomes> connections;
  for (const Json& one : json) {
    connections.push_back({.connection = one.at(0).get<Connection>(),
                           .protection = one.at(1).get<Protection>(),
                           .delivery = one.at(2).get<Delivery>()});
  }
  return connections;
}

Json MakeErrorRecord(const RunIdentity& run, std::string_view message) {
  Json record = Begin(run);
  record["verdict"] = ToString(Verdict::kError);
  record["error"] = message;
  record["expected"] = ToJson(run.expectation.expectation);
  record["observed"] = Json::object();
  record["visits"] = Json::array();
  record["events"] = Json::array();
  record["metrics"] = Json::object();
  record["path"] = Json::array();
  record["artefacts"] = Json::object();
  return record;
}

}  // namespace tcpslab::scenarios
