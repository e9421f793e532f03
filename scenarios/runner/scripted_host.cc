#include "scenarios/runner/scripted_host.h"

#include <ns3/ipv4-address.h>
#include <ns3/ipv6-address.h>

#include <array>
#include <utility>

#include "reference/crypto/random.h"

namespace tcpslab::scenarios {
namespace {

// Below the server ports, so that no port of a script is taken for one of them. A script in the server's place sends to
// them until it knows better, so that two scripts can open at once.
constexpr std::uint16_t kFirstScriptedClientPort = 10000;
// Apart from the streams that patterns take.
constexpr std::uint64_t kInitialSequenceStreams = 1ULL << 32;

wire::Address ToWire(const ns3::Address& address) {
  if (ns3::Ipv4Address::IsMatchingType(address)) {
    std::array<std::uint8_t, wire::Address::kIpv4Size> bytes{};
    ns3::Ipv4Address::ConvertFrom(address).Serialize(bytes.data());
    return wire::Address::Ipv4(std::as_bytes(std::span(bytes)));
  }
  std::array<std::uint8_t, wire::Address::kIpv6Size> bytes{};
  ns3::Ipv6Address::ConvertFrom(address).Serialize(bytes.data());
  return wire::Address::Ipv6(std::as_bytes(std::span(bytes)));
}

}  // namespace

ScriptedHost::ScriptedHost(SimulatedHost& host, const Script& script, std::uint64_t seed)
    : host_(host), script_(script), seed_(seed) {
  host.shim->SetHostReceiver(ns3::MakeCallback(&ScriptedHost::OnSegment, this));
}

std::shared_ptr<ScriptedEndpoint> ScriptedHost::Play(const ConnectionPlan& plan, bool requests,
                                                     const SimulatedHost& peer, SettledCallback on_settled) {
  auto own_port = static_cast<std::uint16_t>(kFirstScriptedClientPort + plan.index);
  std::uint16_t peer_port = plan.port();
  if (!requests) {
    std::swap(own_port, peer_port);
  }
  crypto::SeededRandom random(seed_, kInitialSequenceStreams + 2 * plan.index + (requests ? 0 : 1));
  ScriptedConnection connection{.local = {ToWire(host_.address), own_port},
                                .remote = {ToWire(peer.address), peer_port},
                                .initial_sequence = random.Uint32(),
                                .send = [this, &peer](const wire::Segment& segment) { Send(segment, peer.address); }};
  auto endpoint =
      std::make_shared<ScriptedEndpoint>(script_, plan, requests, std::move(connection), std::move(on_settled));
  endpoints_[own_port] = endpoint;
  return endpoint;
}

void ScriptedHost::OnSegment(ns3::Ptr<const ns3::Packet> packet, const ns3::Address& source,
                             const ns3::Address& destination) {
  std::vector<std::byte> bytes(packet->GetSize());
  packet->CopyData(reinterpret_cast<std::uint8_t*>(bytes.data()), packet->GetSize());
  const wire::Result<wire::Segment> segment = wire::ParseTcp(bytes, ToWire(source), ToWire(destination));
  if (!segment) {
    return;
  }
  if (const auto found = endpoints_.find(segment->destination.port); found != endpoints_.end()) {
    found->second->Receive(*segment);
  }
}

void ScriptedHost::Send(const wire::Segment& segment, const ns3::Address& peer) {
  std::vector<std::byte> bytes(wire::kMaximumTcpHeaderSize + segment.payload.size());
  const wire::Result<std::size_t> size = wire::EmitTcp(segment, bytes, wire::Checksum::kOmit);
  host_.shim->SendFromHost(ns3::Create<ns3::Packet>(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                                    static_cast<std::uint32_t>(size.value())),
                           host_.address, peer);
}

}  // namespace tcpslab::scenarios
