#include "reference/wire/packet.h"

#include <boost/test/unit_test.hpp>

#include "reference/wire/test/bytes.h"

namespace tcpslab::wire::test {
namespace {

constexpr const char* kTcp = "1234 0050 01020304 05060708 50 18 fff0 0000 0000";

// RFC 791, section 3.1: 20 bytes of header, TTL 64, 10.0.0.1 to 10.0.0.2, DF. Checksums are 0.
Bytes Ipv4(const Bytes& rest, const Bytes& options = {}) {
  Bytes header = Hex("45 00 0000 abcd 4000 40 06 0000 0a000001 0a000002") + options;
  header[0] = static_cast<std::byte>(4 << 4 | header.size() / 4);
  Put16(header, 2, header.size() + rest.size());
  return header + rest;
}

// RFC 8200, section 3: traffic class and flow label set, hop limit 64, 2001:db8::1 to 2001:db8::2.
Bytes Ipv6(const Bytes& rest, std::uint8_t next_header = kProtocolTcp) {
  Bytes header = Hex("6a 512345 0000 00 40 20010db8000000000000000000000001 20010db8000000000000000000000002");
  header[6] = std::byte{next_header};
  Put16(header, 4, rest.size());
  return header + rest;
}

Bytes With(Bytes bytes, std::size_t offset, unsigned value) {
  bytes.at(offset) = static_cast<std::byte>(value);
  return bytes;
}

Bytes Cut(Bytes bytes, std::size_t size) {
  bytes.resize(size);
  return bytes;
}

BOOST_AUTO_TEST_SUITE(packet)

BOOST_AUTO_TEST_CASE(ipv4) {
  Bytes bytes = Ipv4(Hex(kTcp) + Hex("abcdef"), Hex("94040000"));  // router alert, RFC 2113
  const Packet parsed = ParsePacket(bytes).value();
  BOOST_TEST(parsed.ip_header.data() == bytes.data());
  BOOST_TEST(parsed.ip_header.size() == 24);
  BOOST_TEST(ToString(parsed.segment.source) == "10.0.0.1:4660");
  BOOST_TEST(ToString(parsed.segment.destination) == "10.0.0.2:80");
  BOOST_TEST(parsed.segment.sequence == 0x01020304u);
  BOOST_TEST((ToBytes(parsed.segment.payload) == Hex("abcdef")));
  BOOST_TEST(!parsed.segment.reassembled);
}

BOOST_AUTO_TEST_CASE(ipv6_with_extension_headers) {
  const Bytes hop_by_hop = Hex("3c 00 01 04 00000000");                   // then destination options
  const Bytes destination = Hex("2b 01 01 0c 000000000000000000000000");  // 16 bytes, then routing
  const Bytes routing = Hex("2c 00 04 00 00000000");                      // segments left 0, then fragment
  const Bytes fragment = Hex("06 ff 0000 11223344");                      // whole; byte 1 is reserved, not a length
  const Bytes extensions = hop_by_hop + destination + routing + fragment;
  Bytes bytes = Ipv6(extensions + Hex(kTcp) + Hex("abcdef"), 0);
  const Packet parsed = ParsePacket(bytes).value();
  BOOST_TEST(parsed.ip_header.size() == 40 + 8 + 16 + 8 + 8);
  BOOST_TEST(ToString(parsed.segment.source) == "[2001:db8::1]:4660");
  BOOST_TEST(ToString(parsed.segment.destination) == "[2001:db8::2]:80");
  BOOST_TEST((ToBytes(parsed.segment.payload) == Hex("abcdef")));
}

// RFC 4302, section 2.2: the length of AH counts 4-byte words, less 2.
BOOST_AUTO_TEST_CASE(ipv6_authentication_header) {
  Bytes bytes = Ipv6(Hex("06 04 0000 00000001 00000001 aaaaaaaaaaaaaaaaaaaaaaaa") + Hex(kTcp), 51);
  BOOST_TEST(ParsePacket(bytes)->ip_header.size() == 40 + 24);
}

BOOST_AUTO_TEST_CASE(link_padding_is_ignored) {
  for (Bytes bytes : {Ipv4(Hex(kTcp) + Hex("ab")), Ipv6(Hex(kTcp) + Hex("ab"))}) {
    bytes.resize(bytes.size() + 6, std::byte{0x55});
    BOOST_TEST((ToBytes(ParsePacket(bytes)->segment.payload) == Hex("ab")));
  }
}

BOOST_AUTO_TEST_CASE(each_defect_has_a_name) {
  const Bytes v4 = Ipv4(Hex(kTcp));
  const Bytes v6 = Ipv6(Hex(kTcp));
  const Bytes v4_options = Ipv4(Hex(kTcp), Hex("01010101"));
  const auto v6_with = [](const char* extension, std::uint8_t next) { return Ipv6(Hex(extension) + Hex(kTcp), next); };
  struct Case {
    const char* what;
    Bytes bytes;
    Error error;
  };
  const Case cases[] = {
      {"nothing", {}, Error::kIpTruncated},
      {"one byte of IPv4", Cut(v4, 1), Error::kIpTruncated},
      {"IPv4 header cut", Cut(v4, 19), Error::kIpTruncated},
      {"IPv4 options cut", Cut(v4_options, 23), Error::kIpTruncated},
      {"IPv6 header cut", Cut(v6, 39), Error::kIpTruncated},
      {"IPv6 extension header cut at its start", Ipv6(Hex("06"), 0), Error::kIpTruncated},
      {"IPv6 extension header longer than the packet", v6_with("06 03 0000 00000000", 60), Error::kIpTruncated},
      {"version 0", With(v4, 0, 0x05), Error::kIpVersion},
      {"version 5", With(v4, 0, 0x55), Error::kIpVersion},
      {"version 15", With(v6, 0, 0xf0), Error::kIpVersion},
      {"IHL 0", With(v4, 0, 0x40), Error::kIpHeaderLength},
      {"IHL 4", With(v4, 0, 0x44), Error::kIpHeaderLength},
      {"IPv4 total length below the header", With(v4, 3, 19), Error::kIpTotalLength},
      {"IPv4 total length 0", With(v4, 3, 0), Error::kIpTotalLength},
      {"IPv4 total length beyond the bytes", With(v4, 3, 41), Error::kIpTotalLength},
      {"IPv4 cut behind its header", Cut(v4, 39), Error::kIpTotalLength},
      {"IPv6 payload length 0 (jumbogram)", With(v6, 5, 0), Error::kIpTotalLength},
      {"IPv6 payload length beyond the bytes", With(v6, 5, 21), Error::kIpTotalLength},
      {"IPv4 first fragment", With(v4, 6, 0x20), Error::kIpFragment},
      {"IPv4 last fragment", With(v4, 7, 0x01), Error::kIpFragment},
      {"IPv4 fragment at a high offset", With(v4, 6, 0x10), Error::kIpFragment},
      {"IPv6 first fragment", v6_with("06 00 0001 00000000", 44), Error::kIpFragment},
      {"IPv6 last fragment", v6_with("06 00 0008 00000000", 44), Error::kIpFragment},
      {"IPv6 fragment behind hop-by-hop", v6_with("2c 00 01 04 00000000 06 00 8000 00000000", 0), Error::kIpFragment},
      {"IPv4 UDP", With(v4, 9, 17), Error::kNotTcp},
      {"IPv4 UDP fragment", With(With(v4, 9, 17), 6, 0x20), Error::kNotTcp},
      {"IPv6 UDP", Ipv6(Hex(kTcp), 17), Error::kNotTcp},
      {"IPv6 ESP", Ipv6(Hex(kTcp), 50), Error::kNotTcp},
      {"IPv6 no next header", Ipv6(Hex(kTcp), 59), Error::kNotTcp},
      {"IPv6 UDP behind hop-by-hop", v6_with("11 00 01 04 00000000", 0), Error::kNotTcp},
      {"no TCP at all", Ipv4({}), Error::kTcpTruncated},
      {"IPv4, 19 bytes of TCP", Ipv4(Cut(Hex(kTcp), 19)), Error::kTcpTruncated},
      {"IPv6, 19 bytes of TCP", Ipv6(Cut(Hex(kTcp), 19)), Error::kTcpTruncated},
      {"TCP in the padding only", With(v4, 3, 39), Error::kTcpTruncated},
      {"data offset 4", With(v4, 20 + 12, 0x40), Error::kDataOffsetTooSmall},
      {"data offset 6 of 20 bytes", With(v6, 40 + 12, 0x60), Error::kDataOffsetTooLarge},
  };
  for (const Case& c : cases) {
    Bytes bytes = c.bytes;
    const auto parsed = ParsePacket(bytes);
    BOOST_TEST_CONTEXT(c.what) {
      BOOST_TEST_REQUIRE(!parsed.has_value());
      BOOST_TEST(parsed.error() == c.error);
    }
  }
}

BOOST_AUTO_TEST_CASE(every_error_has_a_text_of_its_own) {
  std::vector<std::string_view> texts;
  for (unsigned value = 0; value <= static_cast<unsigned>(Error::kPacketTooLong); ++value) {
    texts.push_back(ToString(static_cast<Error>(value)));
    BOOST_TEST(texts.back() != ToString(static_cast<Error>(255)));
  }
  std::ranges::sort(texts);
  BOOST_TEST((std::ranges::adjacent_find(texts) == texts.end()));
}

// RFC 1071, section 3: the words 0001 f203 f4f5 f6f7 sum to ddf2, in either byte order.
BOOST_AUTO_TEST_CASE(checksum_of_rfc_1071) {
  const Bytes bytes = Hex("0001 f203 f4f5 f6f7");
  BOOST_TEST(InternetChecksum(bytes) == 0x220d);
  BOOST_TEST(InternetChecksum({}) == 0xffff);
  BOOST_TEST(InternetChecksum(Hex("ff")) == 0x00ff);
  BOOST_TEST(InternetChecksum(Hex("0000"), 0x1ffff) == static_cast<std::uint16_t>(~1));
}

BOOST_AUTO_TEST_CASE(checksum_equals_its_definition_at_any_size_and_alignment) {
  BOOST_TEST(rc::check("InternetChecksum", [] {
    const Bytes bytes = *BytesUpTo(200);
    const auto start = *rc::gen::inRange<std::size_t>(0, bytes.size() + 1);
    const auto part = std::span(bytes).subspan(start);
    RC_ASSERT(InternetChecksum(part) == NaiveChecksum(ToBytes(part)));

    const std::size_t half = part.size() / 4 * 2;
    const auto first = static_cast<std::uint16_t>(~InternetChecksum(part.first(half)));
    RC_ASSERT(InternetChecksum(part.subspan(half), first) == NaiveChecksum(ToBytes(part)));
  }));
}

BOOST_AUTO_TEST_CASE(checksum_of_the_largest_packet_carries) {
  const Bytes bytes(65535, std::byte{0xff});
  BOOST_TEST(InternetChecksum(bytes) == NaiveChecksum(bytes));
  BOOST_TEST(InternetChecksum(bytes, 0xffffffff) == NaiveChecksum(bytes));  // 0xffff is zero, too
}

// IPv4 with any fields and options, or IPv6 with any chain of extension headers, with correct checksums and lengths.
rc::Gen<Bytes> ArbitraryPacket(Family family) {
  return rc::gen::exec([family] {
    const Address source = *ArbitraryAddress(family);
    const Address destination = *ArbitraryAddress(family);
    const Bytes tcp = *ArbitraryTcp(source, destination);
    const Bytes addresses = ToBytes(source.bytes()) + ToBytes(destination.bytes());
    if (family == Family::kIpv4) {
      const Bytes options = *ArbitraryBytes(*rc::gen::inRange<std::size_t>(0, 11) * 4);
      Bytes header = *ArbitraryBytes(12) + addresses + options;
      header[0] = static_cast<std::byte>(4 << 4 | header.size() / 4);
      Put16(header, 2, header.size() + tcp.size());
      header[6] &= std::byte{0xc0};
      header[7] = std::byte{0};
      header[9] = std::byte{kProtocolTcp};
      Put16(header, 10, 0);
      Put16(header, 10, NaiveChecksum(header));
      return header + tcp;
    }
    // Built from the last extension header backwards.
    std::uint8_t next = kProtocolTcp;
    Bytes extensions;
    const auto count = *rc::gen::inRange(0, 4);
    for (int i = 0; i < count; ++i) {
      const auto type = *rc::gen::element<std::uint8_t>(0, 43, 44, 51, 60);
      const auto units = *rc::gen::inRange<std::size_t>(1, 4);
      Bytes extension = *ArbitraryBytes(type == 44 ? 8 : units * 8);
      extension[0] = std::byte{next};
      if (type == 44) {
        Put16(extension, 2, 0);
      } else {
        extension[1] = static_cast<std::byte>(type == 51 ? units * 2 - 2 : units - 1);
      }
      extensions = extension + extensions;
      next = type;
    }
    Bytes header = *ArbitraryBytes(8) + addresses;
    header[0] = std::byte{6 << 4} | (header[0] & std::byte{0x0f});
    header[6] = std::byte{next};
    Put16(header, 4, extensions.size() + tcp.size());
    return header + extensions + tcp;
  });
}

BOOST_AUTO_TEST_CASE(emit_after_parse_is_identity) {
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    BOOST_TEST(rc::check("emit(parse(bytes)) == bytes", [family] {
      Bytes bytes = *ArbitraryPacket(family);
      const auto parsed = ParsePacket(bytes);
      RC_ASSERT(parsed.has_value());
      Bytes out(bytes.size());
      RC_ASSERT(EmitPacket(*parsed, out, Checksum::kCompute).value() == bytes.size());
      RC_ASSERT(out == bytes);
      const auto in_place = EmitPacket(*parsed, bytes, Checksum::kCompute);
      RC_ASSERT(in_place.value() == out.size());
      RC_ASSERT(bytes == out);
    }));
  }
}

BOOST_AUTO_TEST_CASE(parse_after_emit_is_identity) {
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    BOOST_TEST(rc::check("parse(emit(x)) == x", [family] {
      Packet packet;
      packet.segment = *ArbitrarySegment(family);
      Bytes payload = *BytesUpTo(100);
      packet.segment.payload = payload;
      Bytes header(kIpv6HeaderSize);
      packet.ip_header = MakeIpHeader(packet.segment, header).value();
      Bytes bytes(packet.ip_header.size() + packet.segment.HeaderSize() + payload.size());
      RC_ASSERT(EmitPacket(packet, bytes, Checksum::kCompute).value() == bytes.size());
      const auto parsed = ParsePacket(bytes);
      RC_ASSERT(parsed.has_value());
      RC_ASSERT(Same(parsed->segment, packet.segment));
      RC_ASSERT(parsed->ip_header.size() == packet.ip_header.size());
      if (family == Family::kIpv4) RC_ASSERT(NaiveChecksum(ToBytes(parsed->ip_header)) == 0);
    }));
  }
}

