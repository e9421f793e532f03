#include "scenarios/runner/topology.h"

#include <ns3/boolean.h>
#include <ns3/data-rate.h>
#include <ns3/drop-tail-queue.h>
#include <ns3/enum.h>
#include <ns3/icmpv6-l4-protocol.h>
#include <ns3/inet-socket-address.h>
#include <ns3/inet6-socket-address.h>
#include <ns3/internet-stack-helper.h>
#include <ns3/ipv4.h>
#include <ns3/ipv6.h>
#include <ns3/nstime.h>
#include <ns3/object-factory.h>
#include <ns3/point-to-point-channel.h>
#include <ns3/string.h>
#include <ns3/tcps-helper.h>
#include <ns3/tcps-wire-node.h>
#include <ns3/uinteger.h>

#include "scenarios/runner/ns3_units.h"

namespace tcpslab::scenarios {
namespace {

// Streams are assigned from fixed bases, so that what one part draws does not move another's.
constexpr std::int64_t kHostStreams = 1000;
constexpr std::int64_t kInternetStreams = 2000;
constexpr std::int64_t kPathStreams = 3000;
constexpr std::int64_t kStreamsPerElement = 100;

ns3::Ptr<ns3::PointToPointNetDevice> AddDevice(const ns3::Ptr<ns3::Node>& node, const Link& link) {
  auto device = ns3::CreateObject<ns3::PointToPointNetDevice>();
  device->SetAddress(ns3::Mac48Address::Allocate());
  device->SetDataRate(ns3::DataRate(link.rate));
  device->SetMtu(link.mtu);
  // Links lose nothing: only path elements do.
  auto queue = ns3::CreateObject<ns3::DropTailQueue<ns3::Packet>>();
  queue->SetAttribute("MaxSize", ns3::StringValue("1000000p"));
  device->SetQueue(queue);
  node->AddDevice(device);
  return device;
}

struct LinkEnds {
  ns3::Ptr<ns3::PointToPointNetDevice> client_end;
  ns3::Ptr<ns3::PointToPointNetDevice> server_end;
};

LinkEnds Connect(const ns3::Ptr<ns3::Node>& left, const ns3::Ptr<ns3::Node>& right, const Link& link,
                 stack::Duration delay) {
  LinkEnds ends{AddDevice(left, link), AddDevice(right, link)};
  auto channel = ns3::CreateObject<ns3::PointToPointChannel>();
  channel->SetAttribute("Delay", ns3::TimeValue(ToNs3(delay)));
  ends.client_end->Attach(channel);
  ends.server_end->Attach(channel);
  return ends;
}

ns3::Address AssignIpv4(const ns3::Ptr<ns3::Node>& node, const ns3::Ptr<ns3::NetDevice>& device, HostName name) {
  const ns3::Ipv4Address address(name == HostName::kClient ? "10.0.0.1" : "10.0.0.2");
  auto ipv4 = node->GetObject<ns3::Ipv4>();
  const std::uint32_t interface = ipv4->AddInterface(device);
  ipv4->AddAddress(interface, ns3::Ipv4InterfaceAddress(address, ns3::Ipv4Mask("/24")));
  ipv4->SetUp(interface);
  return address;
}

ns3::Address AssignIpv6(const ns3::Ptr<ns3::Node>& node, const ns3::Ptr<ns3::NetDevice>& device, HostName name) {
  const ns3::Ipv6Address address(name == HostName::kClient ? "2001:db8::1" : "2001:db8::2");
  // Nobody else can have the address, and connections begin at once.
  node->GetObject<ns3::Icmpv6L4Protocol>()->SetAttribute("DAD", ns3::BooleanValue(false));
  auto ipv6 = node->GetObject<ns3::Ipv6>();
  const std::uint32_t interface = ipv6->AddInterface(device);
  ipv6->AddAddress(interface, ns3::Ipv6InterfaceAddress(address, ns3::Ipv6Prefix(64)));
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

ns3::Ptr<ns3::TcpsPathElement> CreateElement(const PathElement& plan) {
  ns3::ObjectFactory factory(plan.type);
  for (const AttributeSetting& attribute : plan.attributes) {
    factory.Set(attribute.name, ns3::StringValue(attribute.value));
  }
  return factory.Create<ns3::TcpsPathElement>();
}

using WireNodes = std::vector<ns3::Ptr<ns3::TcpsWireNode>>;

// One wire node for each element, not yet connected.
WireNodes AddElements(Topology& topology, const std::vector<PathElement>& path, bool with_goals) {
  WireNodes wires;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (!with_goals && path[i].goal() != "none") {
      continue;
    }
    const ns3::Ptr<ns3::TcpsPathElement> element = CreateElement(path[i]);
    // By the element's place in the file: leaving attackers out does not move the others' streams.
    element->AssignStreams(kPathStreams + static_cast<std::int64_t>(i) * kStreamsPerElement);
    wires.push_back(ns3::CreateObject<ns3::TcpsWireNode>());
    wires.back()->AddElement(element);
    topology.elements.push_back(element);
    topology.element_plans.push_back(&path[i]);
  }
  return wires;
}

// Links the client through the wire nodes to the server; returns the hosts' own devices.
LinkEnds ConnectHosts(Topology& topology, const WireNodes& wires, const Link& link) {
  const auto links = static_cast<std::int64_t>(wires.size()) + 1;
  const stack::Duration delay = link.delay / links;  // that of the whole path, whatever number of links it has
  LinkEnds hosts;
  ns3::Ptr<ns3::Node> left = topology.host(HostName::kClient).node;
  for (const ns3::Ptr<ns3::TcpsWireNode>& wire : wires) {
    const LinkEnds ends = Connect(left, wire, link, delay);
    topology.client_ends.push_back(ends.client_end);
    topology.server_ends.push_back(ends.server_end);
    left = wire;
  }
  const LinkEnds last = Connect(left, topology.host(HostName::kServer).node, link, link.delay - delay * (links - 1));
  topology.client_ends.push_back(last.client_end);
  topology.server_ends.push_back(last.server_end);
  hosts.client_end = topology.client_ends.front();
  hosts.server_end = last.server_end;
  for (std::size_t i = 0; i < wires.size(); ++i) {
    const ns3::Ptr<ns3::NetDevice> towards_client = wires[i]->GetDevice(0);
    wires[i]->Join(towards_client, topology.client_ends[i + 1]);
  }
  return hosts;
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
  const LinkEnds devices = ConnectHosts(topology, AddElements(topology, scenario.path, with_goals), scenario.link);

  ns3::InternetStackHelper internet;
  const bool ipv6 = scenario.link.family == wire::Family::kIpv6;
  for (const HostName name : kHosts) {
    SimulatedHost& host = topology.host(name);
    internet.Install(host.node);
    const ns3::Ptr<ns3::NetDevice> device = name == HostName::kClient ? devices.client_end : devices.server_end;
    host.address = ipv6 ? AssignIpv6(host.node, device, name) : AssignIpv4(host.node, device, name);
    InstallProtocol(host, scenario.host(name), protocol);
  }
  const ns3::NodeContainer nodes(topology.host(HostName::kClient).node, topology.host(HostName::kServer).node);
  internet.AssignStreams(nodes, kInternetStreams);
  ns3::TcpsHelper::AssignStreams(nodes, kHostStreams);
  return topology;
}

}  // namespace tcpslab::scenarios
