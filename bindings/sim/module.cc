#include <pybind11/functional.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "bindings/core/casters.h"
#include "bindings/sim/sim_node.h"
#include "model/tcps-convert.h"

namespace tcpslab::bindings {
namespace {

using Id = SimNode::ConnectionId;

// What Python holds: a node until it is closed.
class Handle {
 public:
  explicit Handle(const SimSettings& settings) : node_(std::make_unique<SimNode>(settings)) {}

  SimNode& node() const {
    if (!node_) throw std::runtime_error("this node has stopped");
    if (node_->clock().running()) throw std::runtime_error("this node runs in another thread");
    return *node_;
  }
  void Stop() {
    if (node_ && node().clock().asking()) throw std::runtime_error("this node's run_until is not over");
    node_.reset();
  }

 private:
  std::unique_ptr<SimNode> node_;
};

// "10.0.0.2/24"
Network NetworkFrom(const std::string& text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const auto address = wire::ParseAddress(text.substr(0, slash));
  const std::string prefix = slash < text.size() ? text.substr(slash + 1) : "";
  const bool digits = !prefix.empty() && prefix.size() <= 3 && prefix.find_first_not_of("0123456789") == prefix.npos;
  if (!address || !digits || std::stoul(prefix) > 128) throw py::value_error("no address with a prefix: " + text);
  return {*address, static_cast<std::uint8_t>(std::stoul(prefix))};
}

std::unique_ptr<Handle> MakeNode(const std::optional<tcps::Config>& config, std::uint64_t seed, const std::string& ipv4,
                                 const std::string& ipv6, std::uint16_t mtu, std::optional<std::uint32_t> isn,
                                 const std::map<std::string, std::string>& tcp) {
  return std::make_unique<Handle>(SimSettings{.config = config,
                                              .seed = seed,
                                              .ipv4 = NetworkFrom(ipv4),
                                              .ipv6 = NetworkFrom(ipv6),
                                              .mtu = mtu,
                                              .isn = isn,
                                              .tcp = tcp});
}

void AddTime(py::class_<Handle>& type) {
  type.def_property_readonly(
      "now", [](const Handle& self) { return self.node().now(); }, "The node's clock: nanoseconds from 0 on.");
  type.def(
      "advance", [](Handle& self, std::int64_t duration) { self.node().Advance(duration); }, py::arg("duration"),
      "Lets nanoseconds pass.");
  type.def(
      "run_until",
      [](Handle& self, const std::function<bool()>& predicate, std::int64_t limit) {
        return self.node().RunUntil(predicate, limit);
      },
      py::arg("predicate"), py::arg("limit"),
      "Lets time pass until predicate() is true, at most `limit` nanoseconds; returns whether it is. It is asked at "
      "once, after every packet, event and change that an application sees, and at the end, and may call this node.");
}

void AddCard(py::class_<Handle>& type) {
  type.def(
      "take", [](Handle& self) { return self.node().Take(); },
      "What the node sent since the last call: when, and the whole IP packet. TCP and echo replies only: a real "
      "host's other ICMP and neighbour discovery are left out.");
  type.def(
      "inject", [](Handle& self, const Buffer& packet) { return self.node().Inject(packet.bytes()); },
      py::arg("packet"),
      "An IP packet arrives now, whole or a fragment; what ns-3 answers without delay is there to take. Bytes that are "
      "no IP packet are a WireError. False for what the node's IP ignores: other protocols than TCP and echo requests, "
      "other destinations, sources that no host has, a wrong IPv4 checksum, IPv6 extension headers other than a "
      "fragment header, impossible fragments.");
}

void AddApplication(py::class_<Handle>& type) {
  type.def(
      "listen", [](Handle& self, std::uint16_t port) { self.node().Listen(port); }, py::arg("port"),
      "Accepts connections, over IPv4 and IPv6.");
  type.def(
      "accepted", [](Handle& self, std::uint16_t port) { return self.node().Accepted(port); }, py::arg("port"),
      "The ids of all connections accepted on a port, in their order.");
  type.def(
      "connect",
      [](Handle& self, const wire::Address& address, std::uint16_t port) { return self.node().Connect(address, port); },
      py::arg("address"), py::arg("port"), "Opens a connection; returns its id. The SYN is there to take.");
  type.def(
      "send", [](Handle& self, Id id, const Buffer& data) { return self.node().Send(id, data.bytes()); }, py::arg("id"),
      py::arg("data"),
      "Hands bytes to TCP, which sends them as time goes on (ns-3: a nanosecond later). Returns how many of them the "
      "send buffer took: offer the rest again. It takes none unless the connection is open or peer-closed.");
  type.def(
      "received", [](Handle& self, Id id) { return self.node().TakeReceived(id); }, py::arg("id"),
      "What came since the last call.");
  type.def(
      "close", [](Handle& self, Id id) { self.node().Close(id); }, py::arg("id"),
      "Closes after all that was sent. The peer may go on sending.");
  type.def(
      "abort", [](Handle& self, Id id) { self.node().Abort(id); }, py::arg("id"), "Resets the connection.");
  type.def(
      "connection_state", [](Handle& self, Id id) { return ToString(self.node().connection(id).state()); },
      py::arg("id"),
      "What an application knows: \"connecting\", \"open\", \"peer-closed\", \"closing\" (this end closed, the peer "
      "did "
      "not yet), \"closed\" (both, or aborted here), \"reset\" (by the peer), \"failed\" (refused, or TCP gave up).");
  type.def(
      "ends",
      [](Handle& self, Id id) {
        const Connection& connection = self.node().connection(id);
        return std::pair(connection.local(), connection.remote());
      },
      py::arg("id"), "The connection's local and remote end.");
}

std::map<std::string, std::uint64_t> CountersOf(const ns3::TcpsStack& stack) {
  std::map<std::string, std::uint64_t> counters;
  for (const std::string& name : ns3::TcpsStack::GetCounterNames()) counters.emplace(name, stack.GetCounter(name));
  return counters;
}

std::optional<std::string> StateOf(const ns3::TcpsStack& stack, const wire::Endpoint& a, const wire::Endpoint& b) {
  std::string state = stack.GetState(ns3::TcpsToNs3(a), ns3::TcpsToNs3(b));
  if (state == ToString(tcps::State::kNone)) return std::nullopt;
  return state;
}

void AddProtocol(py::class_<Handle>& type) {
  type.def_property(
      "policy", [](const Handle& self) { return self.node().policy(); },
      [](Handle& self, const stack::Policy& policy) { self.node().SetPolicy(policy); },
      "A copy of the policy; one that is set takes effect with the next packet.");
  type.def(
      "restart", [](Handle& self) { self.node().stack().Restart(); },
      "What a reboot does to TCP/S: another identity, nothing remembered. TCP's connections go on.");
  type.def_property_readonly(
      "fingerprint", [](const Handle& self) { return self.node().stack().GetIdentityFingerprint(); },
      "Of the static public key: 16 hexadecimal digits.");
  type.def(
      "state_of",
      [](const Handle& self, const wire::Endpoint& a, const wire::Endpoint& b) {
        return StateOf(self.node().stack(), a, b);
      },
      py::arg("a"), py::arg("b"), "See Endpoint.state_of.");
  type.def_property_readonly(
      "connections", [](const Handle& self) { return self.node().stack().GetNConnections(); }, "Entries of the table.");
  type.def_property_readonly(
      "counters", [](const Handle& self) { return CountersOf(self.node().stack()); }, "See Endpoint.counters.");
  type.def_property_readonly(
      "events", [](const Handle& self) { return self.node().records().events(); }, "Every Event so far.");
  type.def_property_readonly(
      "state_changes", [](const Handle& self) { return self.node().records().state_changes(); },
      "Every StateChange so far.");
  type.def_property_readonly(
      "key_log", [](const Handle& self) { return self.node().records().key_log(); },
      "Key log lines: these are the sessions' secrets.");
}

}  // namespace
}  // namespace tcpslab::bindings

