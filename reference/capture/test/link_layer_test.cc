// Frames of every link type, written by hand from their specifications: the IP packet in them is found.
#include "reference/capture/link_layer.h"

#include <pcap/dlt.h>

#include <boost/test/unit_test.hpp>
#include <string>

#include "reference/capture/test/recording.h"

namespace tcpslab::capture::test {
namespace {

const std::string kPacket = "4500001400000000400600000a0000010a000002";
const std::string kMacs = "020000000002020000000001";

struct Example {
  const char* name;
  int link_type;
  std::string header;
  bool found;
};

const Example kExamples[] = {
    {"Ethernet, IPv4", DLT_EN10MB, kMacs + "0800", true},
    {"Ethernet, IPv6", DLT_EN10MB, kMacs + "86dd", true},
    {"Ethernet, VLAN tag", DLT_EN10MB, kMacs + "8100" + "0005" + "0800", true},
    {"Ethernet, two VLAN tags", DLT_EN10MB, kMacs + "88a8" + "0005" + "8100" + "0006" + "86dd", true},
    {"Ethernet, LLC/SNAP", DLT_EN10MB, kMacs + "001c" + "aaaa03" + "000000" + "0800", true},
    {"Ethernet, ARP", DLT_EN10MB, kMacs + "0806", false},
    {"Ethernet, VLAN tag, ARP", DLT_EN10MB, kMacs + "8100" + "0005" + "0806", false},
    {"Ethernet, LLC without SNAP", DLT_EN10MB, kMacs + "0026" + "424203" + "0000000000", false},
    {"PPP as ns-3 writes it, IPv4", DLT_PPP, "0021", true},
    {"PPP, IPv6", DLT_PPP, "0057", true},
    {"PPP, address and control", DLT_PPP, "ff030021", true},
    {"PPP, compressed protocol", DLT_PPP, "21", true},
    {"PPP, LCP", DLT_PPP, "c021", false},
    {"PPP in HDLC framing", DLT_PPP_SERIAL, "ff030021", true},
    {"Linux cooked", DLT_LINUX_SLL,
     "000000010006020000000001"
     "0000"
     "0800",
     true},
    {"Linux cooked, VLAN tag", DLT_LINUX_SLL,
     "000000010006020000000001"
     "0000"
     "8100"
     "0005"
     "0800",
     true},
    {"Linux cooked, ARP", DLT_LINUX_SLL,
     "000000010006020000000001"
     "0000"
     "0806",
     false},
    {"Linux cooked v2", DLT_LINUX_SLL2,
     "0800"
     "0000"
     "00000002"
     "0001"
     "00"
     "06"
     "0200000000010000",
     true},
    {"Linux cooked v2, ARP", DLT_LINUX_SLL2,
     "0806"
     "0000"
     "00000002"
     "0001"
     "00"
     "06"
     "0200000000010000",
     false},
    {"raw", DLT_RAW, "", true},
    {"raw IPv4", DLT_IPV4, "", true},
    {"raw IPv6", DLT_IPV6, "", true},
    {"null, little-endian", DLT_NULL, "02000000", true},
    {"loop", DLT_LOOP, "00000002", true},
};

BOOST_AUTO_TEST_SUITE(link_layer)

BOOST_AUTO_TEST_CASE(the_packet_is_found_behind_every_header) {
  for (const Example& example : kExamples) {
    BOOST_TEST_CONTEXT(example.name) {
      BOOST_TEST(IsSupportedLinkType(example.link_type));
      Bytes frame = ToBytes(example.header + kPacket);
      const std::span<std::byte> packet = FindIpPacket(example.link_type, frame);
      BOOST_TEST(packet.size() == (example.found ? kPacket.size() / 2 : 0U));
      if (example.found) BOOST_TEST((packet.data() == frame.data() + example.header.size() / 2));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_frame_of_any_length_is_read_within_its_bounds) {
  for (const Example& example : kExamples) {
    const Bytes whole = ToBytes(example.header + kPacket);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      Bytes frame(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      const std::size_t header = example.header.size() / 2;
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
