// The simulated network of a scenario: client, path, server.
#pragma once

#include <ns3/address.h>
#include <ns3/node.h>
#include <ns3/ptr.h>
#include <ns3/tcps-shim-protocol.h>
#include <ns3/tcps-stack.h>

#include <array>
#include <cstdint>

#include "scenarios/runner/path_topology.h"
#include "scenarios/runner/scenario.h"

namespace tcpslab::scenarios {

struct SimulatedHost {
  ns3::Ptr<ns3::Node> node;
  ns3::Ptr<ns3::TcpsStack> stack;        // none where the host runs plain TCP
  ns3::Ptr<ns3::TcpsShimProtocol> shim;  // the host parts, always there
  ns3::Address address;                  // an Ipv4Address or Ipv6Address

  // The address with a port, as sockets take it.
  [[nodiscard]] ns3::Address At(std::uint16_t port) const;
  // Likewise, of the loopback interface.
  [[nodiscard]] ns3::Address LoopbackAt(std::uint16_t port) const;
};

struct Topology {
  std::array<SimulatedHost, 2> hosts;  // by HostName
  PathTopology path;

  SimulatedHost& host(HostName name) { return hosts[static_cast<std::size_t>(name)]; }
};

// Builds it; every random stream is assigned. `with_goals`: whether the path elements that have a goal are there too.
[[nodiscard]] Topology BuildTopology(const Scenario& scenario, const ProtocolKey& protocol, bool with_goals);

}  // namespace tcpslab::scenarios