// A segment that grows in place: the payload moves up before the headers are written.
BOOST_AUTO_TEST_CASE(an_edited_packet_is_emitted_in_place) {
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    BOOST_TEST(rc::check("EmitPacket over its own input", [family] {
      Bytes bytes = *ArbitraryPacket(family);
      Bytes copy = bytes;
      Packet of_copy = ParsePacket(copy).value();
      bytes.resize(bytes.size() + kMaximumOptionBytes);
      Packet packet = ParsePacket(bytes).value();
      const OptionArea options = OptionArea::FromBytes(*BytesUpTo(40)).value();
      of_copy.segment.options = packet.segment.options = options;
      Bytes expected(bytes.size());
      const auto size = EmitPacket(of_copy, expected, Checksum::kCompute);
      RC_ASSERT(size.has_value());
      RC_ASSERT(EmitPacket(packet, bytes, Checksum::kCompute).value() == *size);
      RC_ASSERT(std::ranges::equal(std::span(bytes).first(*size), std::span(expected).first(*size)));
    }));
  }
}

BOOST_AUTO_TEST_CASE(any_bytes_are_parsed_within_bounds) {
  const auto check = [](Bytes bytes) {
    const auto parsed = ParsePacket(bytes);
    if (!parsed) return;
    const std::size_t size = parsed->ip_header.size() + parsed->segment.HeaderSize() + parsed->segment.payload.size();
    RC_ASSERT(size <= bytes.size());
    Bytes out(size);
    RC_ASSERT(EmitPacket(*parsed, out, Checksum::kCompute).value() == size);
  };
  BOOST_TEST(rc::check("ParsePacket of garbage", [&] {
    Bytes bytes = *BytesUpTo(120);
    if (!bytes.empty()) bytes[0] = static_cast<std::byte>(*rc::gen::element(0x45, 0x46, 0x4f, 0x60, 0xff));
    check(bytes);
  }));
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    BOOST_TEST(rc::check("ParsePacket of a damaged packet", [&] {
      Bytes bytes = *ArbitraryPacket(family);
      const auto damages = *rc::gen::inRange(1, 4);
      for (int i = 0; i < damages; ++i) {
        bytes[*rc::gen::inRange<std::size_t>(0, std::min<std::size_t>(bytes.size(), 100))] =
            static_cast<std::byte>(*rc::gen::arbitrary<std::uint8_t>());
      }
      bytes.resize(*rc::gen::inRange<std::size_t>(0, bytes.size() + 1));
      check(bytes);
    }));
  }
}

