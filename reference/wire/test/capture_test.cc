// Packets of a real Linux kernel (the upstream TCP/S module talking to itself) parse, verify and round-trip. Their
// checksums are whole: tshark 4.0 with checksum validation reports each as good.
#include <pcap/pcap.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <memory>

#include "reference/wire/packet.h"
#include "reference/wire/test/bytes.h"

namespace tcpslab::wire::test {
namespace {

constexpr std::size_t kEthernetHeaderSize = 14;

std::vector<Bytes> ReadPackets(const std::filesystem::path& file) {
  std::array<char, PCAP_ERRBUF_SIZE> error{};
  const std::unique_ptr<pcap_t, decltype(&pcap_close)> capture(pcap_open_offline(file.c_str(), error.data()),
                                                               &pcap_close);
  BOOST_TEST_REQUIRE(capture != nullptr, error.data());
  BOOST_TEST_REQUIRE(pcap_datalink(capture.get()) == DLT_EN10MB);
  std::vector<Bytes> packets;
  pcap_pkthdr* header = nullptr;
  const u_char* data = nullptr;
  while (pcap_next_ex(capture.get(), &header, &data) == 1) {
    BOOST_TEST_REQUIRE(header->caplen == header->len);
    packets.push_back(ToBytes(std::as_bytes(std::span(data, header->caplen)).subspan(kEthernetHeaderSize)));
  }
  return packets;
}

BOOST_AUTO_TEST_SUITE(capture)

BOOST_AUTO_TEST_CASE(first_visit) {
  // As tshark prints them: flags, and bytes of payload.
  struct Expected {
    unsigned flags;
    std::size_t payload;
  };
  const Expected expected[] = {{kSyn, 0},         {kSyn | kAck, 0}, {kAck, 0},        {kAck | kPsh, 18}, {kAck, 0},
                               {kAck | kPsh, 20}, {kAck, 0},        {kAck | kFin, 0}, {kAck | kFin, 0},  {kAck, 0}};
  std::vector<Bytes> packets =
      ReadPackets(std::filesystem::path(TCPSLAB_SOURCE_DIR) / "reference/tcps/test/vectors/captures/a-first.pcap");
  BOOST_TEST_REQUIRE(packets.size() == std::size(expected));
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const auto parsed = ParsePacket(packets[i]);
    BOOST_TEST_CONTEXT("frame " << i + 1) {
      BOOST_TEST_REQUIRE(parsed.has_value());
      BOOST_TEST(parsed->segment.flags == expected[i].flags);
      BOOST_TEST(parsed->segment.payload.size() == expected[i].payload);
    }
  }
}

BOOST_AUTO_TEST_CASE(every_packet_verifies_and_round_trips) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(TCPSLAB_SOURCE_DIR) /
                                                               "reference/tcps/test/vectors/captures")) {
    if (entry.path().extension() != ".pcap") continue;
    for (Bytes& bytes : ReadPackets(entry.path())) {
      ++count;
      BOOST_TEST_CONTEXT(entry.path().filename() << ", packet " << count << " of all") {
        const auto parsed = ParsePacket(bytes);
        BOOST_TEST_REQUIRE(parsed.has_value());
        const auto tcp = std::span(bytes).subspan(parsed->ip_header.size(),
                                                  parsed->segment.HeaderSize() + parsed->segment.payload.size());
        BOOST_TEST(TcpChecksumValid(tcp, parsed->segment.source.address, parsed->segment.destination.address));
        BOOST_TEST(InternetChecksum(parsed->ip_header) == 0);
        BOOST_TEST(!parsed->segment.options.Check().has_value());
        Bytes out(parsed->ip_header.size() + tcp.size());
        BOOST_TEST(EmitPacket(*parsed, out, Checksum::kCompute).value() == out.size());
        BOOST_TEST(std::ranges::equal(out, std::span(bytes).first(out.size())));
      }
    }
  }
  BOOST_TEST(count == 80);  // as many as tshark counts
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::wire::test
