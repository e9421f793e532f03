// Packets too large for the path: fragmented, or lost without a word. What fragments hold beyond what is used here:
// path_fragments_test.cc.
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "model/path/tcps-path-segment.h"
#include "model/test/path_bench.h"
#include "reference/wire/packet.h"

namespace tcpslab::model_test {
namespace {

using ns3::TcpsPathElement;
using ns3::TcpsPathPacket;
using stack::OwnedSegment;
using Bytes = std::vector<std::uint8_t>;

unsigned Load16(const Bytes& bytes, std::size_t place) { return bytes[place] * 256U + bytes[place + 1]; }

OwnedSegment Sized(std::size_t payload, bool ipv6 = false) {
  OwnedSegment segment = Travelling(kForward, wire::kAck | wire::kPsh, 1000, 2000, "", ipv6);
  std::string text;
  for (std::size_t i = 0; i < payload; ++i) text += static_cast<char>(i * 7);
  segment.SetPayload(text);
  AddOption(*segment, wire::kExperiment253, {'T', 'M', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
  return segment;
}

// An IPv4 packet with an identification of its own.
TcpsPathPacket WithIpv4Header(const wire::Segment& segment, unsigned identification, bool df) {
  Bytes packet = PacketOf(segment).GetBytes();
  packet[4] = static_cast<std::uint8_t>(identification >> 8U);
  packet[5] = static_cast<std::uint8_t>(identification);
  packet[6] = df ? 0x40 : 0;
  return ns3::TcpsPathSegment::Parse(TcpsPathPacket(packet))->ToPacket();
}

struct Fragment {
  std::size_t header;
  std::size_t offset;
  bool more;
  std::uint32_t identification;
};

Fragment Parse(const Bytes& packet) {
  if (packet[0] >> 4U == 4) {
    BOOST_TEST(Load16(packet, 2) == packet.size());
    BOOST_TEST(packet[9] == wire::kProtocolTcp);
    const std::size_t header = (packet[0] & 0x0fU) * 4;
    BOOST_TEST(wire::InternetChecksum(std::as_bytes(std::span(packet)).first(header)) == 0U);
    BOOST_TEST((packet[6] & 0xc0U) == 0U);  // neither DF nor the reserved bit
    return {header, (Load16(packet, 6) & 0x1fffU) * 8, (packet[6] & 0x20U) != 0, Load16(packet, 4)};
  }
  BOOST_TEST(Load16(packet, 4) == packet.size() - wire::kIpv6HeaderSize);
  BOOST_TEST(packet[6] == 44U);
  BOOST_TEST(packet[wire::kIpv6HeaderSize] == wire::kProtocolTcp);
  BOOST_TEST(packet[wire::kIpv6HeaderSize + 1] == 0U);
  const unsigned field = Load16(packet, wire::kIpv6HeaderSize + 2);
  BOOST_TEST((field & 6U) == 0U);
  return {wire::kIpv6HeaderSize + 8, field & 0xfff8U, (field & 1U) != 0,
          Load16(packet, wire::kIpv6HeaderSize + 4) << 16U | Load16(packet, wire::kIpv6HeaderSize + 6)};
}

// What the fragments hold, put together; checks offsets, sizes and flags on the way.
Bytes PutTogether(const std::vector<Bench::Output>& outputs, std::size_t mtu) {
  Bytes whole;
  for (const Bench::Output& output : outputs) {
    BOOST_TEST(!output.whole);
    BOOST_TEST(output.bytes.size() <= mtu);
    const Fragment fragment = Parse(output.bytes);
    const bool last = &output == &outputs.back();
    BOOST_TEST(fragment.offset == whole.size());
    BOOST_TEST(fragment.more == !last);
    BOOST_TEST(fragment.identification == Parse(outputs.front().bytes).identification);
    const std::size_t size = output.bytes.size() - fragment.header;
    BOOST_TEST((last || (size % 8 == 0 && size + 8 > mtu - fragment.header)));  // as full as can be
    whole.insert(whole.end(), output.bytes.begin() + static_cast<std::ptrdiff_t>(fragment.header), output.bytes.end());
  }
  return whole;
}

Bytes IpPayload(const TcpsPathPacket& packet, std::size_t header) {
  const Bytes& bytes = packet.GetBytes();
  return {bytes.begin() + static_cast<std::ptrdiff_t>(header), bytes.end()};
}

BOOST_AUTO_TEST_SUITE(fragmenter)

BOOST_AUTO_TEST_CASE(SplitsWhatIsTooLarge) {
  for (const bool ipv6 : {false, true}) {
    const std::size_t header = ipv6 ? wire::kIpv6HeaderSize : wire::kIpv4HeaderSize;
    for (const std::size_t mtu : {68U, 100U, 576U, 1000U, 1280U}) {
      Bench bench(Make("ns3::TcpsFragmenter", {{"Mtu", std::to_string(mtu)}}));
      const TcpsPathPacket packet = PacketOf(*Sized(1300, ipv6));
      bench.Receive(packet);
      BOOST_TEST(bench.outputs.size() > 1U);
      BOOST_TEST(PutTogether(bench.outputs, mtu) == IpPayload(packet, header), boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(EverythingElsePasses) {
  for (const bool ipv6 : {false, true}) {
    const TcpsPathPacket packet = PacketOf(*Sized(500, ipv6));
    Bench fits(Make("ns3::TcpsFragmenter", {{"Mtu", std::to_string(packet.GetSize())}}));
    fits.Receive(packet);
    BOOST_REQUIRE_EQUAL(fits.outputs.size(), 1U);
    BOOST_TEST(fits.outputs[0].bytes == packet.GetBytes(), boost::test_tools::per_element());
    // Fragments of another box.
    Bench again(Make("ns3::TcpsFragmenter", {{"Mtu", "68"}}));
    Bench first(Make("ns3::TcpsFragmenter", {{"Mtu", "200"}}));
    first.Receive(packet);
    for (const Bench::Output& fragment : first.outputs) again.Receive(TcpsPathPacket(fragment.bytes));
    BOOST_REQUIRE_EQUAL(again.outputs.size(), first.outputs.size());
    for (std::size_t i = 0; i < first.outputs.size(); ++i) {
      BOOST_TEST(again.outputs[i].bytes == first.outputs[i].bytes, boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(ChosenSegmentsOnly) {
  Bench bench(Make("ns3::TcpsFragmenter", {{"Mtu", "68"}, {"Only", "data"}, {"Segments", "2"}}));
  const OwnedSegment segment = Sized(100);
  bench.Receive(*segment, kForward);
  BOOST_TEST(bench.outputs.size() == 1U);
  bench.Receive(*segment, kForward);
  BOOST_TEST(bench.outputs.size() == 1U + 3U);  // 140 bytes of TCP, 48 at a time
}

BOOST_AUTO_TEST_CASE(DontFragment) {
  for (const bool honour : {false, true}) {
    for (const bool df : {false, true}) {
      Bench bench(Make("ns3::TcpsFragmenter", {{"HonourDf", honour ? "true" : "false"}}));
      bench.Receive(WithIpv4Header(*Sized(1000), 77, df));
      BOOST_TEST(bench.outputs.empty() == (honour && df));
    }
    Bench bench(Make("ns3::TcpsFragmenter", {{"HonourDf", honour ? "true" : "false"}}));
    bench.Receive(PacketOf(*Sized(1000, true)));
    BOOST_TEST(bench.outputs.empty() == honour);  // RFC 8200, section 4.5: only by source nodes
  }
}

BOOST_AUTO_TEST_CASE(IdentificationTellsPacketsApart) {
  Bench bench(Make("ns3::TcpsFragmenter", {{"Mtu", "700"}}));
  for (int i = 0; i < 2; ++i) bench.Receive(PacketOf(*Sized(1000)));  // these have none
  for (int i = 0; i < 2; ++i) bench.Receive(PacketOf(*Sized(1000, true)));
  bench.Receive(WithIpv4Header(*Sized(1000), 0x1234, false));
  BOOST_REQUIRE_EQUAL(bench.outputs.size(), 10U);
  std::array<std::uint32_t, 5> ids{};
  for (std::size_t i = 0; i < ids.size(); ++i) {
    ids[i] = Parse(bench.outputs[2 * i].bytes).identification;
    BOOST_TEST(Parse(bench.outputs[2 * i + 1].bytes).identification == ids[i]);
  }
  BOOST_TEST(ids[0] != ids[1]);
  BOOST_TEST(ids[0] != 0U);
  BOOST_TEST(ids[2] != ids[3]);
  BOOST_TEST(ids[4] == 0x1234U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(mtu_black_hole)

BOOST_AUTO_TEST_CASE(LargerPacketsVanish) {
  for (const bool ipv6 : {false, true}) {
    for (const auto direction : {TcpsPathElement::FORWARD, TcpsPathElement::BACKWARD}) {
      const TcpsPathPacket packet = PacketOf(*Sized(1000, ipv6));
      Bench fits(Make("ns3::TcpsMtuBlackHole", {{"Mtu", std::to_string(packet.GetSize())}}));
      fits.Receive(packet, direction);
      BOOST_REQUIRE_EQUAL(fits.outputs.size(), 1U);
      BOOST_TEST(fits.outputs[0].bytes == packet.GetBytes(), boost::test_tools::per_element());
      Bench narrow(Make("ns3::TcpsMtuBlackHole", {{"Mtu", std::to_string(packet.GetSize() - 1)}}));
      narrow.Receive(packet, direction);
      BOOST_TEST(narrow.outputs.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(OtherProtocolsToo) {
  Bench bench(Make("ns3::TcpsMtuBlackHole", {{"Mtu", "100"}}));
  Bytes udp = PacketOf(*Sized(1000)).GetBytes();
  udp[9] = 17;
  bench.Receive(TcpsPathPacket(udp));
  BOOST_TEST(bench.outputs.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::model_test