PYBIND11_MODULE(_sim, module) {
  using tcpslab::bindings::Handle;
  namespace py = pybind11;
  module.doc() = "Hosts in ns-3's virtual time. Use it through tcpslab.sim.";
  py::module_::import("tcpslab._core");  // has the types Config, Policy, Event and StateChange
  py::class_<Handle> type(module, "SimNode",
                          "A host with ns-3's TCP, with TCP/S below it or (config None) without. The caller is its "
                          "network card and its clock. One at a time in a process.");
  type.def(py::init(&tcpslab::bindings::MakeNode), py::arg("config"), py::kw_only(), py::arg("seed") = 1,
           py::arg("ipv4") = "10.0.0.2/24", py::arg("ipv6") = "2001:db8::2/64", py::arg("mtu") = 1500,
           py::arg("isn") = py::none(), py::arg("tcp") = py::dict(),
           "isn: the initial sequence number of every connection, instead of random ones; tcp: attributes of "
           "ns3::TcpSocketBase, as text. Equal arguments and calls give equal packets.");
  type.def("stop", &Handle::Stop, "Ends the simulation; also at the end of a `with`.");
  type.def("__enter__", [](py::object self) { return self; });
  type.def("__exit__", [](Handle& self, const py::args& /*exception*/) { self.Stop(); });
  tcpslab::bindings::AddTime(type);
  tcpslab::bindings::AddCard(type);
  tcpslab::bindings::AddApplication(type);
  tcpslab::bindings::AddProtocol(type);
}
