// The key `expect` of a scenario file.
#include <fmt/format.h>

#include <algorithm>

#include "scenarios/runner/parse.h"

namespace tcpslab::scenarios {
namespace {

std::span<const std::string_view> EventNames() {
  static const auto kNames = [] {
    std::array<std::string_view, stack::kEventKinds> names;
    for (std::size_t i = 0; i < names.size(); ++i) {
      names[i] = ToString(static_cast<stack::EventKind>(i));
    }
    return names;
  }();
  return kNames;
}

template <class Outcome>
std::optional<Outcome> ParseOutcome(const Fields& fields, std::string_view key) {
  const YamlValue* const value = fields.Find(key);
  return value == nullptr ? std::nullopt : std::optional(static_cast<Outcome>(value->OneOf(NamesOf<Outcome>())));
}

std::vector<stack::EventKind> ParseEvents(const Fields& fields, std::string_view key) {
  std::vector<stack::EventKind> kinds;
  if (const YamlValue* const value = fields.Find(key)) {
    for (const YamlValue& item : value->Items()) {
      kinds.push_back(static_cast<stack::EventKind>(item.OneOf(EventNames())));
    }
  }
  return kinds;
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
