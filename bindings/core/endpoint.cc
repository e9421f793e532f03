#include "bindings/core/endpoint.h"

#include <utility>

#include "bindings/core/host_values.h"
#include "bindings/core/module.h"
#include "bindings/core/packet.h"

namespace tcpslab::bindings {

Endpoint::Endpoint(const tcps::Config& config, std::uint64_t seed, std::uint64_t stream)
    : random_(seed, stream),
      shim_(config, {.segments = emitted_, .events = records_, .random = random_, .key_log = &records_}) {}

Passage Endpoint::Outbound(std::span<const std::byte> packet, std::int64_t now) {
  return Pass(&tcps::Tcps::Outbound, packet, now, false);
}

Passage Endpoint::Inbound(std::span<const std::byte> packet, std::int64_t now, bool reassembled) {
  return Pass(&tcps::Tcps::Inbound, packet, now, reassembled);
}

Passage Endpoint::Expire(std::int64_t now) {
  MoveClock(now);
  shim_.Expire(now_);
  Passage passage;
  TakeEmitted(passage);
  return passage;
}

Passage Endpoint::Pass(Call call, std::span<const std::byte> bytes, std::int64_t now, bool reassembled) {
  OwnedPacket packet = OwnedPacket::Parse(bytes);
  MoveClock(now);
  packet.segment()->reassembled = reassembled;
  Passage passage;
  passage.verdict = (shim_.*call)(*packet.segment(), now_);
  TakeEmitted(passage);
  if (passage.verdict == stack::Verdict::kPass) passage.packet = packet.Emit(wire::Checksum::kCompute);
  return passage;
}

void Endpoint::MoveClock(std::int64_t now) {
  const stack::Instant then = ToInstant(now);
  if (then < now_) throw py::value_error("the clock went backwards");
  now_ = then;
}

void Endpoint::TakeEmitted(Passage& passage) {
  const Emitted emitted = std::exchange(emitted_, {});
  for (const stack::OwnedSegment& segment : emitted.to_network) passage.to_network.push_back(EmitSegment(segment));
  for (const stack::OwnedSegment& segment : emitted.to_host) passage.to_host.push_back(EmitSegment(segment));
}

void Endpoint::ClearRecords() { records_ = {}; }

namespace {

void AddPassage(py::module_& module) {
  py::class_<Passage> passage(module, "Passage", "What became of a packet, and what the protocol sent on its own.");
  passage.def_property_readonly(
      "verdict", [](const Passage& self) { return ToString(self.verdict); }, "\"pass\" or \"drop\".");
  passage.def_readonly("packet", &Passage::packet,
                       "The packet as edited, checksums right; None where it was dropped, and of expire().");
  passage.def_readonly("to_network", &Passage::to_network,
                       "What the protocol sent to the network, in order; in outbound() before the packet itself.");
  passage.def_readonly("to_host", &Passage::to_host, "What the protocol gave to the host's TCP, in order.");
}

void AddCalls(py::class_<Endpoint>& type) {
  type.def(
      "outbound",
      [](Endpoint& self, const Buffer& packet, std::int64_t now) { return self.Outbound(packet.bytes(), now); },
      py::arg("packet"), py::arg("now"),
      "A packet from the host's TCP to the network at a time in nanoseconds, which never goes backwards. WireError as "
      "Packet.parse, and then nothing happened; packet-too-long where the result does not fit.");
  type.def(
      "inbound",
      [](Endpoint& self, const Buffer& packet, std::int64_t now, bool reassembled) {
        return self.Inbound(packet.bytes(), now, reassembled);
      },
      py::arg("packet"), py::arg("now"), py::kw_only(), py::arg("reassembled") = false,
      "A packet from the network to the host's TCP; see outbound. reassembled: it came in IP fragments. Checksums are "
      "not verified: that is the host's task.");
  type.def_property_readonly(
      "next_deadline", [](const Endpoint& self) { return DeadlineOf(self.shim()); },
      "When expire() must be called at the latest, or None.");
  type.def("expire", &Endpoint::Expire, py::arg("now"), "Runs what is due.");
}

void AddQueries(py::class_<Endpoint>& type) {
  type.def_property_readonly(
      "dialect", [](const Endpoint& self) { return ToString(self.shim().dialect()); }, "\"readme\" or \"lkm\".");
  type.def_property(
      "policy", [](const Endpoint& self) { return self.shim().policy(); },
      [](Endpoint& self, const stack::Policy& policy) { self.shim().SetPolicy(policy); },
      "A copy of the policy; one that is set takes effect with the next packet.");
  type.def_property_readonly(
      "identity", [](const Endpoint& self) { return self.shim().identity(); }, "The static public key.");
  type.def(
      "peer_identity",
      [](const Endpoint& self, const wire::Address& address) { return self.shim().PeerIdentity(address); },
      py::arg("address"), "The identity remembered for an address, or None.");
  type.def(
      "state_of",
      [](const Endpoint& self, const wire::Endpoint& a, const wire::Endpoint& b) { return StateOf(self.shim(), a, b); },
      py::arg("a"), py::arg("b"),
      "The state of the connection between two ends, in either order: \"SYN_SENT\", \"ENCRYPTED\" and so on, "
      "\"BLOCKED\"; None without an entry.");
  type.def_property_readonly(
      "connections", [](const Endpoint& self) { return self.shim().connections(); }, "Entries of the table.");
  type.def_property_readonly(
      "blocked_flows", [](const Endpoint& self) { return self.shim().blocked_flows(); }, "Flows held as blocked.");
  type.def_property_readonly(
      "counters", [](const Endpoint& self) { return CountersOf(self.shim()); },
      "Of every event by its name, and outbound-passed, outbound-dropped, inbound-passed, inbound-dropped, emitted.");
  type.def_property_readonly("events", &Endpoint::events, "Every Event since the last clear_records().");
  type.def_property_readonly("state_changes", &Endpoint::state_changes,
                             "Every StateChange since the last clear_records().");
  type.def_property_readonly("key_log", &Endpoint::key_log,
                             "Key log lines since the last clear_records(): these are the session's secrets.");
  type.def("clear_records", &Endpoint::ClearRecords, "Forgets events, state changes and key log lines.");
}

}  // namespace

void AddEndpoint(py::module_& module) {
  AddPassage(module);
  py::class_<Endpoint> endpoint(module, "Endpoint",
                                "A TCP/S host that the caller drives, packet by packet, under a clock of its own.");
  endpoint.def(py::init<const tcps::Config&, std::uint64_t, std::uint64_t>(), py::arg("config") = tcps::Config{},
               py::kw_only(), py::arg("seed") = 1, py::arg("stream") = 0,
               "Equal configurations, seeds, streams and calls give equal bytes; streams of one seed are independent.");
  AddCalls(endpoint);
  AddQueries(endpoint);
}

}  // namespace tcpslab::bindings
