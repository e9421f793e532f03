// A client and a server, joined by a link or by a wire node between two links, with everything recorded that crosses
// the client's link. One at a time per process: it owns ns-3's simulator and puts every default back when it goes.
//
//   TwoHosts hosts({.family = Family::kIpv6});
//   TcpsHelper().Install(hosts.nodes());
//   hosts.BulkSend(100000);
//   hosts.Run();
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/path/tcps-wire-node.h"
#include "model/tcps-helper.h"
#include "ns3/address.h"
#include "ns3/application-container.h"
#include "ns3/net-device-container.h"
#include "ns3/node-container.h"
#include "ns3/nstime.h"
#include "ns3/packet-sink.h"
#include "reference/stack/shim.h"
#include "reference/wire/packet.h"

namespace tcpslab::model_test {

using wire::Family;

struct LinkOptions {
  Family family = Family::kIpv4;
  std::string rate = "100Mbps";
  std::string delay = "2ms";  // of each link
  std::uint16_t mtu = 1500;
  bool wire_node = false;  // between two links; else one link
  bool csma = false;       // links are CSMA buses
  bool checksums = true;
};

// One IP packet seen on the client's link.
struct Recorded {
  ns3::Time time;
  bool from_client = false;
  std::vector<std::byte> bytes;

  // Its segment; a failure of the test if it is not TCP. Valid as long as this object.
  [[nodiscard]] wire::Segment segment() const;
  [[nodiscard]] bool IsFragment() const;
  [[nodiscard]] bool HasValidChecksum() const;
};

class TwoHosts {
 public:
  static constexpr std::uint16_t kPort = 80;

  explicit TwoHosts(const LinkOptions& options = {});
  ~TwoHosts();
  TwoHosts(const TwoHosts&) = delete;
  TwoHosts& operator=(const TwoHosts&) = delete;

  [[nodiscard]] ns3::NodeContainer nodes() const { return nodes_; }
  [[nodiscard]] ns3::Ptr<ns3::Node> client() const { return nodes_.Get(0); }
  [[nodiscard]] ns3::Ptr<ns3::Node> server() const { return nodes_.Get(1); }
  [[nodiscard]] ns3::Ptr<ns3::TcpsWireNode> wire_node() const { return wire_node_; }
  [[nodiscard]] ns3::Ptr<ns3::NetDevice> device(std::uint32_t host) const { return devices_.Get(host); }
  // Socket address of a host (0: client).
  [[nodiscard]] ns3::Address address(std::uint32_t host, std::uint16_t port = kPort) const;
  [[nodiscard]] ns3::Address any_address(std::uint16_t port = kPort) const;

  // Fixes every random stream: hosts, protocol and path.
  void AssignStreams(std::int64_t first = 1);
  // Captures both hosts' devices.
  void EnablePcap(const std::string& prefix);

  // A sink on the server, and a stock application that sends `bytes` to it from `start` on.
  ns3::Ptr<ns3::PacketSink> AddSink(std::uint16_t port = kPort);
  void BulkSend(std::uint64_t bytes, ns3::Time start = ns3::MilliSeconds(10), std::uint16_t port = kPort);
  void OnOff(std::uint64_t bytes, const std::string& rate, std::uint16_t port = kPort);

  void Run(ns3::Time until = ns3::Seconds(60));

  [[nodiscard]] const std::vector<Recorded>& packets() const { return packets_; }
  // Those of TCP, as segments; views into packets().
  [[nodiscard]] std::vector<wire::Segment> Segments(bool from_client) const;

 private:
  void Record(bool from_client, ns3::Ptr<const ns3::Packet> frame);

  LinkOptions options_;
  ns3::NodeContainer nodes_;
  ns3::NetDeviceContainer devices_;  // of client and server
  ns3::Ptr<ns3::TcpsWireNode> wire_node_;
  std::function<void(const std::string&)> enable_pcap_;
  std::vector<Recorded> packets_;
};

// What a sink on the server receives. Stock applications send zero bytes.
class Received {
 public:
  explicit Received(TwoHosts& hosts, std::uint16_t port = TwoHosts::kPort);
  Received(const Received&) = delete;
  Received& operator=(const Received&) = delete;

  std::uint64_t bytes = 0;
  bool intact = true;  // all of them are what was sent

 private:
  void Take(ns3::Ptr<const ns3::Packet> packet, const ns3::Address& from);
};

// Gives a node the host parts and a Shim.
using MakeShim = std::function<std::unique_ptr<stack::Shim>(stack::SegmentSink&)>;
void InstallShim(const ns3::Ptr<ns3::Node>& node, const MakeShim& make, const ns3::TcpsHelper& helper = {});

// A Shim that passes everything: base of those that do one thing.
class PassThrough : public stack::Shim {
 public:
  stack::Verdict Outbound(stack::Segment&, stack::Instant) override { return stack::Verdict::kPass; }
  stack::Verdict Inbound(stack::Segment&, stack::Instant) override { return stack::Verdict::kPass; }
  [[nodiscard]] stack::Instant NextDeadline() const override { return stack::kNever; }
  void Expire(stack::Instant) override {}
  [[nodiscard]] std::size_t Overhead() const override { return 0; }
};

// What must be true of every packet whatever the test: no fragments, valid checksums, no packet beyond the MTU.
void CheckWire(const TwoHosts& hosts, std::size_t mtu = 1500);

}  // namespace tcpslab::model_test
