// The key `hosts.client` (and `hosts.server`) of a scenario file.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "scenarios/runner/parse.h"

namespace tcpslab::scenarios {
namespace {

stack::Policy ParsePolicy(const YamlValue& value) {
  static constexpr std::uint64_t kMaximumEntries = 1'000'000;
  const Fields fields = value.Map({"enforce", "tofu_enforce", "max_connections", "max_blocked", "collect_interval",
                                   "half_open_timeout", "dead_timeout", "closed_timeout", "idle_timeout"});
  stack::Policy policy;
  const auto set_switch = [&fields](std::string_view key, bool& target) {
    if (const YamlValue* const entry = fields.Find(key)) {
      target = entry->Switch();
    }
  };
  const auto set_count = [&fields](std::string_view key, std::size_t& target) {
    if (const YamlValue* const entry = fields.Find(key)) {
      target = entry->Integer(1, kMaximumEntries);
    }
  };
  const auto set_duration = [&fields](std::string_view key, stack::Duration& target) {
    if (const YamlValue* const entry = fields.Find(key)) {
      target = entry->Duration();
    }
  };
  set_switch("enforce", policy.enforce);
  set_switch("tofu_enforce", policy.tofu_enforce);
  set_count("max_connections", policy.max_connections);
  set_count("max_blocked", policy.max_blocked);
  set_duration("collect_interval", policy.collect_interval);
  set_duration("half_open_timeout", policy.half_open_timeout);
  set_duration("dead_timeout", policy.dead_timeout);
  set_duration("closed_timeout", policy.closed_timeout);
  set_duration("idle_timeout", policy.idle_timeout);
  return policy;
}

tcps::Deviations ParseDeviations(const YamlValue& value) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < tcps::kDeviations; ++i) {
    names.push_back(ToString(static_cast<tcps::Deviation>(i)));
  }
  tcps::Deviations deviations;
  for (const YamlValue& item : value.Items()) {
    deviations.Set(static_cast<tcps::Deviation>(item.OneOf(names)));
  }
  return deviations;
}

}  // namespace

Host ParseHost(const YamlValue& value) {
  Host host;
  const Fields fields = value.Map({"stack", "policy", "tcp", "deviations", "script"});
  if (const YamlValue* const entry = fields.Find("stack")) {
    host.stack = entry->Switch();
  }
  if (const YamlValue* const entry = fields.Find("policy")) {
    host.policy = ParsePolicy(*entry);
  }
  if (const YamlValue* const entry = fields.Find("tcp")) {
    for (const auto& [name, attribute] : entry->Entries()) {
      host.tcp.push_back({name, attribute.Text(), attribute.location()});
    }
  }
  if (const YamlValue* const entry = fields.Find("deviations")) {
    host.deviations = ParseDeviations(*entry);
  }
  if (const YamlValue* const entry = fields.Find("script")) {
    host.script = ParseScript(*entry);
    if (!host.tcp.empty()) {
      fields.Find("tcp")->Fail("a scripted host has no TCP to set attributes of");
    }
  }
  return host;
}

}  // namespace tcpslab::scenarios
