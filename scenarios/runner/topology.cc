#include "scenarios/runner/topology.h"

#include <fmt/format.h>
#include <ns3/boolean.h>
#include <ns3/icmpv6-l4-protocol.h>
#include <ns3/inet-socket-address.h>
#include <ns3/inet6-socket-address.h>
#include <ns3/internet-stack-helper.h>
#include <ns3/ipv4.h>
#include <ns3/ipv6.h>
#include <ns3/nstime.h>
#include <ns3/string.h>
#include <ns3/tcps-helper.h>
#include <ns3/uinteger.h>

#include "scenarios/runner/addresses.h"
#include "scenarios/runner/ns3_units.h"

namespace tcpslab::scenarios {
namespace {

// Streams are assigned from fixed bases, so that what one part draws does not move another's; see also
// path_topology.cc.
constexpr std::int64_t kHostStreams = 1000;
constexpr std::int64_t kInternetStreams = 2000;

ns3::Address AssignIpv4(const ns3::Ptr<ns3::Node>& node, const ns3::Ptr<ns3::NetDevice>& device, HostName name) {
  const ns3::Ipv4Address address(AddressOf(name, wire::Family::kIpv4).c_str());
  auto ipv4 = node->GetObject<ns3::Ipv4>();
  const std::uint32_t interface = ipv4->AddInterface(device);
  ipv4->AddAddress(interface,
                   ns3::Ipv4InterfaceAddress(address, ns3::Ipv4Mask(fmt::format("/{}", kPrefixLengthIpv4).c_str())));
  ipv4->SetUp(interface);
  return address;
}

ns3::Address AssignIpv6(const ns3::Ptr<ns3::Node>& node, const ns3::Ptr<ns3::NetDevice>& device, HostName name) {
  const ns3::Ipv6Address address(AddressOf(name, wire::Family::kIpv6).c_str());
  // Nobody else can have the address, and connections begin at once.
  node->GetObject<ns3::Icmpv6L4Protocol>()->SetAttribute("DAD", ns3::BooleanValue(false));
  auto ipv6 = node->GetObject<ns3::Ipv6>();
  const std::uint32_t interface = ipv6->AddInterface(device);
  ipv6->AddAddress(interface, ns3::Ipv6InterfaceAddress(address, ns3::Ipv6Prefix(kPrefixLengthIpv6)));
  ipv6->SetUp(interface);
  return address;
}

void SetPolicy(ns3::TcpsHelper& helper, const stack::Policy& policy) {
  helper.SetAttribute("Enforce", ns3::BooleanValue(policy.enforce));
  helper.SetAttribute("TofuEnforce", ns3::BooleanValue(policy.tofu_enforce));
  helper.SetAttribute("MaxConnections", ns3::UintegerValue(policy.max_connections));
  helper.SetAttribute("MaxBlocked", ns3::UintegerValue(policy.max_blocked));
  helper.SetAttribute("CollectInterval", ns3::TimeValue(ToNs3(policy.collect_interval)));
  helper.SetAttribute("HalfOpenTimeout", ns3::TimeValue(ToNs3(policy.half_open_timeout)));
  helper.SetAttribute("DeadTimeout", ns3::TimeValue(ToNs3(policy.dead_timeout)));
  helper.SetAttribute("ClosedTimeout", ns3::TimeValue(ToNs3(policy.closed_timeout)));
  helper.SetAttribute("IdleTimeout", ns3::TimeValue(ToNs3(policy.idle_timeout)));
}

std::string NamesOfDeviations(const tcps::Deviations& deviations) {
  std::string names;
  for (std::size_t i = 0; i < tcps::kDeviations; ++i) {
    const auto deviation = static_cast<tcps::Deviation>(i);
    if (deviations.Has(deviation)) {
      names.append(names.empty() ? "" : ",").append(ToString(deviation));
    }
  }
  return names;
}

void InstallProtocol(SimulatedHost& simulated, const Host& host, const ProtocolKey& protocol) {
  ns3::TcpsHelper helper;
  if (host.stack && protocol.tcps) {
    helper.SetAttribute("Dialect", ns3::StringValue(std::string(protocol.dialect)));
    helper.SetAttribute("Deviations", ns3::StringValue(NamesOfDeviations(host.deviations)));
    SetPolicy(helper, host.policy);
    simulated.stack = helper.Install(simulated.node);
  } else {
    helper.InstallPlain(simulated.node);
  }
  simulated.shim = simulated.node->GetObject<ns3::TcpsShimProtocol>();
}

}  // namespace

ns3::Address SimulatedHost::At(std::uint16_t port) const {
  if (ns3::Ipv4Address::IsMatchingType(address)) {
    return ns3::InetSocketAddress(ns3::Ipv4Address::ConvertFrom(address), port);
  }
  return ns3::Inet6SocketAddress(ns3::Ipv6Address::ConvertFrom(address), port);
}

ns3::Address SimulatedHost::LoopbackAt(std::uint16_t port) const {
  if (ns3::Ipv4Address::IsMatchingType(address)) {
    return ns3::InetSocketAddress(ns3::Ipv4Address::GetLoopback(), port);
  }
  return ns3::Inet6SocketAddress(ns3::Ipv6Address::GetLoopback(), port);
}

Topology BuildTopology(const Scenario& scenario, const ProtocolKey& protocol, bool with_goals) {
  Topology topology;
  for (SimulatedHost& host : topology.hosts) {
    host.node = ns3::CreateObject<ns3::Node>();
  }
  topology.path =
      BuildPath(scenario, with_goals, topology.host(HostName::kClient).node, topology.host(HostName::kServer).node);

  ns3::InternetStackHelper internet;
  const bool ipv6 = scenario.link.family == wire::Family::kIpv6;
  for (const HostName name : kHosts) {
    SimulatedHost& host = topology.host(name);
    internet.Install(host.node);
    const ns3::Ptr<ns3::NetDevice> device =
        name == HostName::kClient ? topology.path.client_ends.front() : topology.path.server_ends.back();
    host.address = ipv6 ? AssignIpv6(host.node, device, name) : AssignIpv4(host.node, device, name);
    InstallProtocol(host, scenario.host(name), protocol);
  }
  const ns3::NodeContainer nodes(topology.host(HostName::kClient).node, topology.host(HostName::kServer).node);
  internet.AssignStreams(nodes, kInternetStreams);
  ns3::TcpsHelper::AssignStreams(nodes, kHostStreams);
  return topology;
}

}  // namespace tcpslab::scenarios
