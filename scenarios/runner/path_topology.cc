#include "scenarios/runner/path_topology.h"

#include <ns3/boolean.h>
#include <ns3/data-rate.h>
#include <ns3/drop-tail-queue.h>
#include <ns3/nstime.h>
#include <ns3/object-factory.h>
#include <ns3/point-to-point-channel.h>
#include <ns3/string.h>
#include <ns3/tcps-wire-node.h>

#include <cstdint>

#include "scenarios/runner/ns3_units.h"

namespace tcpslab::scenarios {
namespace {

// Streams are assigned from fixed bases, so that what one part draws does not move another's; see also topology.cc.
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

// The next link of the path.
void Connect(PathTopology& path, const ns3::Ptr<ns3::Node>& left, const ns3::Ptr<ns3::Node>& right, const Link& link,
             stack::Duration delay) {
  path.client_ends.push_back(AddDevice(left, link));
  path.server_ends.push_back(AddDevice(right, link));
  auto channel = ns3::CreateObject<ns3::PointToPointChannel>();
  channel->SetAttribute("Delay", ns3::TimeValue(ToNs3(delay)));
  path.client_ends.back()->Attach(channel);
  path.server_ends.back()->Attach(channel);
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
WireNodes AddElements(PathTopology& topology, const std::vector<PathElement>& path, bool with_goals) {
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

}  // namespace

void PathTopology::StartVisit(std::size_t visit) const {
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (!element_plans[i]->visits.empty()) {
      elements[i]->SetAttribute("Enabled", ns3::BooleanValue(element_plans[i]->visits.contains(visit)));
    }
  }
}

PathTopology BuildPath(const Scenario& scenario, bool with_goals, const ns3::Ptr<ns3::Node>& client,
                       const ns3::Ptr<ns3::Node>& server) {
  PathTopology path;
  const WireNodes wires = AddElements(path, scenario.path, with_goals);
  const Link& link = scenario.link;
  const auto links = static_cast<std::int64_t>(wires.size()) + 1;
  const stack::Duration delay = link.delay / links;  // that of the whole path, whatever number of links it has
  ns3::Ptr<ns3::Node> left = client;
  for (const ns3::Ptr<ns3::TcpsWireNode>& wire : wires) {
    Connect(path, left, wire, link, delay);
    left = wire;
  }
  Connect(path, left, server, link, link.delay - delay * (links - 1));
  for (std::size_t i = 0; i < wires.size(); ++i) {
    wires[i]->Join(path.server_ends[i], path.client_ends[i + 1]);
  }
  return path;
}

}  // namespace tcpslab::scenarios
