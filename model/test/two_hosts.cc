#include "model/test/two_hosts.h"

#include <boost/test/unit_test.hpp>

#include "model/tcps-shim-protocol-impl.h"
#include "ns3/boolean.h"
#include "ns3/bulk-send-helper.h"
#include "ns3/config.h"
#include "ns3/csma-helper.h"
#include "ns3/data-rate.h"
#include "ns3/global-value.h"
#include "ns3/inet-socket-address.h"
#include "ns3/inet6-socket-address.h"
#include "ns3/internet-stack-helper.h"
#include "ns3/ipv4-address-helper.h"
#include "ns3/ipv4.h"
#include "ns3/ipv6-address-helper.h"
#include "ns3/ipv6.h"
#include "ns3/names.h"
#include "ns3/on-off-helper.h"
#include "ns3/packet-sink-helper.h"
#include "ns3/point-to-point-helper.h"
#include "ns3/rng-seed-manager.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

namespace tcpslab::model_test {
namespace {

using ns3::Address;
using ns3::BooleanValue;
using ns3::BulkSendHelper;
using ns3::Callback;
using ns3::CreateObject;
using ns3::CsmaHelper;
using ns3::DataRate;
using ns3::DynamicCast;
using ns3::GlobalValue;
using ns3::Inet6SocketAddress;
using ns3::InetSocketAddress;
using ns3::InternetStackHelper;
using ns3::Ipv4;
using ns3::Ipv4Address;
using ns3::Ipv4AddressHelper;
using ns3::Ipv6;
using ns3::Ipv6Address;
using ns3::Ipv6AddressHelper;
using ns3::Ipv6Prefix;
using ns3::MilliSeconds;
using ns3::Names;
using ns3::NetDevice;
using ns3::NetDeviceContainer;
using ns3::Node;
using ns3::NodeContainer;
using ns3::OnOffHelper;
using ns3::Packet;
using ns3::PacketSink;
using ns3::PacketSinkHelper;
using ns3::PointToPointHelper;
using ns3::Ptr;
using ns3::RngSeedManager;
using ns3::Simulator;
using ns3::StringValue;
using ns3::TcpsHelper;
using ns3::TcpsShimProtocol;
using ns3::TcpsWireNode;
using ns3::Time;
using ns3::UintegerValue;
namespace Config = ns3::Config;

constexpr std::size_t kPppHeaderSize = 2;
constexpr std::size_t kEthernetHeaderSize = 14;
constexpr std::size_t kEthernetTrailerSize = 4;

}  // namespace

wire::Segment Recorded::segment() const {
  // Segments borrow mutable payload; tests only read.
  const std::span<std::byte> view(const_cast<std::byte*>(bytes.data()), bytes.size());
  const wire::Result<wire::Packet> parsed = wire::ParsePacket(view);
  BOOST_TEST_REQUIRE(parsed.has_value(), "not a TCP packet");
  return parsed->segment;
}

bool Recorded::IsFragment() const {
  std::vector<std::byte> copy = bytes;
  const wire::Result<wire::Packet> parsed = wire::ParsePacket(copy);
  return !parsed && parsed.error() == wire::Error::kIpFragment;
}

bool Recorded::HasValidChecksum() const {
  const wire::Segment parsed = segment();
  const std::size_t size = parsed.HeaderSize() + parsed.payload.size();
  const std::byte* start = parsed.payload.data() - parsed.HeaderSize();
  return wire::TcpChecksumValid({start, size}, parsed.source.address, parsed.destination.address);
}

TwoHosts::TwoHosts(const LinkOptions& options) : options_(options) {
  GlobalValue::Bind("ChecksumEnabled", BooleanValue(options.checksums));
  nodes_.Create(2);
  const auto build = [&](auto& link) {
    link.SetChannelAttribute("Delay", StringValue(options.delay));
    if (options.wire_node) {
      wire_node_ = CreateObject<TcpsWireNode>();
      const NetDeviceContainer left = link.Install(NodeContainer(client(), Ptr<Node>(wire_node_)));
      const NetDeviceContainer right = link.Install(NodeContainer(Ptr<Node>(wire_node_), server()));
      wire_node_->Join(left.Get(1), right.Get(0));
      devices_ = NetDeviceContainer(left.Get(0), right.Get(1));
    } else {
      devices_ = link.Install(nodes_);
    }
    enable_pcap_ = [link, devices = devices_](const std::string& prefix) mutable { link.EnablePcap(prefix, devices); };
  };
  if (options.csma) {
    CsmaHelper link;
    link.SetChannelAttribute("DataRate", StringValue(options.rate));
    build(link);
  } else {
    PointToPointHelper link;
    link.SetDeviceAttribute("DataRate", StringValue(options.rate));
    build(link);
  }
  for (std::uint32_t host = 0; host < 2; ++host) devices_.Get(host)->SetMtu(options.mtu);

  InternetStackHelper internet;
  internet.Install(nodes_);
  if (options.family == Family::kIpv4) {
    Ipv4AddressHelper("10.0.0.0", "255.255.255.0").Assign(devices_);
  } else {
    Ipv6AddressHelper(Ipv6Address("2001:db8::"), Ipv6Prefix(64)).Assign(devices_);
  }
  const Ptr<NetDevice> device = devices_.Get(0);
  const auto from_client = [this](Ptr<const Packet> frame) { Record(true, frame); };
  const auto to_client = [this](Ptr<const Packet> frame) { Record(false, frame); };
  device->TraceConnectWithoutContext("MacTx", Callback<void, Ptr<const Packet>>(from_client));
  device->TraceConnectWithoutContext("PhyRxEnd", Callback<void, Ptr<const Packet>>(to_client));
}

TwoHosts::~TwoHosts() {
  Simulator::Destroy();
  Names::Clear();
  Config::Reset();
  GlobalValue::Bind("ChecksumEnabled", BooleanValue(false));
  RngSeedManager::SetSeed(1);
  RngSeedManager::SetRun(1);
}

Address TwoHosts::address(std::uint32_t host, std::uint16_t port) const {
  if (options_.family == Family::kIpv4) {
    return InetSocketAddress(nodes_.Get(host)->GetObject<Ipv4>()->GetAddress(1, 0).GetLocal(), port);
  }
  return Inet6SocketAddress(nodes_.Get(host)->GetObject<Ipv6>()->GetAddress(1, 1).GetAddress(), port);
}

Address TwoHosts::any_address(std::uint16_t port) const {
  if (options_.family == Family::kIpv4) return InetSocketAddress(Ipv4Address::GetAny(), port);
  return Inet6SocketAddress(Ipv6Address::GetAny(), port);
}

void TwoHosts::AssignStreams(std::int64_t first) {
  first += TcpsHelper::AssignStreams(nodes_, first);
  if (wire_node_) first += wire_node_->AssignStreams(first);
  InternetStackHelper().AssignStreams(nodes_, first);
}

void TwoHosts::EnablePcap(const std::string& prefix) { enable_pcap_(prefix); }

Ptr<PacketSink> TwoHosts::AddSink(std::uint16_t port) {
  PacketSinkHelper sink("ns3::TcpSocketFactory", any_address(port));
  return DynamicCast<PacketSink>(sink.Install(server()).Get(0));
}

void TwoHosts::BulkSend(std::uint64_t bytes, Time start, std::uint16_t port) {
  BulkSendHelper source("ns3::TcpSocketFactory", address(1, port));
  source.SetAttribute("MaxBytes", UintegerValue(bytes));
  source.Install(client()).Start(start);
}

void TwoHosts::OnOff(std::uint64_t bytes, const std::string& rate, std::uint16_t port) {
  OnOffHelper source("ns3::TcpSocketFactory", address(1, port));
  source.SetAttribute("MaxBytes", UintegerValue(bytes));
  source.SetConstantRate(DataRate(rate), 1000);
  source.Install(client()).Start(MilliSeconds(10));
}

void TwoHosts::Run(Time until) {
  Simulator::Stop(until);
  Simulator::Run();
}

std::vector<wire::Segment> TwoHosts::Segments(bool from_client) const {
  std::vector<wire::Segment> segments;
  for (const Recorded& packet : packets_) {
    if (packet.from_client == from_client) segments.push_back(packet.segment());
  }
  return segments;
}

void TwoHosts::Record(bool from_client, Ptr<const Packet> frame) {
  const std::size_t header = options_.csma ? kEthernetHeaderSize : kPppHeaderSize;
  const std::size_t trailer = options_.csma ? kEthernetTrailerSize : 0;
  std::vector<std::byte> bytes(frame->GetSize());
  frame->CopyData(reinterpret_cast<std::uint8_t*>(bytes.data()), frame->GetSize());
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(header));
  bytes.resize(bytes.size() - trailer);
  const wire::Result<wire::Packet> parsed = wire::ParsePacket(bytes);
  const bool fragment = !parsed && parsed.error() == wire::Error::kIpFragment;
  // Neighbour discovery and the like are not what these tests are about.
  if (parsed || fragment) packets_.push_back({Simulator::Now(), from_client, std::move(bytes)});
}

