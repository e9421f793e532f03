// The in-process pair: two hosts on one wire, with packets as bytes.
#include "reference/stack/pair.h"

#include <memory>
#include <optional>
#include <utility>

#include "bindings/core/casters.h"
#include "bindings/core/host_values.h"
#include "bindings/core/module.h"
#include "bindings/core/packet.h"

namespace tcpslab::bindings {
namespace {

using stack::OwnedSegment;
using stack::Pair;
using stack::Side;

Side SideFromName(std::string_view name) {
  if (name == "client") return Side::kClient;
  if (name == "server") return Side::kServer;
  throw py::value_error("the sides are client and server");
}

std::string_view NameOf(Side side) { return side == Side::kClient ? "client" : "server"; }

// Without a configuration the host has no TCP/S.
Pair::MakeShim MakerOf(const std::optional<tcps::Config>& config) {
  if (!config) return {};
  return [config = *config](const stack::Services& services) { return std::make_unique<tcps::Tcps>(config, services); };
}

std::unique_ptr<Pair> MakePair(const std::optional<tcps::Config>& client, const std::optional<tcps::Config>& server,
                               std::uint64_t seed) {
  return std::make_unique<Pair>(MakerOf(client), MakerOf(server), seed);
}

OwnedSegment SegmentOf(const Buffer& packet) { return std::move(OwnedPacket::Parse(packet.bytes()).segment()); }

std::vector<ByteVector> PacketsOf(const std::vector<OwnedSegment>& segments) {
  std::vector<ByteVector> packets;
  packets.reserve(segments.size());
  for (const OwnedSegment& segment : segments) packets.push_back(EmitSegment(segment));
  return packets;
}

std::vector<ByteVector> Advance(Pair& pair, std::int64_t duration) {
  const std::int64_t now = ToNanoseconds(pair.now());
  static_cast<void>(ToDuration(ToDuration(duration).count() + now));  // where the clock would come to
  return PacketsOf(pair.Advance(ToDuration(duration)));
}

void SetPath(Pair& pair, const std::optional<py::function>& path) {
  if (!path) {
    pair.SetPath({});
    return;
  }
  pair.SetPath([path = *path](Side from, OwnedSegment& segment) {
    // The function may set another path, which destroys this one. NOLINTNEXTLINE(performance-unnecessary-copy-*)
    const py::function held = path;
    const py::object result = held(NameOf(from), EmitSegment(segment));
    if (result.is_none()) return false;
    Buffer packet;
    if (!packet.Borrow(result)) throw py::type_error("a path returns bytes or None");
    segment = SegmentOf(packet);
    return true;
  });
}

const tcps::Tcps& HostOf(Pair& pair, std::string_view side) {
  const auto* host = dynamic_cast<const tcps::Tcps*>(pair.shim(SideFromName(side)));
  if (host == nullptr) throw py::value_error("this host has no TCP/S");
  return *host;
}

std::vector<std::pair<std::string_view, ByteVector>> WireOf(const Pair& pair) {
  std::vector<std::pair<std::string_view, ByteVector>> wire;
  for (const auto& [from, segment] : pair.wire()) wire.emplace_back(NameOf(from), EmitSegment(segment));
  return wire;
}

void AddCalls(py::class_<Pair>& type) {
  type.def(
      "send",
      [](Pair& self, std::string_view side, const Buffer& packet) {
        return PacketsOf(self.Send(SideFromName(side), SegmentOf(packet)));
      },
      py::arg("side"), py::arg("packet"),
      "A packet of this side's TCP, through its host, over the path, through the other host. Returns what reached the "
      "other TCP, in order.");
  type.def(
      "inject",
      [](Pair& self, std::string_view side, const Buffer& packet) {
        return PacketsOf(self.Inject(SideFromName(side), SegmentOf(packet)));
      },
      py::arg("side"), py::arg("packet"),
      "A packet that appears on the wire before this side, as an attacker would put it there.");
  type.def("advance", &Advance, py::arg("duration"),
           "Moves the clock by nanoseconds and runs what is due, in order of time. Returns what reached either TCP.");
  type.def("set_path", &SetPath, py::arg("path"),
           "path(from, packet) sees what a side put on the wire and returns what goes on, or None to lose it; None for "
           "a path that changes nothing. What it raises comes out of the call in progress.");
  type.def(
      "restart",
      [](Pair& self, std::string_view side, const std::optional<tcps::Config>& config) {
        self.Restart(SideFromName(side), MakerOf(config));
      },
      py::arg("side"), py::arg("config"),
      "Replaces a host by one that remembers nothing, as a reboot does; None for one without TCP/S.");
}

void AddQueries(py::class_<Pair>& type) {
  type.def_property_readonly(
      "now", [](const Pair& self) { return ToNanoseconds(self.now()); }, "The pair's clock: nanoseconds from 0 on.");
  type.def_property_readonly("wire", &WireOf, "Every packet that was put on the wire, lost or not, and by which side.");
  type.def_property_readonly("key_log", &Pair::key_log, "Key log lines of both hosts: the secrets of their sessions.");
  type.def(
      "events", [](const Pair& self, std::string_view side) { return self.events(SideFromName(side)); },
      py::arg("side"), "Every Event of this host.");
  type.def(
      "state_of",
      [](Pair& self, std::string_view side, const wire::Endpoint& a, const wire::Endpoint& b) {
        return StateOf(HostOf(self, side), a, b);
      },
      py::arg("side"), py::arg("a"), py::arg("b"), "See Endpoint.state_of.");
  type.def(
      "counters", [](Pair& self, std::string_view side) { return CountersOf(HostOf(self, side)); }, py::arg("side"),
      "See Endpoint.counters.");
  type.def(
      "identity", [](Pair& self, std::string_view side) { return HostOf(self, side).identity(); }, py::arg("side"),
      "The host's static public key.");
}

}  // namespace

void AddPair(py::module_& module) {
  py::class_<Pair> pair(module, "Pair",
                        "Two hosts in one process, joined by a wire. There is no TCP: the caller plays both, packet by "
                        "packet. Only the TCP segment crosses; every packet that comes out has a minimal IP header.");
  pair.def(py::init(&MakePair), py::arg("client") = tcps::Config{}, py::arg("server") = tcps::Config{}, py::kw_only(),
           py::arg("seed") = 1, "A configuration for each host, None for one without TCP/S.");
  AddCalls(pair);
  AddQueries(pair);
}

}  // namespace tcpslab::bindings
