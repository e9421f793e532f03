#include "bindings/core/host_values.h"

#include <fmt/format.h>

#include <cstddef>

#include "bindings/core/module.h"

namespace tcpslab::bindings {
namespace {

using stack::Event;
using stack::Policy;
using stack::StateChange;
using tcps::Config;

void AddDuration(py::class_<Policy>& type, const char* name, stack::Duration Policy::*field, const char* doc) {
  type.def_property(
      name, [field](const Policy& policy) { return (policy.*field).count(); },
      [field](Policy& policy, std::int64_t nanoseconds) { policy.*field = ToDuration(nanoseconds); }, doc);
}

// Fields by their names, as a dataclass takes them.
Policy MakePolicy(const py::kwargs& fields) {
  const py::object made = py::cast(Policy{});
  for (const auto& [name, value] : fields) {
    if (!py::hasattr(made, name)) throw py::type_error("there is no policy " + py::cast<std::string>(name));
    py::setattr(made, name, value);
  }
  return made.cast<Policy>();
}

void AddPolicy(py::module_& module) {
  py::class_<Policy> policy(module, "Policy",
                            "An administrator's choices; times in nanoseconds. The defaults are upstream's.");
  policy.def(py::init(&MakePolicy), "Takes the attributes below by their names.");
  policy.def_readwrite("enforce", &Policy::enforce, "Drop connections that cannot be protected.");
  policy.def_readwrite("tofu_enforce", &Policy::tofu_enforce,
                       "Act on an identity mismatch, instead of only reporting it.");
  policy.def_readwrite("max_connections", &Policy::max_connections,
                       "Entries of the connection table, every state counted.");
  policy.def_readwrite("max_blocked", &Policy::max_blocked, "Flows remembered as blocked.");
  AddDuration(policy, "collect_interval", &Policy::collect_interval, "Between two runs of the collector.");
  AddDuration(policy, "half_open_timeout", &Policy::half_open_timeout, "Idle before the handshake is complete.");
  AddDuration(policy, "dead_timeout", &Policy::dead_timeout, "Idle and unprotected.");
  AddDuration(policy, "closed_timeout", &Policy::closed_timeout, "Idle after both FINs.");
  AddDuration(policy, "idle_timeout", &Policy::idle_timeout, "Idle in any state.");
}

Config MakeConfig(const std::string& dialect_name, const Policy& policy, const std::vector<std::string>& deviations) {
  const auto dialect = tcps::DialectFromName(dialect_name);
  if (!dialect) throw py::value_error("there is no dialect " + dialect_name);
  Config config{.dialect = *dialect, .policy = policy, .deviations = {}};
  for (const std::string& name : deviations) {
    const auto deviation = tcps::DeviationFromName(name);
    if (!deviation) throw py::value_error("there is no deviation " + name);
    config.deviations.Set(*deviation);
  }
  return config;
}

std::vector<std::string_view> AllDeviations() {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < tcps::kDeviations; ++i) names.push_back(ToString(static_cast<tcps::Deviation>(i)));
  return names;
}

std::vector<std::string_view> DeviationsOf(const Config& config) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < tcps::kDeviations; ++i) {
    const auto deviation = static_cast<tcps::Deviation>(i);
    if (config.deviations.Has(deviation)) names.push_back(ToString(deviation));
  }
  return names;
}

void AddConfig(py::module_& module) {
  py::class_<Config> config(module, "Config", "How a host speaks TCP/S.");
  config.def(py::init(&MakeConfig), py::arg("dialect") = "readme", py::kw_only(), py::arg("policy") = Policy{},
             py::arg("deviations") = py::tuple(),
             "dialect: \"readme\" or \"lkm\"; deviations: names of deliberate misbehaviours (all_deviations).");
  config.def_property_readonly(
      "dialect", [](const Config& self) { return ToString(self.dialect); }, "\"readme\" or \"lkm\".");
  config.def_property_readonly(
      "policy", [](const Config& self) { return self.policy; }, "A copy of the policy.");
  config.def_property_readonly("deviations", &DeviationsOf, "Names of the deliberate misbehaviours.");
  module.def("all_deviations", &AllDeviations, "The names of every deliberate misbehaviour.");
}

