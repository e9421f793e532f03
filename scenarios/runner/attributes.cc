#include "scenarios/runner/attributes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <ns3/attribute.h>
#include <ns3/object-factory.h>
#include <ns3/pointer.h>
#include <ns3/string.h>
#include <ns3/tcp-socket-base.h>
#include <ns3/tcps-path-element.h>
#include <ns3/type-id.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/runner/child_process.h"
#include "scenarios/runner/units.h"

namespace tcpslab::scenarios {
namespace {

// The attributes that can be set, those of the parents included, up to but not including `root`.
std::vector<std::string> SettableAttributes(ns3::TypeId type, const ns3::TypeId& root) {
  std::vector<std::string> names;
  for (; type != root; type = type.GetParent()) {
    for (std::size_t i = 0; i < type.GetAttributeN(); ++i) {
      const ns3::TypeId::AttributeInformation attribute = type.GetAttribute(i);
      const bool settable = (attribute.flags & ns3::TypeId::ATTR_SET) != 0 && attribute.accessor->HasSetter();
      if (settable && attribute.checker->GetValueTypeName().find("Callback") == std::string::npos) {
        names.push_back(attribute.name);
      }
    }
    if (!type.HasParent() || type.GetParent() == type) {
      break;
    }
  }
  std::ranges::sort(names);
  return names;
}

// ns-3 reads "4MiB" as the number 4, and "12x" as 12: numbers are checked here.
void NormaliseNumber(AttributeSetting& attribute, const std::string& type) {
  const auto fail = [&attribute] {
    throw ScenarioError(attribute.location,
                        fmt::format("{}: expected a number, found '{}'", attribute.name, attribute.value));
  };
  const char* const begin = attribute.value.data();
  const char* const end = begin + attribute.value.size();
  if (type == "ns3::UintegerValue") {
    const std::optional<std::uint64_t> number = ParseSize(attribute.value);
    if (!number) {
      fail();
    }
    attribute.value = std::to_string(*number);
  } else if (type == "ns3::IntegerValue" || type == "ns3::DoubleValue") {
    double number = 0;
    const auto [stop, error] = std::from_chars(begin, end, number);
    if (error != std::errc{} || stop != end) {
      fail();
    }
  } else if (type == "ns3::TimeValue") {
    if (!ParseDuration(attribute.value)) {
      throw ScenarioError(attribute.location,
                          fmt::format("{}: expected a time such as 10ms, found '{}'", attribute.name, attribute.value));
    }
  }
}

void Check(AttributeSetting& attribute, const ns3::TypeId& type, const ns3::TypeId& root) {
  ns3::TypeId::AttributeInformation information;
  const std::vector<std::string> names = SettableAttributes(type, root);
  if (std::ranges::find(names, attribute.name) == names.end() ||
      !type.LookupAttributeByName(attribute.name, &information)) {
    throw ScenarioError(attribute.location, fmt::format("unknown attribute '{}' of {}; expected one of: {}",
                                                        attribute.name, type.GetName(), fmt::join(names, ", ")));
  }
  NormaliseNumber(attribute, information.checker->GetValueTypeName());
  // Reading a pointer creates the object: that is left to the run.
  if (information.checker->GetValueTypeName() != "ns3::PointerValue" &&
      !information.checker->CreateValidValue(ns3::StringValue(attribute.value))) {
    const std::string choice = information.checker->HasUnderlyingTypeInformation()
                                   ? fmt::format("; expected {}", information.checker->GetUnderlyingTypeInformation())
                                   : "";
    throw ScenarioError(attribute.location, fmt::format("{}: '{}' is no value of this attribute{}", attribute.name,
                                                        attribute.value, choice));
  }
}

// The place of the first attribute that its own setter refuses (a list of numbers in the form of text, say); that of
// none. Made in a child, so that checking draws nothing from ns-3's streams.
std::size_t FirstRefused(const PathElement& plan) {
  static constexpr std::chrono::seconds kLimit{60};
  const ChildResult result = RunInChild(
      [&plan] {
        const ns3::Ptr<ns3::Object> element = ns3::ObjectFactory(plan.type).Create<ns3::Object>();
        const auto refused = std::ranges::find_if(plan.attributes, [&element](const AttributeSetting& attribute) {
          return !element->SetAttributeFailSafe(attribute.name, ns3::StringValue(attribute.value));
        });
        return std::to_string(refused - plan.attributes.begin());
      },
      kLimit);
  if (!result.ok) {
    throw ScenarioError(plan.location, fmt::format("{} cannot be made: {}", plan.type, result.failure));
  }
  return std::stoull(result.output);
}

void CheckWithElement(const PathElement& plan) {
  const std::size_t refused = plan.attributes.empty() ? 0 : FirstRefused(plan);
  if (refused == plan.attributes.size()) {
    return;
  }
  const AttributeSetting& attribute = plan.attributes[refused];
  ns3::TypeId::AttributeInformation information;
  ns3::TypeId::LookupByName(plan.type).LookupAttributeByName(attribute.name, &information);
  throw ScenarioError(attribute.location, fmt::format("{}: '{}' is no value of this attribute. {}", attribute.name,
                                                      attribute.value, information.help));
}

std::vector<std::string> PathElementTypes() {
  std::vector<std::string> names;
  for (std::uint16_t i = 0; i < ns3::TypeId::GetRegisteredN(); ++i) {
    const ns3::TypeId type = ns3::TypeId::GetRegistered(i);
    if (type.IsChildOf(ns3::TcpsPathElement::GetTypeId()) && type.HasConstructor()) {
      names.push_back(type.GetName());
    }
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

void CheckAttributes(Scenario& scenario) {
  for (Host* host : {&scenario.client, &scenario.server}) {
    for (AttributeSetting& attribute : host->tcp) {
      Check(attribute, ns3::TcpSocketBase::GetTypeId(), ns3::Socket::GetTypeId());
    }
  }
  const std::vector<std::string> types = PathElementTypes();
  for (PathElement& element : scenario.path) {
    if (std::ranges::find(types, element.type) == types.end()) {
      throw ScenarioError(element.location, fmt::format("unknown path element '{}'; expected one of: {}", element.type,
                                                        fmt::join(types, ", ")));
    }
    for (AttributeSetting& attribute : element.attributes) {
      Check(attribute, ns3::TypeId::LookupByName(element.type), ns3::Object::GetTypeId());
    }
    CheckWithElement(element);
  }
}

}  // namespace tcpslab::scenarios
