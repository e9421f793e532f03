// Boxes that cut segments and join them.
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "model/path/middlebox/tcps-segment-coalescer.h"
#include "model/test/path_bench.h"
#include "ns3/simulator.h"

namespace tcpslab::model_test {
namespace {

using ns3::TcpsPathElement;
using stack::OwnedSegment;

// An option of kind 253 that tells segments apart.
void Mark(OwnedSegment& segment, std::uint8_t mark) {
  const std::array<std::byte, 4> option{std::byte{253}, std::byte{4}, std::byte{0x54}, std::byte{mark}};
  BOOST_TEST(segment->options.Append(option).has_value());
}

int MarkOf(const OwnedSegment& segment) {
  const auto option = segment->options.Find(wire::kExperiment253);
  return option ? std::to_integer<int>(option->bytes()[3]) : 0;
}

// Everything that came out, sound.
std::vector<OwnedSegment> Everything(const Bench& bench) {
  std::vector<OwnedSegment> segments;
  for (const Bench::Output& output : bench.outputs) {
    BOOST_TEST(output.whole);
    BOOST_TEST(output.checksum_valid);
    segments.push_back(output.segment);
  }
  return segments;
}

BOOST_AUTO_TEST_SUITE(splitter)

BOOST_AUTO_TEST_CASE(CutsInOrder) {
  for (const bool ipv6 : {false, true}) {
    Bench bench(Make("ns3::TcpsSegmentSplitter", {{"MaxPayload", "4"}}));
    const std::uint8_t flags = wire::kAck | wire::kPsh | wire::kFin | wire::kCwr;
    bench.Receive(*Travelling(kBackward, flags, 0xfffffffe, 77, "0123456789", ipv6), kBackward);
    const std::vector<OwnedSegment> pieces = Everything(bench);
    BOOST_TEST_REQUIRE(pieces.size() == 3U);
    const std::array<std::string, 3> texts{"0123", "4567", "89"};
    const std::array<std::uint8_t, 3> flags_of{wire::kAck | wire::kCwr, wire::kAck,
                                               wire::kAck | wire::kPsh | wire::kFin};
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      BOOST_TEST(pieces[i].PayloadText() == texts[i]);
      BOOST_TEST(pieces[i]->sequence == 0xfffffffe + 4 * static_cast<std::uint32_t>(i));
      BOOST_TEST(pieces[i]->acknowledgement == 77U);
      BOOST_TEST(pieces[i]->flags == flags_of[i]);
      BOOST_TEST(bench.outputs[i].direction == kBackward);
    }
  }
}

BOOST_AUTO_TEST_CASE(OptionsGoWhereTheyAreTold) {
  for (const auto& [options, expected] :
       {std::pair("all", std::array{7, 7, 7}), std::pair("first", std::array{7, 0, 0}),
        std::pair("none", std::array{0, 0, 0})}) {
    Bench bench(Make("ns3::TcpsSegmentSplitter", {{"MaxPayload", "2"}, {"Options", options}}));
    OwnedSegment segment = Travelling(kForward, wire::kAck, 1, 1, "012345");
    Mark(segment, 7);
    bench.Receive(*segment, kForward);
    const std::vector<OwnedSegment> pieces = Everything(bench);
    BOOST_TEST_REQUIRE(pieces.size() == expected.size());
    for (std::size_t i = 0; i < pieces.size(); ++i) BOOST_TEST(MarkOf(pieces[i]) == expected[i]);
  }
}

// RFC 9293, section 3.8.2: the urgent pointer counts from the segment's own sequence number.
BOOST_AUTO_TEST_CASE(TheUrgentPointerStaysWhereItPointed) {
  Bench bench(Make("ns3::TcpsSegmentSplitter", {{"MaxPayload", "4"}}));
  OwnedSegment segment = Travelling(kForward, wire::kAck | wire::kUrg, 1, 1, "0123456789");
  segment->urgent_pointer = 6;
  bench.Receive(*segment, kForward);
  const std::vector<OwnedSegment> pieces = Everything(bench);
  BOOST_TEST(pieces[0]->urgent_pointer == 6U);
  BOOST_TEST(pieces[1]->urgent_pointer == 2U);
  BOOST_TEST(!pieces[2]->Has(wire::kUrg));
}

BOOST_AUTO_TEST_CASE(SmallSegmentsAndSynsStayWhole) {
  Bench bench(Make("ns3::TcpsSegmentSplitter", {{"MaxPayload", "4"}}));
  for (const auto& [flags, text] : {std::pair(wire::kAck, "0123"), std::pair(wire::kSyn, "01234567")}) {
    const ns3::TcpsPathPacket packet = PacketOf(*Travelling(kForward, flags, 1, 0, text));
    bench.Receive(packet, kForward);
    BOOST_TEST(bench.outputs.back().bytes == packet.GetBytes(), boost::test_tools::per_element());
  }
  BOOST_TEST(bench.outputs.size() == 2U);
}

BOOST_AUTO_TEST_CASE(OthersPass) { CheckLeavesOthersAlone("ns3::TcpsSegmentSplitter"); }

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(coalescer)

// "abc" at 10, "def" at 13, marked 1 and 2, arriving at once; what comes out in the end.
std::vector<OwnedSegment> JoinTwo(Bench& bench, bool ipv6 = false, std::uint8_t second_mark = 2) {
  OwnedSegment first = Travelling(kForward, wire::kAck, 10, 70, "abc", ipv6);
  OwnedSegment second = Travelling(kForward, wire::kAck | wire::kPsh, 13, 75, "def", ipv6);
  second->window = 2000;
  Mark(first, 1);
  Mark(second, second_mark);
  bench.Receive(*first, kForward);
  bench.Receive(*second, kForward);
  ns3::Simulator::Run();
  return Everything(bench);
}

BOOST_AUTO_TEST_CASE(JoinsWhatFollows) {
  for (const bool ipv6 : {false, true}) {
    for (const auto& [options, mark] : {std::pair("first", 1), std::pair("last", 2)}) {
      Bench bench(Make("ns3::TcpsSegmentCoalescer", {{"Options", options}, {"Delay", "3ms"}}));
      const std::vector<OwnedSegment> joined = JoinTwo(bench, ipv6);
      BOOST_TEST_REQUIRE(joined.size() == 1U);
      BOOST_TEST(joined[0].PayloadText() == "abcdef");
      BOOST_TEST(joined[0]->sequence == 10U);
      BOOST_TEST(joined[0]->acknowledgement == 75U);
      BOOST_TEST(joined[0]->window == 2000U);
      BOOST_TEST(joined[0]->flags == (wire::kAck | wire::kPsh));
      BOOST_TEST(MarkOf(joined[0]) == mark);
      BOOST_TEST(bench.outputs[0].time == ns3::MilliSeconds(3));
    }
  }
}

BOOST_AUTO_TEST_CASE(EqualOptionsAloneIfToldSo) {
  for (const std::uint8_t second_mark : std::array<std::uint8_t, 2>{1, 2}) {
    Bench bench(Make("ns3::TcpsSegmentCoalescer", {{"Options", "equal"}}));
    BOOST_TEST(JoinTwo(bench, false, second_mark).size() == second_mark);
  }
}

BOOST_AUTO_TEST_CASE(StopsAtItsSize) {
  Bench bench(Make("ns3::TcpsSegmentCoalescer", {{"MaxPayload", "5"}}));
  const std::vector<OwnedSegment> segments = JoinTwo(bench);
  BOOST_TEST_REQUIRE(segments.size() == 2U);
  BOOST_TEST(segments[0].PayloadText() == "abc");
  BOOST_TEST(segments[1].PayloadText() == "def");
}

// A full segment need not wait any longer, nor one that ends the stream.
BOOST_AUTO_TEST_CASE(WaitsNoLongerThanItMust) {
  for (const bool full : {true, false}) {
    Bench bench(Make("ns3::TcpsSegmentCoalescer", {{"MaxPayload", full ? "6" : "100"}, {"Delay", "5ms"}}));
    bench.Receive(*Travelling(kForward, wire::kAck, 10, 70, "abc"), kForward);
    bench.Receive(*Travelling(kForward, full ? wire::kAck : wire::kAck | wire::kFin, 13, 70, "def"), kForward);
    BOOST_TEST_REQUIRE(bench.outputs.size() == 1U);
    BOOST_TEST(bench.outputs[0].segment.PayloadText() == "abcdef");
    BOOST_TEST(bench.outputs[0].segment->Has(wire::kFin) == !full);
  }
}

BOOST_AUTO_TEST_CASE(NothingOvertakes) {
  Bench bench(Make("ns3::TcpsSegmentCoalescer"));
  bench.Receive(*Travelling(kForward, wire::kAck, 10, 70, "abc"), kForward);
  bench.Receive(*Travelling(kForward, wire::kAck, 20, 70, "gap"), kForward);  // releases the first
  bench.Receive(*Travelling(kForward, wire::kAck, 13, 71), kForward);         // a pure ACK releases the second
  bench.Receive(*Travelling(kBackward, wire::kAck, 70, 13, "other way"), kBackward);
  BOOST_TEST(bench.Numbers() == (std::vector<std::uint32_t>{10, 20, 13, 70}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(ConnectionsStayApart) {
  const auto element = Make("ns3::TcpsSegmentCoalescer");
  Bench bench(element);
  OwnedSegment other = Travelling(kForward, wire::kAck, 13, 70, "def");
  other->source.port = 4711;
  bench.Receive(*Travelling(kForward, wire::kAck, 10, 70, "abc"), kForward);
  bench.Receive(*other, kForward);
  BOOST_TEST(bench.Numbers().size() == 2U);
  BOOST_TEST(ns3::DynamicCast<ns3::TcpsSegmentCoalescer>(element)->GetNJoined() == 0U);
}

BOOST_AUTO_TEST_CASE(OthersPass) { CheckLeavesOthersAlone("ns3::TcpsSegmentCoalescer"); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::model_test
