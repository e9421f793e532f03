#include "reference/wire/segment.h"

#include <boost/test/unit_test.hpp>

#include "reference/wire/test/bytes.h"

namespace tcpslab::wire::test {
namespace {

Address Source() { return *ParseAddress("10.0.0.1"); }
Address Destination() { return *ParseAddress("10.0.0.2"); }

// RFC 9293, section 3.1, field by field; AE and one reserved bit set beside a data offset of 6 words.
constexpr const char* kHeader = "1234 0050 01020304 05060708 65 18 fff0 0000 0009 01010402";

Bytes Emitted(const Segment& segment, Checksum checksum = Checksum::kOmit) {
  Bytes out(segment.HeaderSize() + segment.payload.size());
  const auto size = EmitTcp(segment, out, checksum);
  BOOST_TEST_REQUIRE(size.has_value());
  BOOST_TEST(*size == out.size());
  return out;
}

BOOST_AUTO_TEST_SUITE(segment)

BOOST_AUTO_TEST_CASE(each_field_has_its_place) {
  Bytes bytes = Hex(kHeader) + Hex("deadbeef01");
  const Segment parsed = ParseTcp(bytes, Source(), Destination()).value();
  BOOST_TEST((parsed.source == Endpoint{Source(), 0x1234}));
  BOOST_TEST((parsed.destination == Endpoint{Destination(), 80}));
  BOOST_TEST(parsed.sequence == 0x01020304u);
  BOOST_TEST(parsed.acknowledgement == 0x05060708u);
  BOOST_TEST(parsed.flags == (kAck | kPsh));
  BOOST_TEST(parsed.reserved_bits == 5);
  BOOST_TEST(parsed.window == 0xfff0);
  BOOST_TEST(parsed.urgent_pointer == 9);
  BOOST_TEST((ToBytes(parsed.options.bytes()) == Hex("01010402")));
  BOOST_TEST(parsed.payload.data() == bytes.data() + 24);
  BOOST_TEST(parsed.payload.size() == 5);
  BOOST_TEST((Emitted(parsed) == bytes));
}

BOOST_AUTO_TEST_CASE(malformed_headers_have_a_name) {
  struct Case {
    std::size_t size;
    std::uint8_t data_offset;
    Error error;
  };
  const Case cases[] = {
      {0, 5, Error::kTcpTruncated},        {19, 5, Error::kTcpTruncated},       {20, 0, Error::kDataOffsetTooSmall},
      {60, 4, Error::kDataOffsetTooSmall}, {20, 6, Error::kDataOffsetTooLarge}, {59, 15, Error::kDataOffsetTooLarge},
  };
  for (const Case& c : cases) {
    Bytes bytes(c.size);
    if (c.size > 12) bytes[12] = static_cast<std::byte>(c.data_offset << 4);
    const auto parsed = ParseTcp(bytes, Source(), Destination());
    BOOST_TEST_REQUIRE(!parsed.has_value());
    BOOST_TEST(parsed.error() == c.error);
  }
  Bytes largest(60);
  largest[12] = std::byte{15 << 4};
  BOOST_TEST(ParseTcp(largest, Source(), Destination())->options.size() == 40);
}

BOOST_AUTO_TEST_CASE(malformed_options_are_kept_as_they_are) {
  Bytes bytes = Hex("1234 0050 01020304 05060708 70 10 fff0 0000 0000 0801aabb 020405b4");
  const Segment parsed = ParseTcp(bytes, Source(), Destination()).value();
  BOOST_TEST((parsed.options.Check() == Error::kOptionTooShort));
  BOOST_TEST((Emitted(parsed) == bytes));
}

BOOST_AUTO_TEST_CASE(options_are_padded_with_eol) {
  Segment segment;
  segment.options = OptionArea::FromBytes(Hex("030307 0402")).value();
  BOOST_TEST(segment.HeaderSize() == 28);
  Bytes out(28, std::byte{0xff});
  BOOST_TEST(EmitTcpHeader(segment, out, Checksum::kOmit).value() == 28u);
  BOOST_TEST((out[12] == std::byte{7 << 4}));
  BOOST_TEST((ToBytes(std::span(out).subspan(20)) == Hex("030307 0402 000000")));
}

BOOST_AUTO_TEST_CASE(a_short_buffer_is_refused_and_untouched) {
  Bytes payload(10);
  Segment segment;
  segment.payload = payload;
  for (std::size_t size = 0; size < 30; ++size) {
    Bytes out(size, std::byte{0xee});
    BOOST_TEST((EmitTcp(segment, out, Checksum::kCompute).error() == Error::kBufferTooSmall));
    if (size < 20) BOOST_TEST((EmitTcpHeader(segment, out, Checksum::kCompute).error() == Error::kBufferTooSmall));
    BOOST_TEST((out == Bytes(size, std::byte{0xee})));
  }
}

BOOST_AUTO_TEST_CASE(flags_and_sequence_space) {
  Bytes payload(7);
  Segment segment;
  const auto with = [&](int flags, std::size_t size) {
    segment.flags = static_cast<std::uint8_t>(flags);
    segment.payload = std::span(payload).first(size);
    return segment;
  };
  BOOST_TEST(with(kSyn, 0).SequenceLength() == 1u);
  BOOST_TEST(with(kSyn | kFin, 7).SequenceLength() == 9u);
  BOOST_TEST(with(kAck | kFin, 7).SequenceLength() == 8u);
  BOOST_TEST(with(kAck | kRst, 0).SequenceLength() == 0u);
  BOOST_TEST(with(kSyn | kEce | kCwr, 0).IsSyn());
  BOOST_TEST(!with(kSyn | kAck, 0).IsSyn());
  BOOST_TEST(with(kSyn | kAck | kEce, 0).IsSynAck());
  BOOST_TEST(!with(kSyn, 0).IsSynAck());
  BOOST_TEST(with(kAck | kEce, 0).IsPureAck());
  for (const int flags : {kAck | kSyn, kAck | kFin, kAck | kRst, int{kPsh}}) {
    BOOST_TEST(!with(flags, 0).IsPureAck());
  }
  BOOST_TEST(!with(kAck, 1).IsPureAck());
}

BOOST_AUTO_TEST_CASE(checksum_is_valid_until_a_byte_changes) {
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    BOOST_TEST(rc::check("TcpChecksumValid", [family] {
      const Address source = *ArbitraryAddress(family);
      const Address destination = *ArbitraryAddress(family);
      Bytes bytes = *ArbitraryTcp(source, destination);
      RC_ASSERT(TcpChecksumValid(bytes, source, destination));
      const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
      bytes[at] ^= std::byte{1};
      RC_ASSERT(!TcpChecksumValid(bytes, source, destination));
    }));
  }
}

// RFC 8200, section 8.1: the length in the pseudo-header has 32 bits.
BOOST_AUTO_TEST_CASE(checksum_of_more_than_64_kib) {
  Segment segment;
  segment.source.address = segment.destination.address = *ParseAddress("2001:db8::1");
  Bytes payload(200000, std::byte{0x5a});
  segment.payload = payload;
  const Bytes bytes = Emitted(segment, Checksum::kCompute);
  BOOST_TEST(NaiveChecksum(PseudoHeader(segment.source.address, segment.destination.address, bytes.size()) + bytes) ==
             0);
}

BOOST_AUTO_TEST_CASE(parse_after_emit_is_identity) {
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    BOOST_TEST(rc::check("parse(emit(x)) == x", [family] {
      Segment segment = *ArbitrarySegment(family);
      Bytes payload = *BytesUpTo(100);
      segment.payload = payload;
      Bytes bytes(segment.HeaderSize() + payload.size());
      RC_ASSERT(EmitTcp(segment, bytes, Checksum::kCompute).value() == bytes.size());
      RC_ASSERT(TcpChecksumValid(bytes, segment.source.address, segment.destination.address));
      const auto parsed = ParseTcp(bytes, segment.source.address, segment.destination.address);
      RC_ASSERT(parsed.has_value());
      RC_ASSERT(Same(*parsed, segment));
    }));
  }
}