BOOST_AUTO_TEST_CASE(emission_refuses_what_does_not_fit) {
  Packet packet;
  packet.segment.source.address = packet.segment.destination.address = *ParseAddress("10.0.0.1");
  Bytes header(kIpv6HeaderSize);
  packet.ip_header = MakeIpHeader(packet.segment, header).value();
  Bytes payload(65535);
  Bytes out(70000);

  packet.segment.payload = std::span(payload).first(65535 - 40);
  BOOST_TEST(EmitPacket(packet, out, Checksum::kCompute).value() == 65535u);
  BOOST_TEST((EmitPacket(packet, std::span(out).first(65534), Checksum::kCompute).error() == Error::kBufferTooSmall));
  packet.segment.payload = std::span(payload).first(65535 - 39);
  BOOST_TEST((EmitPacket(packet, out, Checksum::kCompute).error() == Error::kPacketTooLong));

  // The IPv6 length field does not count the IPv6 header.
  packet.segment.source.address = packet.segment.destination.address = *ParseAddress("::1");
  packet.ip_header = MakeIpHeader(packet.segment, header).value();
  packet.segment.payload = std::span(payload).first(65535 - 20);
  BOOST_TEST(EmitPacket(packet, out, Checksum::kCompute).value() == 65575u);
  packet.segment.payload = std::span(payload).first(65535 - 19);
  BOOST_TEST((EmitPacket(packet, out, Checksum::kCompute).error() == Error::kPacketTooLong));
}

