// Bit errors: how many, where, and with which checksum.
#include <bit>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "model/test/path_bench.h"

namespace tcpslab::model_test {
namespace {

using ns3::TcpsPathElement;
using stack::OwnedSegment;
using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kOptions = 12;
constexpr std::size_t kPayload = 100;
constexpr std::size_t kChecksum = 16;  // its place in the TCP header, two bytes
constexpr std::size_t kDataOffset = 12;

OwnedSegment Some(bool ipv6) {
  OwnedSegment segment = Travelling(kForward, wire::kAck, 1000, 2000, std::string(kPayload, 'x'), ipv6);
  AddOption(*segment, wire::kTimestamps, {1, 2, 3, 4, 5, 6, 7, 8});
  AddOption(*segment, wire::kSackPermitted);
  return segment;
}

// Places in the TCP segment, the checksum aside, and how many bits differ there.
std::set<std::size_t> Differing(const Bytes& before, const Bytes& after, std::size_t ip_header, int& bits) {
  BOOST_REQUIRE_EQUAL(before.size(), after.size());
  std::set<std::size_t> places;
  bits = 0;
  for (std::size_t place = 0; place < before.size(); ++place) {
    if (before[place] == after[place]) continue;
    BOOST_REQUIRE_GE(place, ip_header);
    const std::size_t in_tcp = place - ip_header;
    if (in_tcp / 2 == kChecksum / 2) continue;
    places.insert(in_tcp);
    bits += std::popcount(static_cast<unsigned>(before[place] ^ after[place]));
  }
  return places;
}

BOOST_AUTO_TEST_SUITE(corrupt)

BOOST_AUTO_TEST_CASE(FlipsSoManyBitsThere) {
  struct Case {
    const char* where;
    std::size_t first;
    std::size_t end;
  };
  for (const bool ipv6 : {false, true}) {
    for (const Case& expected : {Case{"payload", 20 + kOptions, 20 + kOptions + kPayload},
                                 Case{"options", 20, 20 + kOptions}, Case{"header", 0, 20}}) {
      for (const int bits : {1, 2, 17}) {
        for (const bool fix : {false, true}) {
          Bench bench(Make("ns3::TcpsCorrupt", {{"Segments", "all"},
                                                {"Bits", std::to_string(bits)},
                                                {"Where", expected.where},
                                                {"FixChecksum", fix ? "true" : "false"}}));
          const Bytes before = PacketOf(*Some(ipv6)).GetBytes();
          for (int i = 0; i < 20; ++i) bench.Receive(*Some(ipv6), kForward);
          for (const Bench::Output& output : bench.outputs) {
            int flipped = 0;
            const std::set<std::size_t> places = Differing(before, output.bytes, ipv6 ? 40 : 20, flipped);
            BOOST_TEST(flipped == bits);
            BOOST_TEST(*places.begin() >= expected.first);
            BOOST_TEST(*places.rbegin() < expected.end);
            if (places.contains(kDataOffset)) {
              BOOST_TEST(((before[(ipv6 ? 40U : 20U) + kDataOffset] ^ output.bytes[(ipv6 ? 40U : 20U) + kDataOffset]) &
                          0xf0U) == 0U);
            }
            BOOST_TEST(output.whole);
            // One bit can never hide from the checksum; several may make up for each other.
            if (fix || bits == 1) BOOST_TEST(output.checksum_valid == fix);
          }
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(NeverMoreThanThereAre) {
  Bench bench(Make("ns3::TcpsCorrupt", {{"Segments", "all"}, {"Bits", "100000"}, {"FixChecksum", "true"}}));
  bench.Receive(*Some(false), kForward);
  BOOST_TEST(bench.outputs.at(0).segment.PayloadText() == std::string(kPayload, static_cast<char>(~'x')));
}

BOOST_AUTO_TEST_CASE(EverythingElsePasses) {
  for (const bool ipv6 : {false, true}) {
    Bench untold(Make("ns3::TcpsCorrupt"));
    untold.Receive(*Some(ipv6), kForward);
    BOOST_TEST(untold.outputs.at(0).bytes == PacketOf(*Some(ipv6)).GetBytes(), boost::test_tools::per_element());
    // Nothing there to spoil.
    const OwnedSegment bare = Travelling(kForward, wire::kAck, 1000, 2000, "", ipv6);
    for (const char* where : {"payload", "options"}) {
      Bench bench(Make("ns3::TcpsCorrupt", {{"Segments", "all"}, {"Where", where}}));
      bench.Receive(*bare, kForward);
      BOOST_TEST(bench.outputs.at(0).bytes == PacketOf(*bare).GetBytes(), boost::test_tools::per_element());
    }
  }
}

// A box behind that edits adjusts the checksum; it does not make a damaged segment a good one.
BOOST_AUTO_TEST_CASE(EditingDoesNotHideTheDamage) {
  for (const bool ipv6 : {false, true}) {
    for (const bool fix : {false, true}) {
      Bench corrupt(Make("ns3::TcpsCorrupt", {{"Segments", "all"}, {"FixChecksum", fix ? "true" : "false"}}));
      for (std::uint32_t number = 0; number < 100; ++number) {
        OwnedSegment segment = Some(ipv6);
        segment->sequence = number;
        corrupt.Receive(*segment, kForward);
      }
      Bench editor(Make("ns3::TcpsOptionStripper", {{"Kinds", "4"}}));
      for (const Bench::Output& output : corrupt.outputs) editor.Receive(ns3::TcpsPathPacket(output.bytes), kForward);
      BOOST_REQUIRE_EQUAL(editor.outputs.size(), 100U);
      for (const Bench::Output& output : editor.outputs) {
        BOOST_TEST(!output.segment->options.Find(wire::kSackPermitted).has_value());
        BOOST_TEST(output.checksum_valid == fix);
      }
    }
  }
}

// As ns-3 sends them unless told otherwise.
BOOST_AUTO_TEST_CASE(AChecksumThatWasNeverComputedIsComputed) {
  Bytes bytes = PacketOf(*Some(false)).GetBytes();
  bytes[20 + kChecksum] = 0;
  bytes[20 + kChecksum + 1] = 0;
  Bench editor(Make("ns3::TcpsOptionStripper", {{"Kinds", "4"}}));
  editor.Receive(ns3::TcpsPathPacket(bytes), kForward);
  BOOST_TEST(editor.outputs.at(0).checksum_valid);
}

BOOST_AUTO_TEST_CASE(RepeatsWithItsStream) {
  const auto run = [](std::int64_t stream) {
    const auto element = Make("ns3::TcpsCorrupt", {{"Segments", "2"}});
    Bench bench(element);
    element->AssignStreams(stream);
    for (int i = 0; i < 3; ++i) bench.Receive(*Some(false), kForward);
    BOOST_TEST(bench.outputs[0].bytes == bench.outputs[2].bytes, boost::test_tools::per_element());
    BOOST_TEST((bench.outputs[1].bytes != bench.outputs[2].bytes));
    return bench.outputs[1].bytes;
  };
  BOOST_TEST(run(3) == run(3), boost::test_tools::per_element());
  BOOST_TEST((run(3) != run(4)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::model_test
