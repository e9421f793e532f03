// Middleboxes that edit header fields, mark congestion, or thin acknowledgements.
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "model/path/tcps-path-segment.h"
#include "model/test/path_bench.h"

namespace tcpslab::model_test {
namespace {

using ns3::TcpsPathElement;
using ns3::TcpsPathPacket;
using stack::OwnedSegment;

constexpr std::array<std::uint16_t, 2> kPorts = {49152, 49153};
constexpr std::uint8_t kEveryFlagButSyn = 0xff & ~wire::kSyn;

// Bits of the IP header's ECN field (RFC 3168, section 5; RFC 8200, section 7).
unsigned Ecn(const std::vector<std::uint8_t>& packet) {
  return packet[0] >> 4U == 6 ? packet[1] >> 4U & 3U : packet[1] & 3U;
}

TcpsPathPacket WithEcn(const wire::Segment& segment, unsigned ecn) {
  auto parsed = ns3::TcpsPathSegment::Parse(PacketOf(segment));
  const bool ipv6 = segment.source.address.family() == wire::Family::kIpv6;
  parsed->IpHeader()[1] |= static_cast<std::byte>(ipv6 ? ecn << 4U : ecn);
  return parsed->ToPacket();
}

bool HeaderChecksumValid(const std::vector<std::uint8_t>& packet) {
  return wire::InternetChecksum(std::as_bytes(std::span(packet)).first(wire::kIpv4HeaderSize)) == 0;
}

unsigned MssOf(const Bench::Output& output) {
  const auto body = output.segment->options.Find(wire::kMaximumSegmentSize)->body();
  return std::to_integer<unsigned>(body[0]) << 8U | std::to_integer<unsigned>(body[1]);
}

// All of the fields and options that a normaliser may edit.
OwnedSegment Everything(std::uint8_t flags, bool ipv6 = false) {
  OwnedSegment segment = Travelling(kForward, flags, 1000, 2000, "payload", ipv6);
  segment->reserved_bits = 0xf;
  segment->urgent_pointer = 3;
  AddOption(*segment, wire::kMaximumSegmentSize, {5, 0xb4});  // 1460
  AddOption(*segment, wire::kWindowScale, {7});
  AddOption(*segment, wire::kSackPermitted);
  AddOption(*segment, wire::kTimestamps, {1, 2, 3, 4, 5, 6, 7, 8});
  AddOption(*segment, wire::kSack, {0, 0, 0, 1, 0, 0, 0, 2});
  AddOption(*segment, wire::kExperiment253, {'T', 'M', 1, 2, 3});  // 36 bytes in all: no padding
  return segment;
}

BOOST_AUTO_TEST_SUITE(header_normaliser)

BOOST_AUTO_TEST_CASE(DoesNothingUnasked) {
  for (const bool ipv6 : {false, true}) {
    Bench bench(Make("ns3::TcpsHeaderNormaliser"));
    const TcpsPathPacket packet = WithEcn(*Everything(0xff, ipv6), 3);
    bench.Receive(packet);
    BOOST_TEST(bench.outputs.at(0).bytes == packet.GetBytes(), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(ClampsTheMss) {
  struct Case {
    unsigned clamp;
    std::uint8_t flags;
    unsigned mss;
  };
  for (const bool ipv6 : {false, true}) {
    for (const Case& expected : {Case{1400, wire::kSyn, 1400}, Case{1400, kSynAck, 1400}, Case{1459, wire::kSyn, 1459},
                                 Case{1460, wire::kSyn, 1460}, Case{1461, wire::kSyn, 1460}, Case{0, wire::kSyn, 1460},
                                 Case{1400, wire::kAck, 1460}}) {
      Bench bench(Make("ns3::TcpsHeaderNormaliser", {{"MssClamp", std::to_string(expected.clamp)}}));
      const OwnedSegment before = Everything(expected.flags, ipv6);
      bench.Receive(*before, kForward);
      const Bench::Output& after = bench.outputs.at(0);
      BOOST_TEST(MssOf(after) == expected.mss);
      BOOST_TEST(after.checksum_valid);
      // Only those two bytes and the checksum differ.
      OwnedSegment same = after.segment;
      same->options = before->options;
      BOOST_TEST(PacketOf(*same).GetBytes() == PacketOf(*before).GetBytes(), boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(OptionsBecomeNops) {
  const std::vector<std::pair<std::string, std::vector<std::uint8_t>>> cases = {
      {"RemoveWindowScale", {wire::kWindowScale}},
      {"RemoveTimestamps", {wire::kTimestamps}},
      {"RemoveSack", {wire::kSackPermitted, wire::kSack}}};
  for (const auto& [attribute, kinds] : cases) {
    Bench bench(Make("ns3::TcpsHeaderNormaliser", {{attribute, "true"}}));
    const OwnedSegment before = Everything(wire::kSyn);
    bench.Receive(*before, kForward);
    const Bench::Output& after = bench.outputs.at(0);
    wire::OptionArea expected = before->options;
    for (const std::uint8_t kind : kinds) expected.Blank(kind);
    BOOST_TEST((after.segment->options == expected), attribute);
    BOOST_TEST(after.checksum_valid);
    BOOST_TEST(after.segment->flags == before->flags);
    BOOST_TEST(after.segment.PayloadText() == "payload");
  }
}

BOOST_AUTO_TEST_CASE(ClearsFields) {
  struct Case {
    const char* attribute;
    std::uint8_t flags;
    std::uint8_t reserved;
    std::uint16_t urgent;
    unsigned ecn;
  };
  for (const bool ipv6 : {false, true}) {
    for (const Case& expected :
         {Case{"ClearUrgent", 0xff & ~wire::kUrg, 0xf, 0, 2}, Case{"ClearReserved", 0xff, 0, 3, 2},
          Case{"ClearEcnFlags", 0xff & ~(wire::kEce | wire::kCwr), 0xf, 3, 2},
          Case{"BleachEcn", 0xff & ~(wire::kEce | wire::kCwr), 0xf, 3, 0}}) {
      Bench bench(Make("ns3::TcpsHeaderNormaliser", {{expected.attribute, "true"}}));
      bench.Receive(WithEcn(*Everything(0xff, ipv6), 2));
      const Bench::Output& after = bench.outputs.at(0);
      BOOST_TEST_CONTEXT(expected.attribute << (ipv6 ? " IPv6" : " IPv4")) {
        BOOST_TEST(after.segment->flags == expected.flags);
        BOOST_TEST(after.segment->reserved_bits == expected.reserved);
        BOOST_TEST(after.segment->urgent_pointer == expected.urgent);
        BOOST_TEST(Ecn(after.bytes) == expected.ecn);
        BOOST_TEST(after.checksum_valid);
        BOOST_TEST((ipv6 || HeaderChecksumValid(after.bytes)));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(ChosenSegmentsOnly) {
  Bench bench(Make("ns3::TcpsHeaderNormaliser", {{"ClearEcnFlags", "true"}, {"Only", "non-syn"}}));
  for (const std::uint8_t flags : {std::uint8_t{0xff}, kEveryFlagButSyn}) bench.Receive(*Everything(flags), kForward);
  BOOST_TEST(bench.outputs.at(0).segment->flags == 0xffU);
  BOOST_TEST(bench.outputs.at(1).segment->flags == (kEveryFlagButSyn & ~(wire::kEce | wire::kCwr)));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(congestion_marker)

BOOST_AUTO_TEST_CASE(MarksWhoCanDoEcn) {
  constexpr std::array<unsigned, 4> kAfter = {0, 3, 3, 3};  // RFC 3168, section 5: Not-ECT is never marked
  for (const bool ipv6 : {false, true}) {
    for (unsigned before = 0; before < kAfter.size(); ++before) {
      Bench bench(Make("ns3::TcpsCongestionMarker", {{"Segments", "2"}}));
      const OwnedSegment segment = Travelling(kForward, wire::kAck, 1, 2, "payload", ipv6);
      const TcpsPathPacket packet = WithEcn(*segment, before);
      bench.Receive(packet);
      BOOST_TEST(bench.outputs.at(0).bytes == packet.GetBytes(), boost::test_tools::per_element());
      bench.Receive(packet);
      BOOST_TEST(Ecn(bench.outputs.at(1).bytes) == kAfter[before]);
      BOOST_TEST((ipv6 || HeaderChecksumValid(bench.outputs[1].bytes)));
      BOOST_TEST(bench.outputs[1].segment.PayloadText() == "payload");
    }
  }
}

BOOST_AUTO_TEST_CASE(ByDefaultNothing) {
  Bench bench(Make("ns3::TcpsCongestionMarker"));
  bench.Receive(WithEcn(*Travelling(kForward, wire::kAck, 1), 2));
  BOOST_TEST(Ecn(bench.outputs.at(0).bytes) == 2U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(ack_thinner)

using Numbers = std::vector<std::uint32_t>;

// The acknowledgement numbers that came out in a direction.
Numbers Acknowledged(const Bench& bench, TcpsPathElement::Direction direction) {
  Numbers numbers;
  for (const Bench::Output& output : bench.outputs) {
    if (output.direction == direction) numbers.push_back(output.segment->acknowledgement);
  }
  return numbers;
}

BOOST_AUTO_TEST_CASE(OneOfEachKeepPasses) {
  for (const bool ipv6 : {false, true}) {
    Bench bench(Make("ns3::TcpsAckThinner", {{"Keep", "3"}}));
    for (std::uint32_t number = 1; number <= 7; ++number) {
      bench.Receive(*Travelling(kForward, wire::kAck, 1, number, "", ipv6), kForward);
      if (number <= 4) bench.Receive(*Travelling(kBackward, wire::kAck, 1, 100 + number, "", ipv6), kBackward);
    }
    BOOST_TEST(Acknowledged(bench, kForward) == (Numbers{1, 4, 7}), boost::test_tools::per_element());
    BOOST_TEST(Acknowledged(bench, kBackward) == (Numbers{101, 104}), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(ConnectionsCountOnTheirOwn) {
  Bench bench(Make("ns3::TcpsAckThinner", {{"Keep", "2"}}));
  for (std::uint32_t number = 1; number <= 4; ++number) {
    for (const std::uint16_t port : kPorts) {
      OwnedSegment ack = Travelling(kForward, wire::kAck, 1, number * 100000 + port);
      ack->source.port = port;
      bench.Receive(*ack, kForward);
    }
  }
  BOOST_TEST(Acknowledged(bench, kForward) == (Numbers{149152, 149153, 349152, 349153}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(EverythingElsePasses) {
  Bench bench(Make("ns3::TcpsAckThinner", {{"Keep", "100"}}));
  bench.Receive(*Travelling(kForward, wire::kAck, 1, 1), kForward);
  const std::vector<OwnedSegment> passing = {Travelling(kForward, wire::kAck, 1, 2, "data"),
                                             Travelling(kForward, wire::kFin | wire::kAck, 1, 2),
                                             Travelling(kForward, wire::kRst | wire::kAck, 1, 2),
                                             Travelling(kForward, kSynAck, 1, 2), Travelling(kForward, wire::kSyn, 1)};
  for (const OwnedSegment& segment : passing) bench.Receive(*segment, kForward);
  BOOST_REQUIRE_EQUAL(bench.outputs.size(), passing.size() + 1);
  for (std::size_t i = 0; i < passing.size(); ++i) {
    BOOST_TEST(bench.outputs[i + 1].bytes == PacketOf(*passing[i]).GetBytes(), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::model_test
