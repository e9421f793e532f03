// IP fragmentation, against the headers' definitions (RFC 791, section 3.2; RFC 8200, section 4.5).
#include <boost/test/unit_test.hpp>
#include <numeric>
#include <span>
#include <vector>

#include "model/path/tcps-fragments.h"
#include "model/test/path_bench.h"
#include "reference/wire/packet.h"

namespace tcpslab::model_test {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kIpv4Flags = 6;

unsigned Word(const Bytes& bytes, std::size_t place) { return bytes[place] * 256U + bytes[place + 1]; }

bool HeaderChecksumRight(const Bytes& bytes) {
  const std::size_t header = (bytes[0] & 15U) * 4U;
  return wire::InternetChecksum(std::as_bytes(std::span(bytes).first(header))) == 0;
}

// A TCP segment with 100 bytes of payload; with IPv4, `options` in the IP header.
Bytes Whole(bool ipv6, const Bytes& options = {}) {
  const stack::OwnedSegment segment =
      Travelling(ns3::TcpsPathElement::FORWARD, wire::kAck, 7, 9, std::string(100, 'x'), ipv6);
  Bytes bytes = PacketOf(*segment).GetBytes();
  if (!options.empty()) {
    bytes.insert(bytes.begin() + wire::kIpv4HeaderSize, options.begin(), options.end());
    bytes[0] = static_cast<std::uint8_t>(0x40 + 5 + options.size() / 4);
    bytes[3] = static_cast<std::uint8_t>(bytes.size());
  }
  return bytes;
}

std::vector<Bytes> Cut(const Bytes& packet, std::size_t size, std::uint32_t identification = 0x12345678) {
  std::vector<Bytes> fragments;
  for (const ns3::TcpsPathPacket& fragment : ns3::TcpsFragment(ns3::TcpsPathPacket(packet), size, identification)) {
    fragments.push_back(fragment.GetBytes());
  }
  return fragments;
}

BOOST_AUTO_TEST_CASE(Ipv4InTwo) {
  const Bytes whole = Whole(false);  // 20 + 20 + 100 bytes
  const std::vector<Bytes> fragments = Cut(whole, 60);
  BOOST_REQUIRE(fragments.size() == 2U);
  Bytes payload;
  for (const Bytes& fragment : fragments) {
    BOOST_TEST(HeaderChecksumRight(fragment));
    BOOST_TEST(Word(fragment, 2) == fragment.size());
    BOOST_TEST(Word(fragment, 4) == 0x5678U);
    payload.insert(payload.end(), fragment.begin() + wire::kIpv4HeaderSize, fragment.end());
  }
  BOOST_TEST(fragments[0].size() == 20U + 64U);  // 60, rounded up to a multiple of 8
  BOOST_TEST(Word(fragments[0], kIpv4Flags) == 0x2000U);
  BOOST_TEST(Word(fragments[1], kIpv4Flags) == 8U);
  BOOST_TEST(payload == Bytes(whole.begin() + wire::kIpv4HeaderSize, whole.end()), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(Ipv4FragmentOfAFragment) {
  const Bytes first = Cut(Whole(false), 64)[0];
  const Bytes last = Cut(Whole(false), 64)[1];
  const std::vector<Bytes> of_first = Cut(first, 32, 1);
  const std::vector<Bytes> of_last = Cut(last, 32, 1);
  BOOST_REQUIRE(of_first.size() == 2U);
  BOOST_REQUIRE(of_last.size() == 2U);
  BOOST_TEST(Word(of_first[1], kIpv4Flags) == (0x2000U | 4U));  // more follows: the other fragment
  BOOST_TEST(Word(of_last[0], kIpv4Flags) == (0x2000U | 8U));
  BOOST_TEST(Word(of_last[1], kIpv4Flags) == 12U);
  BOOST_TEST(Word(of_last[1], 4) == 0x5678U);  // all pieces belong to the same packet
}

BOOST_AUTO_TEST_CASE(Ipv4OptionsWithoutTheCopiedFlagStayInTheFirst) {
  const Bytes options{7, 3, 4, 0x94, 4, 0, 0, 1};  // record route; router alert, copied; NOP
  const std::vector<Bytes> fragments = Cut(Whole(false, options), 64);
  BOOST_REQUIRE(fragments.size() == 2U);
  const auto options_of = [](const Bytes& packet) { return Bytes(packet.begin() + 20, packet.begin() + 28); };
  BOOST_TEST(options_of(fragments[0]) == options, boost::test_tools::per_element());
  BOOST_TEST(options_of(fragments[1]) == (Bytes{1, 1, 1, 0x94, 4, 0, 0, 1}), boost::test_tools::per_element());
  BOOST_TEST(HeaderChecksumRight(fragments[1]));
}

BOOST_AUTO_TEST_CASE(Ipv6InTwo) {
  const Bytes whole = Whole(true);
  const std::vector<Bytes> fragments = Cut(whole, 64);
  BOOST_REQUIRE(fragments.size() == 2U);
  constexpr std::size_t kFragmentHeader = wire::kIpv6HeaderSize;
  Bytes payload;
  for (const Bytes& fragment : fragments) {
    BOOST_TEST(Word(fragment, 4) == fragment.size() - wire::kIpv6HeaderSize);
    BOOST_TEST(+fragment[6] == 44);
    BOOST_TEST(+fragment[kFragmentHeader] == wire::kProtocolTcp);
    BOOST_TEST(Word(fragment, kFragmentHeader + 4) == 0x1234U);
    BOOST_TEST(Word(fragment, kFragmentHeader + 6) == 0x5678U);
    payload.insert(payload.end(), fragment.begin() + kFragmentHeader + 8, fragment.end());
  }
  BOOST_TEST(Word(fragments[0], kFragmentHeader + 2) == 1U);
  BOOST_TEST(Word(fragments[1], kFragmentHeader + 2) == 64U);
  BOOST_TEST(payload == Bytes(whole.begin() + wire::kIpv6HeaderSize, whole.end()), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(Ipv6PerFragmentHeadersComeBeforeTheFragmentHeader) {
  Bytes whole = Whole(true);
  whole[6] = 0;  // hop-by-hop options, eight bytes: PadN
  const Bytes hop_by_hop{wire::kProtocolTcp, 0, 1, 4, 0, 0, 0, 0};
  whole.insert(whole.begin() + wire::kIpv6HeaderSize, hop_by_hop.begin(), hop_by_hop.end());
  whole[5] = static_cast<std::uint8_t>(whole.size() - wire::kIpv6HeaderSize);
  const std::vector<Bytes> fragments = Cut(whole, 64);
  BOOST_REQUIRE(fragments.size() == 2U);
  for (const Bytes& fragment : fragments) {
    BOOST_TEST(+fragment[6] == 0);
    BOOST_TEST(+fragment[40] == 44);
    BOOST_TEST(+fragment[48] == wire::kProtocolTcp);
  }
}

BOOST_AUTO_TEST_CASE(WhatFitsOrIsNoPacketStaysAsItIs) {
  for (const Bytes& packet : {Whole(false), Whole(true), Bytes{}, Bytes{0x45, 0}, Bytes(60, 0xff)}) {
    const std::vector<Bytes> same = Cut(packet, 1000);
    BOOST_REQUIRE(same.size() == 1U);
    BOOST_TEST(same[0] == packet, boost::test_tools::per_element());
  }
  const Bytes ipv6_fragment = Cut(Whole(true), 64)[0];
  BOOST_TEST(Cut(ipv6_fragment, 8).size() == 1U);
}

}  // namespace
}  // namespace tcpslab::model_test
