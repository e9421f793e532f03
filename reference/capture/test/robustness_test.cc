// Bytes of any kind are read within their bounds (AddressSanitizer judges) and never make a valid tag.
#include <pcap/dlt.h>
#include <rapidcheck.h>

#include <boost/test/unit_test.hpp>
#include <string>

#include "reference/capture/link_layer.h"
#include "reference/capture/report.h"
#include "reference/capture/test/recording.h"

namespace tcpslab::capture::test {
namespace {

using stack::Side;
using tcps::test::Conversation;

constexpr int kLinkTypes[] = {DLT_EN10MB, DLT_PPP,  DLT_PPP_SERIAL, DLT_LINUX_SLL, DLT_LINUX_SLL2,
                              DLT_RAW,    DLT_IPV4, DLT_IPV6,       DLT_NULL,      DLT_LOOP};

rc::Gen<Bytes> ArbitraryBytes() {
  return rc::gen::container<Bytes>(
      rc::gen::map(rc::gen::arbitrary<std::uint8_t>(), [](std::uint8_t byte) { return std::byte{byte}; }));
}

BOOST_AUTO_TEST_SUITE(robustness)

BOOST_AUTO_TEST_CASE(frames_of_arbitrary_bytes) {
  BOOST_TEST(rc::check([] {
    Decryptor decryptor{KeyLog{}};
    Bytes frame = *ArbitraryBytes();
    frame.shrink_to_fit();
    for (const int link_type : kLinkTypes) decryptor.Process(FindIpPacket(link_type, frame));
    RC_ASSERT(decryptor.Totals().tags_valid == 0U);
  }));
}

BOOST_AUTO_TEST_CASE(packets_of_a_connection_with_arbitrary_damage) {
  Conversation talk(Conversation::Both(tcps::Dialect::kReadme));
  talk.Handshake();
  talk.Data(Side::kClient, "some data");
  talk.Data(Side::kServer, "some more");
  talk.Fin(Side::kClient);
  const std::vector<Bytes> recorded = Record(talk);
  BOOST_TEST(rc::check([&] {
    Decryptor decryptor = MakeDecryptor(talk);
    for (Bytes packet : recorded) {
      const auto hits = *rc::gen::inRange<std::size_t>(0, 4);
      for (std::size_t i = 0; i < hits; ++i) {
        packet[*rc::gen::inRange<std::size_t>(0, packet.size())] = std::byte{*rc::gen::arbitrary<std::uint8_t>()};
      }
      packet.resize(*rc::gen::weightedOneOf<std::size_t>(
          {{3, rc::gen::just(packet.size())}, {1, rc::gen::inRange<std::size_t>(0, packet.size())}}));
      packet.shrink_to_fit();
      const std::size_t size = packet.size();
      decryptor.Process(packet);
      RC_ASSERT(packet.size() == size);
    }
    const Statistics totals = decryptor.Totals();
    RC_ASSERT(totals.tags_valid <= 3U);
    RC_ASSERT(totals.packets <= recorded.size());
    RC_ASSERT(!ReportText(decryptor).empty());
  }));
}

BOOST_AUTO_TEST_CASE(key_logs_of_arbitrary_text) {
  BOOST_TEST(rc::check([] {
    const auto text =
        *rc::gen::container<std::string>(rc::gen::element('T', ' ', '\t', '\r', '\n', '#', 'a', '0', '\0'));
    RC_ASSERT(KeyLog::Parse(text).has_value());  // never one of the two names
    const std::string line = "TCPS_EPHEMERAL_SECRET " + text;
    const auto log = KeyLog::Parse(line);
    RC_ASSERT(log.has_value() || log.error().line >= 1U);
  }));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::capture::test