// When, and of which connection: what events and state changes share.
template <class Happening>
void AddWhenAndWhere(py::class_<Happening>& type) {
  type.def_property_readonly(
      "time", [](const Happening& self) { return ToNanoseconds(self.time); }, "Nanoseconds on the caller's clock.");
  type.def_property_readonly(
      "local", [](const Happening& self) { return self.flow.local; }, "This host's end of the connection.");
  type.def_property_readonly(
      "remote", [](const Happening& self) { return self.flow.remote; }, "The other end.");
  type.def_property_readonly(
      "role", [](const Happening& self) { return ToString(self.flow.role); },
      "Of this host: \"client\", \"server\", or \"unknown\" where the handshake was not seen.");
}

void AddEvents(py::module_& module) {
  py::class_<Event> event(module, "Event", "Something that the protocol reports.");
  event.def_property_readonly(
      "kind", [](const Event& self) { return ToString(self.kind); }, "\"encrypted\", \"tag-invalid\" and the like.");
  AddWhenAndWhere(event);
  event.def_readonly("detail", &Event::detail, "For people.");
  event.def_property_readonly(
      "alarm", [](const Event& self) { return stack::IsAlarm(self.kind); },
      "Whether it tells a person that something may be wrong on the path.");
  event.def("__repr__", [](const Event& self) {
    return fmt::format("<Event {} {}{}{}>", ToString(self.kind), ToString(self.flow), self.detail.empty() ? "" : ": ",
                       self.detail);
  });

  py::class_<StateChange> change(module, "StateChange", "A connection went from one state to another.");
  AddWhenAndWhere(change);
  change.def_readonly("before", &StateChange::from, "The state's name, \"NONE\" without an entry.");
  change.def_readonly("after", &StateChange::to, "The same, \"NONE\" once the entry is gone.");
  change.def("__repr__", [](const StateChange& self) {
    return fmt::format("<StateChange {} {} > {}>", ToString(self.flow), self.from, self.to);
  });
}

}  // namespace

stack::Duration ToDuration(std::int64_t nanoseconds) {
  if (nanoseconds < 0 || nanoseconds > kLongest) throw py::value_error("times are nanoseconds from 0 to 2**61");
  return stack::Duration(nanoseconds);
}

std::optional<std::int64_t> DeadlineOf(const stack::Shim& shim) {
  const stack::Instant deadline = shim.NextDeadline();
  if (deadline == stack::kNever) return std::nullopt;
  return ToNanoseconds(deadline);
}

std::map<std::string, std::uint64_t> CountersOf(const tcps::Tcps& host) {
  const stack::Counters& counters = host.counters();
  std::map<std::string, std::uint64_t> values = {
      {"outbound-passed", counters.outbound_passed},
      {"outbound-dropped", counters.outbound_dropped},
      {"inbound-passed", counters.inbound_passed},
      {"inbound-dropped", counters.inbound_dropped},
      {"emitted", counters.emitted},
  };
  for (std::size_t i = 0; i < stack::kEventKinds; ++i) {
    const auto kind = static_cast<stack::EventKind>(i);
    values.emplace(ToString(kind), counters.Of(kind));
  }
  return values;
}

std::optional<std::string_view> StateOf(const tcps::Tcps& host, const wire::Endpoint& a, const wire::Endpoint& b) {
  const auto state = host.StateOf({a, b});
  if (!state) return std::nullopt;
  return ToString(*state);
}

void AddHostValues(py::module_& module) {
  AddPolicy(module);
  AddConfig(module);
  AddEvents(module);
}

}  // namespace tcpslab::bindings
