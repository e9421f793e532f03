#include "bindings/sim/simulation.h"

#include <ns3/boolean.h>
#include <ns3/global-value.h>
#include <ns3/rng-seed-manager.h>
#include <ns3/simulator.h>
#include <ns3/string.h>
#include <ns3/tcps-helper.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include "bindings/core/host_values.h"

namespace tcpslab::bindings {
namespace {

std::atomic<bool> exists = false;  // as ns-3's simulator is, one for the process
constexpr const char* kChecksums = "ChecksumEnabled";

bool ChecksumsEnabled() {
  ns3::BooleanValue value;
  ns3::GlobalValue::GetValueByName(kChecksums, value);
  return value.Get();
}

ns3::TypeId::AttributeInformation Find(const ns3::TypeId& type, const std::string& name) {
  ns3::TypeId::AttributeInformation information;
  if (!type.LookupAttributeByName(name, &information) || (information.flags & ns3::TypeId::ATTR_SET) == 0) {
    throw pybind11::value_error(type.GetName() + " has no attribute " + name);
  }
  return information;
}

[[noreturn]] void RaiseNoValue(const ns3::TypeId& type, const std::string& name) {
  throw pybind11::value_error("no value of " + type.GetName() + "::" + name);
}

// Whether ns-3 gets through `text` as a value of this type: a number with something behind it, say, is fatal, and a
// time that does not fit becomes another.
bool IsText(const std::string& text, const std::string& value_type) {
  if (value_type == "ns3::BooleanValue" || value_type == "ns3::EnumValue") return true;
  // Neither a sign nor the words that from_chars takes for numbers, "inf" and "nan".
  if (text.find_first_of("0123456789") != 0) return false;
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (error != std::errc{}) return false;
  if (value_type == "ns3::TimeValue") {
    constexpr std::array<std::pair<std::string_view, double>, 6> kUnits = {
        {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"min", 60e9}, {"h", 3600e9}}};
    const auto unit = std::ranges::find(kUnits, std::string_view(rest, end), &decltype(kUnits)::value_type::first);
    return unit != kUnits.end() && number * unit->second <= static_cast<double>(kLongest);
  }
  if (value_type == "ns3::UintegerValue") return text.find_first_not_of("0123456789") == text.npos;
  return value_type == "ns3::DoubleValue" && rest == end;
}

}  // namespace

Simulation::Simulation(std::uint64_t seed)
    : checksums_before_(ChecksumsEnabled()),
      seed_before_(ns3::RngSeedManager::GetSeed()),
      run_before_(ns3::RngSeedManager::GetRun()) {
  if (exists.exchange(true)) throw std::runtime_error("ns-3 simulates one node at a time: close the other SimNode");
  ns3::RngSeedManager::SetSeed(1);
  ns3::RngSeedManager::SetRun(seed);
  ns3::TcpsHelper::EnableChecksums();
}

Simulation::~Simulation() {
  ns3::Simulator::Destroy();
  ns3::RngSeedManager::SetSeed(seed_before_);
  ns3::RngSeedManager::SetRun(run_before_);
  ns3::GlobalValue::Bind(kChecksums, ns3::BooleanValue(checksums_before_));
  exists = false;
}

void CheckAttribute(const ns3::TypeId& type, const std::string& name, const ns3::AttributeValue& value) {
  if (!Find(type, name).checker->CreateValidValue(value)) RaiseNoValue(type, name);
}

void CheckAttributeText(const ns3::TypeId& type, const std::string& name, const std::string& text) {
  const ns3::TypeId::AttributeInformation information = Find(type, name);
  if (!IsText(text, information.checker->GetValueTypeName())) RaiseNoValue(type, name);
  CheckAttribute(type, name, ns3::StringValue(text));
}

}  // namespace tcpslab::bindings
