#include "bindings/sim/policy.h"

#include <ns3/boolean.h>
#include <ns3/nstime.h>
#include <ns3/string.h>
#include <ns3/uinteger.h>

#include <string>

#include "bindings/sim/simulation.h"

namespace tcpslab::bindings {
namespace {

ns3::TimeValue TimeOf(stack::Duration duration) { return ns3::TimeValue(ns3::NanoSeconds(duration.count())); }

// `set` is called for every attribute of a policy, with name and value.
template <class Set>
void ForEachAttribute(const stack::Policy& policy, const Set& set) {
  set("Enforce", ns3::BooleanValue(policy.enforce));
  set("TofuEnforce", ns3::BooleanValue(policy.tofu_enforce));
  set("MaxConnections", ns3::UintegerValue(policy.max_connections));
  set("MaxBlocked", ns3::UintegerValue(policy.max_blocked));
  set("CollectInterval", TimeOf(policy.collect_interval));
  set("HalfOpenTimeout", TimeOf(policy.half_open_timeout));
  set("DeadTimeout", TimeOf(policy.dead_timeout));
  set("ClosedTimeout", TimeOf(policy.closed_timeout));
  set("IdleTimeout", TimeOf(policy.idle_timeout));
}

void Check(const stack::Policy& policy) {
  ForEachAttribute(policy, [](const std::string& name, const ns3::AttributeValue& value) {
    CheckAttribute(ns3::TcpsStack::GetTypeId(), name, value);
  });
}

std::string NamesOf(const tcps::Deviations& deviations) {
  std::string names;
  for (std::size_t i = 0; i < tcps::kDeviations; ++i) {
    const auto deviation = static_cast<tcps::Deviation>(i);
    if (deviations.Has(deviation)) names.append(names.empty() ? "" : ",").append(ToString(deviation));
  }
  return names;
}

}  // namespace

void SetConfig(ns3::TcpsHelper& helper, const tcps::Config& config) {
  Check(config.policy);
  helper.SetAttribute("Dialect", ns3::StringValue(std::string(ToString(config.dialect))));
  helper.SetAttribute("Deviations", ns3::StringValue(NamesOf(config.deviations)));
  ForEachAttribute(config.policy, [&helper](const std::string& name, const ns3::AttributeValue& value) {
    helper.SetAttribute(name, value);
  });
}

void SetPolicy(ns3::TcpsStack& stack, const stack::Policy& policy) {
  Check(policy);
  ForEachAttribute(
      policy, [&stack](const std::string& name, const ns3::AttributeValue& value) { stack.SetAttribute(name, value); });
}

}  // namespace tcpslab::bindings
