// The adapter between ns-3 and any Shim: the contract of reference/stack/shim.h, with Shims that exist for these tests.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "model/path/tcps-path-element.h"
#include "model/tcps-shim-protocol-impl.h"
#include "model/test/two_hosts.h"
#include "ns3/boolean.h"
#include "ns3/bulk-send-helper.h"
#include "ns3/config.h"
#include "ns3/double.h"
#include "ns3/inet-socket-address.h"
#include "ns3/integer.h"
#include "ns3/object-factory.h"
#include "ns3/simulator.h"
#include "ns3/socket.h"
#include "ns3/uinteger.h"

namespace tcpslab::model_test {
namespace {

using stack::Instant;
using stack::Segment;
using stack::SegmentSink;
using stack::Verdict;

constexpr std::byte kMask{0x5a};
constexpr std::size_t kMarkSize = 20;

// Masks payload and marks the header with a 20-byte option, as a real protocol does, and takes both off again. Unlike
// TCP/S it leaves window scaling, SACK and timestamps alone.
class Masking : public PassThrough {
 public:
  Verdict Outbound(Segment& segment, Instant) override {
    if (segment.payload.empty()) return Verdict::kPass;
    for (std::byte& byte : segment.payload) byte ^= kMask;
    std::vector<std::byte> mark(kMarkSize, std::byte{0x77});
    mark[0] = std::byte{wire::kExperiment253};
    mark[1] = static_cast<std::byte>(kMarkSize);
    // A segment with data may carry SACK blocks too, if data flows both ways.
    if (segment.options.size() + kMarkSize > wire::kMaximumOptionBytes) segment.options.Remove(wire::kSack);
    return segment.options.Append(mark) ? Verdict::kPass : Verdict::kDrop;
  }
  Verdict Inbound(Segment& segment, Instant) override {
    if (segment.payload.empty()) return Verdict::kPass;
    BOOST_TEST(segment.options.Remove(wire::kExperiment253) == 1U);
    for (std::byte& byte : segment.payload) byte ^= kMask;
    return Verdict::kPass;
  }
  [[nodiscard]] std::size_t Overhead() const override { return kMarkSize; }
};

template <class AnyShim>
MakeShim Make() {
  return [](SegmentSink&) { return std::make_unique<AnyShim>(); };
}

BOOST_AUTO_TEST_CASE(WithoutShimStockTrafficPasses) {
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    TwoHosts hosts({.family = family});
    ns3::TcpsHelper().InstallPlain(hosts.nodes());
    Received received(hosts);
    hosts.BulkSend(300000);
    hosts.Run();
    BOOST_TEST(received.bytes == 300000U);
    BOOST_TEST(received.intact);
    CheckWire(hosts);
  }
}

BOOST_AUTO_TEST_CASE(ShimThatChangesPayloadAndHeaderIsInvisibleAbove) {
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    TwoHosts hosts({.family = family});
    InstallShim(hosts.client(), Make<Masking>());
    InstallShim(hosts.server(), Make<Masking>());
    Received received(hosts);
    hosts.BulkSend(300000);
    hosts.Run();
    BOOST_TEST(received.bytes == 300000U);
    BOOST_TEST(received.intact);
    CheckWire(hosts);
    for (const Segment& segment : hosts.Segments(true)) {
      BOOST_TEST(std::ranges::all_of(segment.payload, [](std::byte byte) { return byte == kMask; }));
    }
  }
}

// Window scaling, SACK and timestamps work through a Shim that leaves room for them, over a path that loses, reorders
// and duplicates.
BOOST_AUTO_TEST_CASE(LossyPathWithScalingSackAndTimestamps) {
  TwoHosts hosts({.rate = "50Mbps", .delay = "5ms", .wire_node = true});
  ns3::Config::SetDefault("ns3::TcpSocket::RcvBufSize", ns3::UintegerValue(400000));
  ns3::Config::SetDefault("ns3::TcpSocket::SndBufSize", ns3::UintegerValue(400000));
  InstallShim(hosts.client(), Make<Masking>());
  InstallShim(hosts.server(), Make<Masking>());
  for (const char* type : {"ns3::TcpsLoss", "ns3::TcpsReorder", "ns3::TcpsDuplicate"}) {
    ns3::ObjectFactory factory(type);
    factory.Set("Rate", ns3::DoubleValue(0.01));
    hosts.wire_node()->AddElement(factory.Create<ns3::TcpsPathElement>());
  }
  hosts.AssignStreams();
  Received received(hosts);
  hosts.BulkSend(2000000);
  hosts.Run();
  BOOST_TEST(received.bytes == 2000000U);
  BOOST_TEST(received.intact);
  CheckWire(hosts);
  const auto segments = hosts.Segments(false);
  const auto has = [&](std::uint8_t kind) {
    return std::ranges::count_if(segments, [kind](const Segment& s) { return s.options.Find(kind).has_value(); });
  };
  BOOST_TEST(has(wire::kSack) > 0);
  BOOST_TEST(has(wire::kTimestamps) == static_cast<std::ptrdiff_t>(segments.size()));
  BOOST_TEST(has(wire::kWindowScale) == 1);
}

