// Boxes that change addresses, ports and sequence numbers, and change them back.
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "model/path/middlebox/tcps-napt.h"
#include "model/test/path_bench.h"
#include "reference/wire/packet.h"

namespace tcpslab::model_test {
namespace {

using ns3::Ptr;
using ns3::TcpsPathElement;
using stack::OwnedSegment;
using wire::Segment;

wire::Endpoint At(const char* address, std::uint16_t port) { return {*wire::ParseAddress(address), port}; }

BOOST_AUTO_TEST_SUITE(napt)

BOOST_AUTO_TEST_CASE(TranslatesOutAndBack) {
  for (const bool ipv6 : {false, true}) {
    Bench bench(Make("ns3::TcpsNapt", {{"PortBase", "6000"}}));
    const wire::Endpoint inside = At(ipv6 ? "2001:db8::1" : "10.0.0.1", 49152);
    const wire::Endpoint server = At(ipv6 ? "2001:db8::2" : "10.0.0.2", 443);
    const wire::Endpoint outside = At(ipv6 ? "2001:db8::fe" : "10.0.0.254", 6000);
    bench.Receive(*Travelling(kForward, wire::kSyn, 100, 0, "", ipv6), kForward);
    BOOST_TEST((LastOf(bench).source == outside));
    BOOST_TEST((LastOf(bench).destination == server));
    OwnedSegment answer = Travelling(kBackward, wire::kAck, 200, 101, "hello", ipv6);
    answer->destination = outside;
    bench.Receive(*answer, kBackward);
    BOOST_TEST((LastOf(bench).source == server));
    BOOST_TEST((LastOf(bench).destination == inside));
    BOOST_TEST(OwnedSegment(LastOf(bench)).PayloadText() == "hello");
  }
}

BOOST_AUTO_TEST_CASE(EachConnectionHasAPort) {
  const Ptr<TcpsPathElement> element = Make("ns3::TcpsNapt", {{"PortBase", "6000"}});
  Bench bench(element);
  std::vector<std::uint16_t> ports;
  for (const auto port : std::array<std::uint16_t, 3>{2001, 2002, 2001}) {  // the last again: a retransmission
    OwnedSegment syn = Travelling(kForward, wire::kSyn, 100);
    syn->source.port = port;
    bench.Receive(*syn, kForward);
    ports.push_back(LastOf(bench).source.port);
  }
  BOOST_TEST(ports == (std::vector<std::uint16_t>{6000, 6001, 6000}), boost::test_tools::per_element());
  BOOST_TEST(ns3::DynamicCast<ns3::TcpsNapt>(element)->GetNMappings() == 2U);
}

BOOST_AUTO_TEST_CASE(PortsStayWhereTheyAreFree) {
  Bench bench(Make("ns3::TcpsNapt", {{"PublicAddress4", "10.0.0.77"}}));
  for (const auto& [host, port] : {std::pair("10.0.0.1", 7000), std::pair("10.0.0.3", 7001)}) {
    OwnedSegment syn = Travelling(kForward, wire::kSyn, 100);
    syn->source = At(host, 7000);
    bench.Receive(*syn, kForward);
    BOOST_TEST((LastOf(bench).source == At("10.0.0.77", static_cast<std::uint16_t>(port))));
  }
}

BOOST_AUTO_TEST_CASE(DropsWhatHasNoMapping) {
  Bench bench(Make("ns3::TcpsNapt"));
  bench.Receive(*Travelling(kBackward, wire::kSyn, 1), kBackward);
  bench.Receive(*Travelling(kForward, wire::kAck, 1, 1, "late"), kForward);
  bench.Receive(*Travelling(kForward, wire::kSyn, 1), kForward);
  BOOST_TEST(bench.outputs.size() == 1U);
  bench.Receive(*Travelling(kBackward, kSynAck, 1, 2), kBackward);  // to the inside address, which nobody knows outside
  BOOST_TEST(bench.outputs.size() == 1U);
}

BOOST_AUTO_TEST_CASE(MayStandBeforeTheServer) {
  Bench bench(Make("ns3::TcpsNapt", {{"Inside", "server"}}));
  bench.Receive(*Travelling(kForward, wire::kSyn, 1), kForward);
  BOOST_TEST(bench.outputs.empty());
  bench.Receive(*Travelling(kBackward, wire::kSyn, 1), kBackward);
  BOOST_TEST((LastOf(bench).source == At("10.0.0.254", 443)));
}

BOOST_AUTO_TEST_CASE(NoTcpPasses) { CheckLeavesOthersAlone("ns3::TcpsNapt"); }

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(isn_rewriter)

constexpr std::array<std::byte, 12> kSackBlock = {std::byte{wire::kNoOperation},
                                                  std::byte{wire::kNoOperation},
                                                  std::byte{wire::kSack},
                                                  std::byte{10},
                                                  std::byte{0x00},
                                                  std::byte{0x00},
                                                  std::byte{0x01},
                                                  std::byte{0x00},
                                                  std::byte{0x00},
                                                  std::byte{0x00},
                                                  std::byte{0x02},
                                                  std::byte{0x00}};

// The left edge of the first block.
std::uint32_t LeftEdge(const Segment& segment) {
  std::uint32_t edge = 0;
  for (const std::byte byte : segment.options.Find(wire::kSack)->body().first(4)) {
    edge = edge << 8U | std::to_integer<std::uint32_t>(byte);
  }
  return edge;
}

struct Shifts {
  std::uint32_t client = 0;  // of the client's numbers
  std::uint32_t server = 0;
};

// A handshake and an acknowledgement with SACK of 0x100 to 0x200, each checked against the offsets that the SYNs show.
Shifts Exchange(Bench& bench, bool ipv6, bool sack_fixup) {
  Shifts shifts;
  bench.Receive(*Travelling(kForward, wire::kSyn, 1000, 0, "", ipv6), kForward);
  shifts.client = LastOf(bench).sequence - 1000;
  bench.Receive(*Travelling(kBackward, kSynAck, 5000, 1001 + shifts.client, "", ipv6), kBackward);
  BOOST_TEST(LastOf(bench).acknowledgement == 1001U);
  shifts.server = LastOf(bench).sequence - 5000;
  OwnedSegment data = Travelling(kForward, wire::kAck, 1001, 5001 + shifts.server, "data", ipv6);
  BOOST_TEST(data->options.Append(kSackBlock).has_value());
  bench.Receive(*data, kForward);
  BOOST_TEST(LastOf(bench).sequence == 1001 + shifts.client);
  BOOST_TEST(LastOf(bench).acknowledgement == 5001U);
  BOOST_TEST(LeftEdge(LastOf(bench)) == 0x100 - (sack_fixup ? shifts.server : 0));
  BOOST_TEST(OwnedSegment(LastOf(bench)).PayloadText() == "data");
  return shifts;
}

BOOST_AUTO_TEST_CASE(ShiftsBothWays) {
  for (const bool ipv6 : {false, true}) {
    for (const bool sack_fixup : {true, false}) {
      Bench bench(Make("ns3::TcpsIsnRewriter", {{"SackFixup", sack_fixup ? "true" : "false"}}));
      const Shifts shifts = Exchange(bench, ipv6, sack_fixup);
      BOOST_TEST(shifts.client != 0U);
      BOOST_TEST(shifts.server != 0U);
      BOOST_TEST(shifts.client != shifts.server);
    }
  }
}

BOOST_AUTO_TEST_CASE(ShiftsOneEndAlone) {
  for (const std::string end : {"client", "server"}) {
    Bench bench(Make("ns3::TcpsIsnRewriter", {{"Rewrites", end}}));
    const Shifts shifts = Exchange(bench, false, true);
    BOOST_TEST((shifts.client != 0) == (end == "client"));
    BOOST_TEST((shifts.server != 0) == (end == "server"));
  }
}

BOOST_AUTO_TEST_CASE(ARetransmissionIsShiftedAlikeAndANewConnectionIsNot) {
  Bench bench(Make("ns3::TcpsIsnRewriter"));
  const Shifts first = Exchange(bench, false, true);
  bench.Receive(*Travelling(kForward, wire::kSyn, 1000), kForward);
  BOOST_TEST(LastOf(bench).sequence == 1000 + first.client);
  bench.Receive(*Travelling(kForward, wire::kSyn, 9000), kForward);  // forged: the connection is alive
  BOOST_TEST(LastOf(bench).sequence == 9000 + first.client);
  bench.Receive(*Travelling(kForward, wire::kRst, 1001), kForward);
  bench.Receive(*Travelling(kForward, wire::kSyn, 9000), kForward);  // the same ports once more
  BOOST_TEST(LastOf(bench).sequence != 9000 + first.client);
}

BOOST_AUTO_TEST_CASE(AResetWithoutAcknowledgementKeepsThatFieldZero) {
  Bench bench(Make("ns3::TcpsIsnRewriter"));
  Exchange(bench, false, true);
  bench.Receive(*Travelling(kForward, wire::kRst, 1005), kForward);
  BOOST_TEST(LastOf(bench).acknowledgement == 0U);
}

BOOST_AUTO_TEST_CASE(ConnectionsItDidNotSeeBeginStay) {
  Bench bench(Make("ns3::TcpsIsnRewriter"));
  const ns3::TcpsPathPacket packet = PacketOf(*Travelling(kForward, wire::kAck, 77, 88, "middle"));
  bench.Receive(packet, kForward);
  BOOST_TEST(bench.outputs.back().bytes == packet.GetBytes(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(NoTcpPasses) { CheckLeavesOthersAlone("ns3::TcpsIsnRewriter"); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::model_test
