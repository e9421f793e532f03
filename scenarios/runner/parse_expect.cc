// The key `expect` of a scenario file.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "scenarios/runner/parse.h"

namespace tcpslab::scenarios {
namespace {

// At any host, at the client, at the server.
std::vector<ExpectedEvent> EveryEvent() {
  std::vector<ExpectedEvent> events;
  for (const std::optional<HostName> host :
       {std::optional<HostName>(), std::optional(HostName::kClient), std::optional(HostName::kServer)}) {
    for (std::size_t i = 0; i < stack::kEventKinds; ++i) {
      events.push_back({static_cast<stack::EventKind>(i), host});
    }
  }
  return events;
}

ExpectedEvent ParseEvent(const YamlValue& value) {
  static const std::vector<ExpectedEvent> kEvents = EveryEvent();
  const auto name = [](const ExpectedEvent& event) { return ToString(event); };
  const std::string text = value.Text();
  const auto found = std::ranges::find(kEvents, text, name);
  if (found == kEvents.end()) {
    std::vector<std::string> names;
    std::ranges::transform(std::span(kEvents).first(stack::kEventKinds), std::back_inserter(names), name);
    value.Fail(
        fmt::format("expected one of: {}; perhaps with @client or @server; found '{}'", fmt::join(names, ", "), text));
  }
  return *found;
}

template <class Outcome>
std::optional<Outcome> ParseOutcome(const Fields& fields, std::string_view key) {
  const YamlValue* const value = fields.Find(key);
  return value == nullptr ? std::nullopt : std::optional(static_cast<Outcome>(value->OneOf(NamesOf<Outcome>())));
}

std::vector<ExpectedEvent> ParseEvents(const Fields& fields, std::string_view key) {
  std::vector<ExpectedEvent> events;
  if (const YamlValue* const value = fields.Find(key)) {
    std::ranges::transform(value->Items(), std::back_inserter(events), ParseEvent);
  }
  return events;
}

Expectation ParseJudgement(const Fields& fields) {
  Expectation expectation;
  expectation.connection = ParseOutcome<Connection>(fields, "connection");
  expectation.protection = ParseOutcome<Protection>(fields, "protection");
  expectation.delivery = ParseOutcome<Delivery>(fields, "delivery");
  expectation.attack = ParseOutcome<Attack>(fields, "attack");
  expectation.events = ParseEvents(fields, "events");
  expectation.no_events = ParseEvents(fields, "no_events");
  if (const YamlValue* const why = fields.Find("why")) {
    expectation.why = why->Text();
  }
  return expectation;
}

Expectation ParseProtocol(const YamlValue& value, std::size_t visits) {
  const Fields fields =
      value.Map({"connection", "protection", "delivery", "attack", "events", "no_events", "why", "visits"});
  Expectation expectation = ParseJudgement(fields);
  if (const YamlValue* const list = fields.Find("visits")) {
    const std::vector<YamlValue> items = list->Items();
    if (items.size() > visits) {
      list->Fail(fmt::format("judges {} visits of {}", items.size(), visits));
    }
    for (const YamlValue& item : items) {
      expectation.visits.push_back(
          ParseJudgement(item.Map({"connection", "protection", "delivery", "attack", "events", "no_events", "why"})));
    }
  }
  return expectation;
}

}  // namespace

std::vector<ProtocolExpectation> ParseExpect(const YamlValue& value, std::size_t visits) {
  std::vector<std::string_view> names;
  for (const ProtocolKey& key : ProtocolKeys()) {
    names.push_back(key.text);
  }
  const Fields fields = value.Map(names);
  std::vector<ProtocolExpectation> expectations;
  for (const ProtocolKey& key : ProtocolKeys()) {
    if (const YamlValue* const entry = fields.Find(key.text)) {
      expectations.push_back({&key, ParseProtocol(*entry, visits), entry->location()});
    }
  }
  if (expectations.empty()) {
    value.Fail("names no protocol to run");
  }
  return expectations;
}

}  // namespace tcpslab::scenarios
