#include "bindings/sim/sim_node.h"

#include <ns3/boolean.h>
#include <ns3/icmpv6-l4-protocol.h>
#include <ns3/inet-socket-address.h>
#include <ns3/inet6-socket-address.h>
#include <ns3/integer.h>
#include <ns3/internet-stack-helper.h>
#include <ns3/ipv4-static-routing-helper.h>
#include <ns3/ipv6-static-routing-helper.h>
#include <ns3/mac48-address.h>
#include <ns3/node-container.h>
#include <ns3/simulator.h>
#include <ns3/string.h>
#include <ns3/tcp-socket-factory.h>
#include <ns3/tcps-helper.h>
#include <ns3/uinteger.h>

#include <stdexcept>

#include "bindings/core/errors.h"
#include "bindings/core/host_values.h"
#include "bindings/sim/policy.h"
#include "model/tcps-convert.h"

namespace tcpslab::bindings {
namespace {

constexpr std::uint16_t kEtherTypeIpv4 = 0x0800;
constexpr std::uint16_t kEtherTypeIpv6 = 0x86dd;
constexpr std::uint16_t kMinimumMtu = 1280;  // RFC 8200, section 5
// Apart, so that what one part draws does not move another's.
constexpr std::int64_t kHostStreams = 1000;
constexpr std::int64_t kInternetStreams = 2000;

void CheckNetwork(const Network& network, wire::Family family) {
  const unsigned longest = family == wire::Family::kIpv4 ? 32 : 128;
  if (network.address.family() != family || !IsPeerAddress(network.address) || network.prefix > longest) {
    throw py::value_error("no address of a host: " + wire::ToString(network.address) + "/" +
                          std::to_string(network.prefix));
  }
}

}  // namespace

SimNode::SimNode(const SimSettings& settings)
    : addresses_{settings.ipv4.address, settings.ipv6.address},
      socket_attributes_(settings.tcp),
      simulation_(settings.seed) {
  CheckNetwork(settings.ipv4, wire::Family::kIpv4);
  CheckNetwork(settings.ipv6, wire::Family::kIpv6);
  if (settings.mtu < kMinimumMtu) throw py::value_error("the MTU of a host with IPv6 is 1280 or more");
  for (const auto& [name, value] : settings.tcp) {
    CheckAttributeText(ns3::TcpSocketBase::GetTypeId(), name, value);
  }
  node_ = ns3::CreateObject<ns3::Node>();
  ns3::Ipv4StaticRoutingHelper routing4;
  ns3::Ipv6StaticRoutingHelper routing6;
  ns3::InternetStackHelper internet;
  internet.SetRoutingHelper(routing4);
  internet.SetRoutingHelper(routing6);
  internet.Install(node_);
  AddDevice(settings);
  InstallTcp(settings);
  internet.AssignStreams(ns3::NodeContainer(node_), kInternetStreams);
  ns3::TcpsHelper::AssignStreams(ns3::NodeContainer(node_), kHostStreams);
  Settle();
}

SimNode::~SimNode() = default;

void SimNode::AddDevice(const SimSettings& settings) {
  device_ = ns3::CreateObject<ns3::VirtualNetDevice>();
  device_->SetAddress(ns3::Mac48Address("02:00:00:00:00:01"));
  device_->SetMtu(settings.mtu);
  device_->SetSendCallback(ns3::MakeCallback(&SimNode::OnSent, this));
  node_->AddDevice(device_);

  // Everybody else is behind the device.
  const ns3::Ptr<ns3::Ipv4> ipv4 = node_->GetObject<ns3::Ipv4>();
  ipv4->SetAttribute("IpForward", ns3::BooleanValue(false));
  const std::uint32_t interface4 = ipv4->AddInterface(device_);
  const ns3::Ipv4Mask mask(("/" + std::to_string(settings.ipv4.prefix)).c_str());
  ipv4->AddAddress(interface4, ns3::Ipv4InterfaceAddress(ns3::TcpsToIpv4(settings.ipv4.address), mask));
  ipv4->SetUp(interface4);
  ns3::Ipv4StaticRoutingHelper().GetStaticRouting(ipv4)->AddNetworkRouteTo(ns3::Ipv4Address::GetZero(),
                                                                           ns3::Ipv4Mask::GetZero(), interface4);

  node_->GetObject<ns3::Icmpv6L4Protocol>()->SetAttribute("DAD", ns3::BooleanValue(false));
  const ns3::Ptr<ns3::Ipv6> ipv6 = node_->GetObject<ns3::Ipv6>();
  const std::uint32_t interface6 = ipv6->AddInterface(device_);
  ipv6->AddAddress(interface6, ns3::Ipv6InterfaceAddress(ns3::TcpsToIpv6(settings.ipv6.address),
                                                         ns3::Ipv6Prefix(settings.ipv6.prefix)));
  ipv6->SetUp(interface6);
  ns3::Ipv6StaticRoutingHelper().GetStaticRouting(ipv6)->AddNetworkRouteTo(ns3::Ipv6Address::GetZero(),
                                                                           ns3::Ipv6Prefix::GetZero(), interface6);
}

void SimNode::InstallTcp(const SimSettings& settings) {
  ns3::TcpsHelper helper;
  helper.SetAdjustSegmentSize(false);
  if (settings.isn) helper.SetHostAttribute("Isn", ns3::IntegerValue(*settings.isn));
  if (settings.config) {
    SetConfig(helper, *settings.config);
    policy_ = settings.config->policy;
    stack_ = helper.Install(node_);
    records_ = std::make_unique<Records>(stack_, [this] { clock_.Note(); });
  } else {
    helper.InstallPlain(node_);
  }
  socket_attributes_.try_emplace("SegmentSize", std::to_string(ns3::TcpsHelper::GetSegmentSize(node_)));
}

std::int64_t SimNode::now() const { return ns3::Simulator::Now().GetNanoSeconds(); }

std::vector<SimNode::Sent> SimNode::Take() { return std::exchange(sent_, {}); }

bool SimNode::Inject(std::span<const std::byte> packet) {
  const ByteVector admitted = ValueOrRaise(Admit(packet, addresses_));
  if (admitted.empty()) return false;
  const auto arrived = ns3::Create<ns3::Packet>(reinterpret_cast<const std::uint8_t*>(admitted.data()),
                                                static_cast<std::uint32_t>(admitted.size()));
  const bool v4 = std::to_integer<unsigned>(admitted[0]) >> 4U == 4;
  ns3::Simulator::ScheduleWithContext(node_->GetId(), ns3::Time(0), &ns3::VirtualNetDevice::Receive, device_, arrived,
                                      v4 ? kEtherTypeIpv4 : kEtherTypeIpv6, device_->GetAddress(),
                                      device_->GetAddress(), ns3::NetDevice::PACKET_HOST);
  Settle();
  return true;
}

void SimNode::Advance(std::int64_t duration) { clock_.RunTo(Later(duration)); }

bool SimNode::RunUntil(const std::function<bool()>& predicate, std::int64_t limit) {
  return clock_.RunUntil(predicate, Later(limit));
}

ns3::Time SimNode::Later(std::int64_t duration) const {
  return ns3::NanoSeconds(ToDuration(ToDuration(duration).count() + now()).count());
}

void SimNode::Settle() { clock_.RunTo(ns3::Simulator::Now()); }

ns3::Ptr<ns3::Socket> SimNode::CreateSocket() {
  const ns3::Ptr<ns3::Socket> socket = ns3::Socket::CreateSocket(node_, ns3::TcpSocketFactory::GetTypeId());
  for (const auto& [name, value] : socket_attributes_) socket->SetAttribute(name, ns3::StringValue(value));
  return socket;
}

void SimNode::Listen(std::uint16_t port) {
  if (port == 0 || listeners_.contains(port)) throw py::value_error("no free port: " + std::to_string(port));
  Listener listener;
  for (const ns3::Address& local : {ns3::Address(ns3::InetSocketAddress(ns3::Ipv4Address::GetAny(), port)),
                                    ns3::Address(ns3::Inet6SocketAddress(ns3::Ipv6Address::GetAny(), port))}) {
    listener.sockets.push_back(CreateSocket());
    if (listener.sockets.back()->Bind(local) != 0) throw py::value_error("no free port: " + std::to_string(port));
  }
  for (const ns3::Ptr<ns3::Socket>& socket : listener.sockets) {
    socket->SetAcceptCallback(ns3::MakeNullCallback<bool, ns3::Ptr<ns3::Socket>, const ns3::Address&>(),
                              ns3::MakeCallback(&SimNode::OnAccepted, this));
    socket->Listen();
  }
  listeners_.emplace(port, std::move(listener));
}

const std::vector<SimNode::ConnectionId>& SimNode::Accepted(std::uint16_t port) const {
  const auto listener = listeners_.find(port);
  if (listener == listeners_.end()) throw py::value_error("nothing listens on port " + std::to_string(port));
  return listener->second.accepted;
}

SimNode::ConnectionId SimNode::Connect(const wire::Address& address, std::uint16_t port) {
  if (port == 0 || !IsPeerAddress(address) || address == addresses_.ipv4 || address == addresses_.ipv6) {
    throw py::value_error("no port of another host: " + wire::ToString(wire::Endpoint{address, port}));
  }
  auto connection =
      std::make_unique<Connection>(CreateSocket(), ConnectionState::kConnecting, [this] { clock_.Note(); });
  if (!connection->ConnectTo({address, port})) throw std::runtime_error("no local port is free");
  const ConnectionId id = AddConnection(std::move(connection));
  Settle();
  return id;
}

SimNode::ConnectionId SimNode::AddConnection(std::unique_ptr<Connection> connection) {
  connections_.push_back(std::move(connection));
  return static_cast<ConnectionId>(connections_.size());
}

Connection& SimNode::Find(ConnectionId id) const {
  if (id == 0 || id > connections_.size()) throw py::value_error("there is no connection " + std::to_string(id));
  return *connections_[id - 1];
}

std::size_t SimNode::Send(ConnectionId id, std::span<const std::byte> bytes) { return Find(id).Send(bytes); }

ByteVector SimNode::TakeReceived(ConnectionId id) { return Find(id).TakeReceived(); }

void SimNode::Close(ConnectionId id) {
  Find(id).Close();
  Settle();
}

void SimNode::Abort(ConnectionId id) {
  Find(id).Abort();
  Settle();
}

ns3::TcpsStack& SimNode::stack() {
  if (!stack_) throw std::runtime_error("this host has no TCP/S");
  return *stack_;
}

const Records& SimNode::records() const {
  if (!records_) throw std::runtime_error("this host has no TCP/S");
  return *records_;
}

stack::Policy SimNode::policy() const {
  if (!policy_) throw std::runtime_error("this host has no TCP/S");
  return *policy_;
}

void SimNode::SetPolicy(const stack::Policy& policy) {
  bindings::SetPolicy(stack(), policy);
  policy_ = policy;
}

// NOLINTBEGIN(performance-unnecessary-value-param): the signatures are ns-3's.
bool SimNode::OnSent(ns3::Ptr<ns3::Packet> packet, const ns3::Address& /*source*/, const ns3::Address& /*destination*/,
                     std::uint16_t /*protocol*/) {
  ByteVector bytes(packet->GetSize());
  packet->CopyData(reinterpret_cast<std::uint8_t*>(bytes.data()), packet->GetSize());
  if (IsForPeers(bytes)) {
    sent_.emplace_back(now(), std::move(bytes));
    clock_.Note();
  }
  return true;
}

void SimNode::OnAccepted(ns3::Ptr<ns3::Socket> socket, const ns3::Address& /*from*/) {
  auto connection = std::make_unique<Connection>(socket, ConnectionState::kOpen, [this] { clock_.Note(); });
  const std::uint16_t port = connection->local().port;
  listeners_.at(port).accepted.push_back(AddConnection(std::move(connection)));
  clock_.Note();
}
// NOLINTEND(performance-unnecessary-value-param)

}  // namespace tcpslab::bindings
