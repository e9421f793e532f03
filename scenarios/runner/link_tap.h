// Sees every packet that enters or leaves one link, at the link's end towards the client; hands it on, and writes it to
// a pcap file of link type RAW.
#pragma once

#include <ns3/packet.h>
#include <ns3/pcap-file.h>
#include <ns3/point-to-point-net-device.h>
#include <ns3/ptr.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "scenarios/runner/scenario.h"

namespace tcpslab::scenarios {

class LinkTap {
 public:
  // In front of each packet on the link, in bytes: RFC 1661, protocol field alone, as ns-3 writes it.
  static constexpr std::size_t kPppHeader = 2;

  // An IP packet, and which host's side it comes from.
  using Receiver = std::function<void(HostName sender, std::span<const std::byte> packet)>;

  LinkTap(ns3::Ptr<ns3::PointToPointNetDevice> client_end, Receiver receiver);
  LinkTap(const LinkTap&) = delete;
  LinkTap& operator=(const LinkTap&) = delete;

  // Throws std::runtime_error if the file cannot be written.
  void CaptureTo(const std::string& file);

 private:
  void OnTransmit(ns3::Ptr<const ns3::Packet> packet);
  void OnReceive(ns3::Ptr<const ns3::Packet> packet);
  void Take(HostName sender, const ns3::Ptr<const ns3::Packet>& packet);

  Receiver receiver_;
  std::unique_ptr<ns3::PcapFile> file_;
  std::vector<std::byte> buffer_;
};

}  // namespace tcpslab::scenarios
