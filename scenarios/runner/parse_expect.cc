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
void ParseOutcome(const Fields& fields, std::string_view key, std::optional<Outcome>& outcome) {
  if (const YamlValue* const value = fields.Find(key)) {
    outcome = static_cast<Outcome>(value->OneOf(NamesOf<Outcome>()));
  }
}

void ParseEvents(const Fields& fields, std::string_view key, std::vector<ExpectedEvent>& events) {
  if (const YamlValue* const value = fields.Find(key)) {
    events.clear();
    std::ranges::transform(value->Items(), std::back_inserter(events), ParseEvent);
  }
}

// What the fields leave out is as in `base`.
Expectation ParseJudgement(const Fields& fields, Expectation base = {}) {
  Expectation expectation = std::move(base);
  ParseOutcome(fields, "connection", expectation.connection);
  ParseOutcome(fields, "protection", expectation.protection);
  ParseOutcome(fields, "delivery", expectation.delivery);
  ParseOutcome(fields, "attack", expectation.attack);
  ParseEvents(fields, "events", expectation.events);
  ParseEvents(fields, "no_events", expectation.no_events);
  if (const YamlValue* const why = fields.Find("why")) {
    expectation.why = why->Text();
  }
  return expectation;
}

void ParseVisits(const Fields& fields, std::size_t visits, std::vector<Expectation>& expectations) {
  const YamlValue* const list = fields.Find("visits");
  if (list == nullptr) {
    return;
  }
  const std::vector<YamlValue> items = list->Items();
  if (items.size() > visits) {
    list->Fail(fmt::format("judges {} visits of {}", items.size(), visits));
  }
  expectations.clear();
  for (const YamlValue& item : items) {
    expectations.push_back(
        ParseJudgement(item.Map({"connection", "protection", "delivery", "attack", "events", "no_events", "why"})));
  }
}

Expectation ParseOnLinux(const YamlValue& value, const Expectation& elsewhere, std::size_t visits) {
  const Fields fields =
      value.Map({"connection", "protection", "delivery", "attack", "events", "no_events", "why", "visits"});
  if (fields.Find("why") == nullptr) {
    value.Fail("does not say why Linux differs: the key 'why' is missing");
  }
  Expectation expectation = ParseJudgement(fields, elsewhere);
  ParseVisits(fields, visits, expectation.visits);
  return expectation;
}

Expectation ParseProtocol(const YamlValue& value, std::size_t visits) {
  const Fields fields =
      value.Map({"connection", "protection", "delivery", "attack", "events", "no_events", "why", "visits", "linux"});
  Expectation expectation = ParseJudgement(fields);
  ParseVisits(fields, visits, expectation.visits);
  if (const YamlValue* const entry = fields.Find("linux")) {
    expectation.on_linux.push_back(ParseOnLinux(*entry, Expectation(expectation), visits));
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