BOOST_AUTO_TEST_CASE(InitialSequenceNumbersAreRandomAndRepeatable) {
  const auto run = [] {
    TwoHosts hosts;
    ns3::TcpsHelper().InstallPlain(hosts.nodes());
    hosts.AssignStreams();
    hosts.AddSink();
    for (int connection = 0; connection < 5; ++connection) hosts.BulkSend(1000);
    hosts.Run();
    std::vector<std::uint32_t> isns;
    for (const bool from_client : {true, false}) {
      for (const Segment& segment : hosts.Segments(from_client)) {
        if (segment.Has(wire::kSyn)) isns.push_back(segment.sequence);
      }
    }
    return isns;
  };
  const std::vector<std::uint32_t> first = run();
  BOOST_TEST(first.size() == 10U);
  std::vector<std::uint32_t> sorted = first;
  std::ranges::sort(sorted);
  BOOST_TEST((std::ranges::adjacent_find(sorted) == sorted.end()));
  BOOST_TEST(run() == first, boost::test_tools::per_element());
}

// A sequence number wraps within the transfer.
BOOST_AUTO_TEST_CASE(SequenceNumberWraps) {
  TwoHosts hosts;
  ns3::TcpsHelper helper;
  helper.SetHostAttribute("Isn", ns3::IntegerValue(0xffffff00));
  InstallShim(hosts.client(), Make<Masking>(), helper);
  InstallShim(hosts.server(), Make<Masking>(), helper);
  Received received(hosts);
  hosts.BulkSend(100000);
  hosts.Run();
  BOOST_TEST(hosts.Segments(true).front().sequence == 0xffffff00U);
  BOOST_TEST(received.bytes == 100000U);
}

BOOST_AUTO_TEST_CASE(LongSegmentsAreSplitBeforeTheShim) {
  for (const bool with_shim : {true, false}) {
    for (const bool checksums : {true, false}) {
      TwoHosts hosts({.checksums = checksums});
      for (std::uint32_t host = 0; host < 2; ++host) {
        if (with_shim) {
          InstallShim(hosts.nodes().Get(host), Make<Masking>());
        } else {
          ns3::TcpsHelper().InstallPlain(hosts.nodes().Get(host));
        }
      }
      ns3::Config::SetDefault("ns3::TcpSocket::SegmentSize", ns3::UintegerValue(4000));
      Received received(hosts);
      hosts.BulkSend(100000);
      hosts.Run();
      BOOST_TEST(received.bytes == 100000U);
      BOOST_TEST(received.intact);
      if (checksums) CheckWire(hosts);
      std::size_t fins = 0;
      for (const Segment& segment : hosts.Segments(true)) fins += segment.Has(wire::kFin) ? 1 : 0;
      BOOST_TEST(fins == 1U);
    }
  }
}

// The peer's announcement counts as much as the own MTU.
BOOST_AUTO_TEST_CASE(PeersMaximumSegmentSizeIsObeyed) {
  TwoHosts hosts;
  hosts.device(1)->SetMtu(900);
  InstallShim(hosts.client(), Make<Masking>());
  InstallShim(hosts.server(), Make<Masking>());
  ns3::Config::SetDefault("ns3::TcpSocket::SegmentSize", ns3::UintegerValue(1400));
  Received received(hosts);
  hosts.BulkSend(50000);
  hosts.Run();
  BOOST_TEST(received.bytes == 50000U);
  std::size_t longest = 0;
  for (const Segment& segment : hosts.Segments(true)) longest = std::max(longest, segment.payload.size());
  BOOST_TEST(longest == 860U - 12U);  // MSS 860, less timestamps
}

