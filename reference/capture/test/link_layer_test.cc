// Frames of every link type, written by hand from their specifications: the IP packet in them is found.
#include "reference/capture/link_layer.h"

#include <pcap/dlt.h>

#include <boost/algorithm/string/erase.hpp>
#include <boost/test/unit_test.hpp>
#include <string>

#include "reference/capture/test/recording.h"

namespace tcpslab::capture::test {
namespace {

constexpr const char* kPacket = "4500001400000000400600000a0000010a000002";

struct Example {
  const char* name;
  const char* header;  // hex, blanks between its fields
  int link_type;
  bool found;
};

constexpr Example kExamples[] = {
    {"Ethernet, IPv4", "020000000002 020000000001 0800", DLT_EN10MB, true},
    {"Ethernet, IPv6", "020000000002 020000000001 86dd", DLT_EN10MB, true},
    {"Ethernet, VLAN tag", "020000000002 020000000001 8100 0005 0800", DLT_EN10MB, true},
    {"Ethernet, two VLAN tags", "020000000002 020000000001 88a8 0005 8100 0006 86dd", DLT_EN10MB, true},
    {"Ethernet, LLC/SNAP", "020000000002 020000000001 001c aaaa03 000000 0800", DLT_EN10MB, true},
    {"Ethernet, ARP", "020000000002 020000000001 0806", DLT_EN10MB, false},
    {"Ethernet, VLAN tag, ARP", "020000000002 020000000001 8100 0005 0806", DLT_EN10MB, false},
    {"Ethernet, LLC without SNAP", "020000000002 020000000001 0026 424203 0000000000", DLT_EN10MB, false},
    {"PPP as ns-3 writes it, IPv4", "0021", DLT_PPP, true},
    {"PPP, IPv6", "0057", DLT_PPP, true},
    {"PPP, address and control", "ff03 0021", DLT_PPP, true},
    {"PPP, compressed protocol", "21", DLT_PPP, true},
    {"PPP, LCP", "c021", DLT_PPP, false},
    {"PPP in HDLC framing", "ff03 0021", DLT_PPP_SERIAL, true},
    {"Linux cooked", "0000 0001 0006 0200000000010000 0800", DLT_LINUX_SLL, true},
    {"Linux cooked, VLAN tag", "0000 0001 0006 0200000000010000 8100 0005 0800", DLT_LINUX_SLL, true},
    {"Linux cooked, ARP", "0000 0001 0006 0200000000010000 0806", DLT_LINUX_SLL, false},
    {"Linux cooked v2", "0800 0000 00000002 0001 00 06 0200000000010000", DLT_LINUX_SLL2, true},
    {"Linux cooked v2, ARP", "0806 0000 00000002 0001 00 06 0200000000010000", DLT_LINUX_SLL2, false},
    {"raw", "", DLT_RAW, true},
    {"raw IPv4", "", DLT_IPV4, true},
    {"raw IPv6", "", DLT_IPV6, true},
    {"null, little-endian", "02000000", DLT_NULL, true},
    {"loop", "00000002", DLT_LOOP, true},
};

Bytes HeaderOf(const Example& example) {
  return ToBytes(boost::algorithm::erase_all_copy(std::string(example.header), " "));
}

Bytes FrameOf(const Example& example) {
  Bytes frame = HeaderOf(example);
  const Bytes packet = ToBytes(kPacket);
  frame.insert(frame.end(), packet.begin(), packet.end());
  return frame;
}

BOOST_AUTO_TEST_SUITE(link_layer)

BOOST_AUTO_TEST_CASE(the_packet_is_found_behind_every_header) {
  for (const Example& example : kExamples) {
    BOOST_TEST_CONTEXT(example.name) {
      BOOST_TEST(IsSupportedLinkType(example.link_type));
      Bytes frame = FrameOf(example);
      const std::span<std::byte> packet = FindIpPacket(example.link_type, frame);
      BOOST_TEST(packet.size() == (example.found ? ToBytes(kPacket).size() : 0U));
      if (example.found) BOOST_TEST((packet.data() == frame.data() + HeaderOf(example).size()));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_frame_of_any_length_is_read_within_its_bounds) {
  for (const Example& example : kExamples) {
    const Bytes whole = FrameOf(example);
    const std::size_t header = HeaderOf(example).size();
    for (std::size_t size = 0; size < whole.size(); ++size) {
      Bytes frame(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      const std::size_t expected = example.found && size > header ? size - header : 0;
      BOOST_TEST(FindIpPacket(example.link_type, frame).size() == expected);
    }
  }
}

BOOST_AUTO_TEST_CASE(an_unknown_link_type_is_said_to_be_unsupported) {
  BOOST_TEST(!IsSupportedLinkType(DLT_IEEE802_11));
  Bytes frame = ToBytes(kPacket);
  BOOST_TEST(FindIpPacket(DLT_IEEE802_11, frame).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::capture::test
