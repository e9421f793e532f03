#include "scenarios/runner/link_tap.h"

#include <fmt/format.h>
#include <ns3/callback.h>
#include <ns3/simulator.h>

#include <stdexcept>
#include <utility>

namespace tcpslab::scenarios {
namespace {

constexpr std::uint32_t kLinkTypeRaw = 101;  // packets begin with the IP header
constexpr std::uint32_t kSnapshotLength = 65535;

}  // namespace

LinkTap::LinkTap(ns3::Ptr<ns3::PointToPointNetDevice> client_end, Receiver receiver) : receiver_(std::move(receiver)) {
  client_end->TraceConnectWithoutContext("PhyTxBegin", ns3::MakeCallback(&LinkTap::OnTransmit, this));
  client_end->TraceConnectWithoutContext("PhyRxEnd", ns3::MakeCallback(&LinkTap::OnReceive, this));
}

void LinkTap::CaptureTo(const std::string& file) {
  file_ = std::make_unique<ns3::PcapFile>();
  file_->Open(file, std::ios::out);
  file_->Init(kLinkTypeRaw, kSnapshotLength);
  if (file_->Fail()) {
    throw std::runtime_error(fmt::format("{}: cannot be written", file));
  }
}

// NOLINTBEGIN(performance-unnecessary-value-param): the signature is ns-3's.
void LinkTap::OnTransmit(ns3::Ptr<const ns3::Packet> packet) { Take(HostName::kClient, packet); }
void LinkTap::OnReceive(ns3::Ptr<const ns3::Packet> packet) { Take(HostName::kServer, packet); }
// NOLINTEND(performance-unnecessary-value-param)

void LinkTap::Take(HostName sender, const ns3::Ptr<const ns3::Packet>& packet) {
  buffer_.resize(packet->GetSize());
  auto* const bytes = reinterpret_cast<std::uint8_t*>(buffer_.data());
  packet->CopyData(bytes, static_cast<std::uint32_t>(buffer_.size()));
  const std::span<const std::byte> ip_packet = std::span(buffer_).subspan(kPppHeader);
  if (file_) {
    static constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;
    const std::int64_t now = ns3::Simulator::Now().GetMicroSeconds();
    file_->Write(static_cast<std::uint32_t>(now / kMicrosecondsPerSecond),
                 static_cast<std::uint32_t>(now % kMicrosecondsPerSecond), bytes + kPppHeader,
                 static_cast<std::uint32_t>(ip_packet.size()));
  }
  receiver_(sender, ip_packet);
}

}  // namespace tcpslab::scenarios