// A host of our own against one of ns-3's, which sends no MSS option.
BOOST_AUTO_TEST_CASE(PeerWithoutTheAdapterWorks) {
  TwoHosts hosts;
  ns3::TcpsHelper().InstallPlain(hosts.client());
  Received received(hosts);
  hosts.BulkSend(50000);
  hosts.Run();
  BOOST_TEST(received.bytes == 50000U);
  std::size_t longest = 0;
  for (const Segment& segment : hosts.Segments(true)) longest = std::max(longest, segment.payload.size());
  BOOST_TEST(longest == 536U - 12U);
}

// What one Shim call did is seen in order, and nothing emitted passes a Shim twice.
class Announcing : public PassThrough {
 public:
  explicit Announcing(SegmentSink& sink) : sink_(sink) {}
  Verdict Outbound(Segment& segment, Instant now) override {
    BOOST_TEST(segment.window != kEmittedWindow);
    if (segment.payload.empty()) return Verdict::kPass;
    Segment emitted = segment;
    emitted.flags = wire::kAck;
    emitted.window = kEmittedWindow;
    emitted.payload = {};
    sink_.ToNetwork(emitted);
    emitted.window = kEmittedWindow + 1;
    sink_.ToNetwork(emitted);
    deadline_ = now + std::chrono::milliseconds(700);
    return Verdict::kPass;
  }
  [[nodiscard]] Instant NextDeadline() const override { return deadline_; }
  void Expire(Instant now) override {
    expired.push_back(now);
    BOOST_TEST((now >= deadline_));
    deadline_ = stack::kNever;
  }
  static constexpr std::uint16_t kEmittedWindow = 4711;
  static inline std::vector<Instant> expired;

 private:
  SegmentSink& sink_;
  Instant deadline_ = stack::kNever;
};

BOOST_AUTO_TEST_CASE(EmittedSegmentsLeaveInOrderBeforeTheirCause) {
  Announcing::expired.clear();
  TwoHosts hosts;
  InstallShim(hosts.client(), [](SegmentSink& sink) { return std::make_unique<Announcing>(sink); });
  InstallShim(hosts.server(), Make<PassThrough>());
  Received received(hosts);
  hosts.BulkSend(10000);
  hosts.Run();
  BOOST_TEST(received.bytes == 10000U);
  const auto segments = hosts.Segments(true);
  std::size_t causes = 0;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].payload.empty()) continue;
    ++causes;
    BOOST_TEST_REQUIRE(i >= 2U);
    BOOST_TEST(segments[i - 2].window == Announcing::kEmittedWindow);
    BOOST_TEST(segments[i - 1].window == Announcing::kEmittedWindow + 1);
    BOOST_TEST(segments[i - 1].sequence == segments[i].sequence);
  }
  BOOST_TEST(causes > 0U);
  CheckWire(hosts);
  // The deadline moved with every segment, and came once, after the last.
  BOOST_TEST(Announcing::expired.size() == 1U);
}

// Emits towards the own host: an RST for the connection that TCP is just sending on.
class Resetting : public PassThrough {
 public:
  explicit Resetting(SegmentSink& sink) : sink_(sink) {}
  Verdict Outbound(Segment& segment, Instant) override {
    if (segment.payload.empty() || done_) return Verdict::kPass;
    done_ = true;
    Segment reset;
    reset.source = segment.destination;
    reset.destination = segment.source;
    reset.sequence = segment.acknowledgement;
    reset.flags = wire::kRst;
    sink_.ToHost(reset);
    return Verdict::kDrop;
  }

 private:
  SegmentSink& sink_;
  bool done_ = false;
};

BOOST_AUTO_TEST_CASE(SegmentsForTheHostReachItsTcp) {
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    TwoHosts hosts({.family = family});
    InstallShim(hosts.client(), [](SegmentSink& sink) { return std::make_unique<Resetting>(sink); });
    InstallShim(hosts.server(), Make<PassThrough>());
    Received received(hosts);
    hosts.BulkSend(100000);
    hosts.Run();
    // TCP was sending its first window when the RST was emitted, and sent nothing more after it.
    std::size_t sent = 0;
    for (const Segment& segment : hosts.Segments(true)) sent += segment.payload.size();
    BOOST_TEST(sent <= 10U * 1448U);
    BOOST_TEST(received.bytes == 0U);  // the first segment was dropped
  }
}