Received::Received(TwoHosts& hosts, std::uint16_t port) {
  hosts.AddSink(port)->TraceConnectWithoutContext("Rx", ns3::MakeCallback(&Received::Take, this));
}

void Received::Take(ns3::Ptr<const ns3::Packet> packet, const ns3::Address& /*from*/) {
  std::vector<std::uint8_t> content(packet->GetSize());
  packet->CopyData(content.data(), packet->GetSize());
  bytes += content.size();
  intact = intact && std::ranges::all_of(content, [](std::uint8_t byte) { return byte == 0; });
}

void InstallShim(const Ptr<Node>& node, const MakeShim& make, const TcpsHelper& helper) {
  helper.InstallPlain(node);
  node->GetObject<TcpsShimProtocol>()->GetImpl().SetShim(make);
}

void CheckWire(const TwoHosts& hosts, std::size_t mtu) {
  std::size_t fragments = 0;
  std::size_t invalid = 0;
  std::size_t longest = 0;
  for (const Recorded& packet : hosts.packets()) {
    const bool fragment = packet.IsFragment();
    fragments += fragment ? 1 : 0;
    invalid += !fragment && !packet.HasValidChecksum() ? 1 : 0;
    longest = std::max(longest, packet.bytes.size());
  }
  BOOST_TEST(!hosts.packets().empty());
  BOOST_TEST(fragments == 0U);
  BOOST_TEST(invalid == 0U);
  BOOST_TEST(longest <= mtu);
}

}  // namespace tcpslab::model_test