BOOST_AUTO_TEST_CASE(emission_refuses_what_is_no_ip_header) {
  Bytes out(200);
  const std::pair<Bytes, Error> cases[] = {
      {{}, Error::kIpTruncated},
      {Hex("45"), Error::kIpTruncated},
      {Cut(Ipv6({}), 39), Error::kIpTruncated},
      {With(Ipv4({}), 0, 0x46), Error::kIpHeaderLength},
      {With(Ipv4({}), 0, 0x75), Error::kIpVersion},
  };
  for (const auto& [header, error] : cases) {
    BOOST_TEST(EmitPacket(Packet{header, {}}, out, Checksum::kOmit).error() == error);
  }
}

BOOST_AUTO_TEST_CASE(made_headers) {
  Segment segment;
  segment.source.address = *ParseAddress("10.0.0.1");
  segment.destination.address = *ParseAddress("10.0.0.2");
  Bytes out(kIpv6HeaderSize);
  BOOST_TEST((ToBytes(MakeIpHeader(segment, out).value()) == Hex("45 00 0000 0000 4000 40 06 0000 0a000001 0a000002")));
  BOOST_TEST((MakeIpHeader(segment, std::span(out).first(19)).error() == Error::kBufferTooSmall));

  segment.source.address = *ParseAddress("2001:db8::1");
  BOOST_TEST((MakeIpHeader(segment, out).error() == Error::kIpVersion));
  segment.destination.address = *ParseAddress("2001:db8::2");
  BOOST_TEST((ToBytes(MakeIpHeader(segment, out).value()) ==
              Hex("60 000000 0000 06 40 20010db8000000000000000000000001 20010db8000000000000000000000002")));
  BOOST_TEST((MakeIpHeader(segment, std::span(out).first(39)).error() == Error::kBufferTooSmall));
}

BOOST_AUTO_TEST_CASE(an_omitted_tcp_checksum_is_zero_and_the_ip_one_is_not_omitted) {
  Bytes bytes = Ipv4(Hex(kTcp));
  const Packet packet = ParsePacket(bytes).value();
  Bytes out(bytes.size());
  BOOST_TEST(EmitPacket(packet, out, Checksum::kOmit).has_value());
  BOOST_TEST((ToBytes(std::span(out).subspan(20)) == Hex(kTcp)));
  BOOST_TEST(NaiveChecksum(ToBytes(std::span(out).first(20))) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::wire::test