// Drops one data segment, on its way out or in.
template <bool kOutbound>
class Dropping : public PassThrough {
 public:
  Verdict Outbound(Segment& segment, Instant) override { return Judge(kOutbound, segment); }
  Verdict Inbound(Segment& segment, Instant) override { return Judge(!kOutbound, segment); }

 private:
  Verdict Judge(bool here, const Segment& segment) {
    if (!here || segment.payload.empty()) return Verdict::kPass;
    return ++count_ == 5 ? Verdict::kDrop : Verdict::kPass;
  }
  std::size_t count_ = 0;
};

struct DropCount {
  void Note(ns3::Ptr<const ns3::Packet>, ns3::TcpsShimProtocol::DropReason reason) { reasons.push_back(reason); }
  void Connect(const ns3::Ptr<ns3::Node>& node) {
    node->GetObject<ns3::TcpsShimProtocol>()->TraceConnectWithoutContext("Drop",
                                                                         ns3::MakeCallback(&DropCount::Note, this));
  }
  std::vector<ns3::TcpsShimProtocol::DropReason> reasons;
};

BOOST_AUTO_TEST_CASE(DroppedSegmentsAreTracedAndRecoveredByTcp) {
  for (const bool outbound : {true, false}) {
    TwoHosts hosts;
    InstallShim(hosts.client(), outbound ? Make<Dropping<true>>() : Make<PassThrough>());
    InstallShim(hosts.server(), outbound ? Make<PassThrough>() : Make<Dropping<false>>());
    DropCount drops;
    drops.Connect(outbound ? hosts.client() : hosts.server());
    Received received(hosts);
    hosts.BulkSend(50000);
    hosts.Run();
    BOOST_TEST(received.bytes == 50000U);
    BOOST_TEST_REQUIRE(drops.reasons.size() == 1U);
    BOOST_TEST(drops.reasons[0] ==
               (outbound ? ns3::TcpsShimProtocol::DROP_SHIM_OUTBOUND : ns3::TcpsShimProtocol::DROP_SHIM_INBOUND));
  }
}

class NotingReassembly : public PassThrough {
 public:
  Verdict Inbound(Segment& segment, Instant) override {
    (segment.reassembled ? reassembled : whole) += 1;
    BOOST_TEST(segment.reassembled == (segment.payload.size() > 1300));
    return Verdict::kPass;
  }
  static inline std::size_t reassembled;
  static inline std::size_t whole;
};

// IP hands up a reassembled packet as if it had come in one piece; the Shim is told.
BOOST_AUTO_TEST_CASE(ReassembledSegmentsAreMarked) {
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    NotingReassembly::reassembled = 0;
    NotingReassembly::whole = 0;
    TwoHosts hosts({.family = family});
    ns3::TcpsHelper helper;
    helper.SetHostAttribute("MssOption", ns3::BooleanValue(false));
    helper.InstallPlain(hosts.client());
    InstallShim(hosts.server(), Make<NotingReassembly>(), helper);
    hosts.device(0)->SetMtu(1290);
    ns3::Config::SetDefault("ns3::TcpSocket::SegmentSize", ns3::UintegerValue(1400));
    Received received(hosts);
    hosts.BulkSend(14000);
    hosts.Run();
    BOOST_TEST(received.bytes == 14000U);
    BOOST_TEST(NotingReassembly::reassembled == 10U);
    BOOST_TEST(NotingReassembly::whole > 0U);
  }
}

BOOST_AUTO_TEST_CASE(CorruptedSegmentsAreDroppedBeforeTheShim) {
  TwoHosts hosts({.wire_node = true});
  InstallShim(hosts.client(), Make<Masking>());
  InstallShim(hosts.server(), Make<Masking>());
  class Corrupter : public ns3::TcpsPathElement {
    void Handle(const ns3::TcpsPathPacket& packet, Direction direction) override {
      std::vector<std::uint8_t> bytes = packet.GetBytes();
      const bool chosen = bytes.size() > 1000 && ++count_ == 3;
      if (chosen) bytes.back() ^= 1;
      Forward(chosen ? ns3::TcpsPathPacket(bytes) : packet, direction);
    }
    int count_ = 0;
  };
  hosts.wire_node()->AddElement(ns3::CreateObject<Corrupter>());
  DropCount drops;
  drops.Connect(hosts.server());
  Received received(hosts);
  hosts.BulkSend(50000);
  hosts.Run();
  BOOST_TEST(received.bytes == 50000U);
  BOOST_TEST(received.intact);
  BOOST_TEST_REQUIRE(drops.reasons.size() == 1U);
  BOOST_TEST(drops.reasons[0] == ns3::TcpsShimProtocol::DROP_BAD_CHECKSUM);
}

