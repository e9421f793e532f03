#include "reference/wire/address.h"

#include <boost/test/unit_test.hpp>

#include "reference/wire/sequence.h"
#include "reference/wire/test/bytes.h"

namespace tcpslab::wire::test {
namespace {

BOOST_AUTO_TEST_SUITE(address)

BOOST_AUTO_TEST_CASE(text_forms_are_those_of_rfc_5952) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"10.0.0.1", "10.0.0.1"},
      {"2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"},  // section 4.1: no leading zeros
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},            // section 4.2.2: a single zero stays
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},                     // section 4.2.3: the longest run
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},               // section 4.2.3: the first of equal runs
      {"2001:DB8::ABCD", "2001:db8::abcd"},                        // section 4.3: lower case
      {"::", "::"},
  };
  for (const auto& [text, canonical] : cases) {
    const auto parsed = ParseAddress(text);
    BOOST_TEST_REQUIRE(parsed.has_value(), text);
    BOOST_TEST(ToString(*parsed) == canonical);
  }
  BOOST_TEST(ToString(Endpoint{*ParseAddress("10.0.0.1"), 80}) == "10.0.0.1:80");
  BOOST_TEST(ToString(Endpoint{*ParseAddress("2001:db8::1"), 65535}) == "[2001:db8::1]:65535");
}

BOOST_AUTO_TEST_CASE(what_is_no_address_is_refused) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {""sv, "10.0.0"sv, "10.0.0.256"sv, "10.0.0.1 "sv, "10.0.0.1:80"sv, "[::1]"sv,
                                      ":::"sv, "fe80::1%eth0"sv, "10.0.0.1\0"sv, "::1\0x"sv, "localhost"sv}) {
    BOOST_TEST(!ParseAddress(text).has_value(), text);
  }
}

BOOST_AUTO_TEST_CASE(bytes_are_in_network_order_and_families_differ) {
  const Address v4 = *ParseAddress("1.2.3.4");
  BOOST_TEST((ToBytes(v4.bytes()) == Hex("01020304")));
  const Address v6 = *ParseAddress("102:304::");
  BOOST_TEST((ToBytes(v6.bytes()) == Hex("01020304 00000000 00000000 00000000")));
  BOOST_TEST((v4 != v6));
  BOOST_TEST((v4 == Address::Ipv4(v4.bytes().first<4>())));
}

BOOST_AUTO_TEST_CASE(loopback) {
  for (const char* text : {"127.0.0.1", "127.255.255.255", "::1"}) BOOST_TEST(ParseAddress(text)->IsLoopback(), text);
  for (const char* text : {"126.0.0.1", "128.0.0.1", "10.0.0.127", "::", "::2", "1::1", "7f00::", "::ffff:127.0.0.1"}) {
    BOOST_TEST(!ParseAddress(text)->IsLoopback(), text);
  }
}

BOOST_AUTO_TEST_CASE(every_address_survives_its_text_form) {
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    BOOST_TEST(rc::check("ParseAddress(ToString(x)) == x", [family] {
      const Address address = *ArbitraryAddress(family);
      RC_ASSERT(ParseAddress(ToString(address)) == address);
    }));
  }
}

// RFC 9293, section 3.4: arithmetic modulo 2^32.
BOOST_AUTO_TEST_CASE(sequence_numbers_wrap) {
  BOOST_TEST(SequenceDistance(0xffffffff, 1) == 2);
  BOOST_TEST(SequenceDistance(1, 0xffffffff) == -2);
  BOOST_TEST(SequenceBefore(0xfffffff0, 5));
  BOOST_TEST(!SequenceBefore(5, 5));
  BOOST_TEST(!SequenceBefore(5, 0xfffffff0));
  BOOST_TEST(SequenceWithin(2, 0xfffffffe, 4));
  BOOST_TEST(SequenceWithin(0xfffffffe, 0xfffffffe, 4));
  BOOST_TEST(SequenceWithin(4, 0xfffffffe, 4));
  BOOST_TEST(!SequenceWithin(5, 0xfffffffe, 4));
  BOOST_TEST(!SequenceWithin(0xfffffffd, 0xfffffffe, 4));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::wire::test