BOOST_AUTO_TEST_CASE(emit_after_parse_is_identity) {
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    BOOST_TEST(rc::check("emit(parse(bytes)) == bytes", [family] {
      const Address source = *ArbitraryAddress(family);
      const Address destination = *ArbitraryAddress(family);
      Bytes bytes = *ArbitraryTcp(source, destination);
      const auto parsed = ParseTcp(bytes, source, destination);
      RC_ASSERT(parsed.has_value());
      Bytes out(bytes.size());
      RC_ASSERT(EmitTcp(*parsed, out, Checksum::kCompute).value() == out.size());
      RC_ASSERT(out == bytes);
    }));
  }
}

// The header alone, with the payload elsewhere, carries the checksum of the whole.
BOOST_AUTO_TEST_CASE(header_alone_covers_the_payload) {
  BOOST_TEST(rc::check("EmitTcpHeader", [] {
    Bytes bytes = *ArbitraryTcp(Source(), Destination());
    const Segment parsed = ParseTcp(bytes, Source(), Destination()).value();
    Bytes out(kMaximumTcpHeaderSize + 1, std::byte{0xee});
    const std::size_t size = EmitTcpHeader(parsed, out, Checksum::kCompute).value();
    RC_ASSERT(size == bytes.size() - parsed.payload.size());
    RC_ASSERT(std::ranges::equal(std::span(out).first(size), std::span(bytes).first(size)));
    RC_ASSERT(std::ranges::all_of(std::span(out).subspan(size), [](std::byte b) { return b == std::byte{0xee}; }));
  }));
}

BOOST_AUTO_TEST_CASE(payload_may_overlap_the_output) {
  BOOST_TEST(rc::check("EmitTcp with the payload anywhere in its output", [] {
    Segment segment = *ArbitrarySegment(Family::kIpv4);
    Bytes payload = *BytesUpTo(120);
    segment.payload = payload;
    Bytes expected(segment.HeaderSize() + payload.size());
    RC_ASSERT(EmitTcp(segment, expected, Checksum::kCompute).has_value());

    Bytes buffer(expected.size() + *rc::gen::inRange<std::size_t>(0, 80));
    const auto at = *rc::gen::inRange<std::size_t>(0, buffer.size() - payload.size() + 1);
    std::ranges::copy(payload, buffer.begin() + static_cast<std::ptrdiff_t>(at));
    segment.payload = std::span(buffer).subspan(at, payload.size());
    RC_ASSERT(EmitTcp(segment, buffer, Checksum::kCompute).value() == expected.size());
    buffer.resize(expected.size());
    RC_ASSERT(buffer == expected);
  }));
}

BOOST_AUTO_TEST_CASE(any_bytes_are_parsed_within_bounds) {
  BOOST_TEST(rc::check("ParseTcp of garbage", [] {
    Bytes bytes = *BytesUpTo(80);
    const auto parsed = ParseTcp(bytes, Source(), Destination());
    if (bytes.size() < 20) {
      RC_ASSERT(parsed.error() == Error::kTcpTruncated);
      return;
    }
    const auto header = std::to_integer<std::size_t>(bytes[12] >> 4) * 4;
    RC_ASSERT(parsed.has_value() == (header >= 20 && header <= bytes.size()));
    if (parsed) RC_ASSERT(parsed->HeaderSize() + parsed->payload.size() == bytes.size());
  }));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::wire::test