// Options that ns-3's parser would never end on, on every segment of a transfer.
BOOST_AUTO_TEST_CASE(HostileOptionsDoNotReachTcp) {
  class Hostile : public ns3::TcpsPathElement {
    void Handle(const ns3::TcpsPathPacket& packet, Direction direction) override {
      std::vector<std::uint8_t> bytes = packet.GetBytes();
      bytes.resize(bytes.size() + wire::kMaximumOptionBytes);
      const auto raw = std::as_writable_bytes(std::span(bytes));
      auto parsed = wire::ParsePacket(raw);
      if (!parsed) return Forward(packet, direction);
      const std::size_t room = wire::kMaximumOptionBytes - parsed->segment.options.size();
      std::vector<std::byte> junk(room, std::byte{0});
      const std::array<std::byte, 4> start{std::byte{99}, std::byte{static_cast<unsigned char>(count_++ % 3 * 40)}};
      std::ranges::copy(start, junk.begin());
      BOOST_TEST(parsed->segment.options.Append(junk).has_value());
      bytes.resize(*wire::EmitPacket(*parsed, raw, wire::Checksum::kCompute));
      Forward(ns3::TcpsPathPacket(bytes), direction);
    }
    unsigned count_ = 0;
  };
  TwoHosts hosts({.wire_node = true});
  ns3::TcpsHelper().InstallPlain(hosts.nodes());
  hosts.wire_node()->AddElement(ns3::CreateObject<Hostile>());
  Received received(hosts);
  hosts.BulkSend(50000);
  hosts.Run();
  BOOST_TEST(received.bytes == 50000U);
  BOOST_TEST(received.intact);
}

// Transfers that the receiver's window limits, over a lossy path: stock ns-3 3.37 crashes in most of them.
BOOST_AUTO_TEST_CASE(WindowLimitedTransfersSurviveLoss) {
  for (const bool sack : {false, true}) {
    for (const bool scaling : {false, true}) {
      for (std::int64_t stream = 1; stream <= 6; ++stream) {
        TwoHosts hosts({.delay = "4ms", .wire_node = true, .checksums = false});
        ns3::Config::SetDefault("ns3::TcpSocketBase::Sack", ns3::BooleanValue(sack));
        ns3::Config::SetDefault("ns3::TcpSocketBase::WindowScaling", ns3::BooleanValue(scaling));
        ns3::Config::SetDefault("ns3::TcpSocket::RcvBufSize", ns3::UintegerValue(65535));
        ns3::TcpsHelper().InstallPlain(hosts.nodes());
        ns3::ObjectFactory loss("ns3::TcpsLoss");
        loss.Set("Rate", ns3::DoubleValue(stream % 2 == 0 ? 0.003 : 0.02));
        hosts.wire_node()->AddElement(loss.Create<ns3::TcpsPathElement>());
        hosts.AssignStreams(stream * 100);
        Received received(hosts);
        hosts.BulkSend(1000000);
        hosts.Run();
        BOOST_TEST(received.bytes == 1000000U, "SACK " << sack << ", scaling " << scaling << ", stream " << stream
                                                       << ": " << received.bytes << " bytes");
      }
    }
  }
}

// A host that talks to itself: both ends pass the same adapter.
BOOST_AUTO_TEST_CASE(LoopbackWorks) {
  TwoHosts hosts;
  InstallShim(hosts.server(), Make<Masking>());
  Received received(hosts);
  ns3::BulkSendHelper source("ns3::TcpSocketFactory", ns3::InetSocketAddress(ns3::Ipv4Address::GetLoopback(), 80));
  source.SetAttribute("MaxBytes", ns3::UintegerValue(50000));
  source.Install(hosts.server());
  hosts.Run();
  BOOST_TEST(received.bytes == 50000U);
  BOOST_TEST(received.intact);
}

}  // namespace
}  // namespace tcpslab::model_test
