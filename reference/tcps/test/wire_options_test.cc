// The option codec (spec tcps-wire.md, section 2) byte by byte.
#include <rapidcheck.h>

#include <boost/test/unit_test.hpp>

#include "reference/crypto/test/bytes.h"
#include "reference/tcps/options.h"
#include "reference/tcps/test/conversation.h"

namespace tcpslab::tcps::test {
namespace {

using crypto::test::ArbitraryBytes;
using crypto::test::Bytes;
using crypto::test::Fixed;
using crypto::test::FromHex;
using crypto::test::ToHex;

// The bytes 0, 1, 2, …, as a key and in hex.
const std::string kKeyHex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const crypto::PublicKey kKey = Fixed<32>(FromHex(kKeyHex));
const std::string kTcHex = "fd245443" + kKeyHex;
const std::string kTmHex = "fd14544d000102030405060708090a0b0c0d0e0f";
const std::string kTiHex = "fd285449" + kKeyHex + "a1a2a3a4";

wire::OptionArea Area(const std::string& hex) { return *wire::OptionArea::FromBytes(FromHex(hex)); }

std::string SynOptionsFrom(const std::string& present) { return ToHex(MakeSynOptions(Area(present), kKey).bytes()); }

}  // namespace

BOOST_AUTO_TEST_SUITE(wire_options)

// Section 2.1, measured: `MSS(4) TC(36)`; `SACK-permitted(2) TC NOP NOP`; `WS(3) TC NOP`; `TC` alone (36 bytes).
// TCPS-TC-07, TCPS-TC-08, TCPS-TC-09
BOOST_AUTO_TEST_CASE(ExactlyOneOptionOfASynIsKept) {
  BOOST_TEST(SynOptionsFrom("") == kTcHex);
  BOOST_TEST(SynOptionsFrom("020405b4") == "020405a0" + kTcHex);
  BOOST_TEST(SynOptionsFrom("0402") == "0402" + kTcHex + "0101");
  BOOST_TEST(SynOptionsFrom("030307") == "030307" + kTcHex + "01");
  // "MSS if present, else SACK-permitted, else window scale", whatever their order, and placed first.
  BOOST_TEST(SynOptionsFrom("030307040201020405b4") == "020405a0" + kTcHex);
  BOOST_TEST(SynOptionsFrom("0303070402") == "0402" + kTcHex + "0101");
  // "Timestamps, TFO, MD5, the remaining ones: dropped."
  BOOST_TEST(SynOptionsFrom("080a0000000100000000") == kTcHex);
  BOOST_TEST(SynOptionsFrom("220a0102030405060708") == kTcHex);
  BOOST_TEST(SynOptionsFrom("1312000102030405060708090a0b0c0d0e0f020405b4") == "020405a0" + kTcHex);
  BOOST_TEST(SynOptionsFrom("fd081234deadbeef") == kTcHex);
  BOOST_TEST(SynOptionsFrom(kTcHex) == kTcHex);
  BOOST_TEST(ToHex(MakeSynOptions(LinuxSynOptions(), kKey).bytes()) == "020405a0" + kTcHex);
}

// Section 2.1, measured: "1460->1440, 21->1, 20->20, 10->10".
// TCPS-MSS-02
BOOST_AUTO_TEST_CASE(MssIsLoweredBy20) {
  BOOST_TEST(SynOptionsFrom("020405b4") == "020405a0" + kTcHex);
  BOOST_TEST(SynOptionsFrom("02040015") == "02040001" + kTcHex);
  BOOST_TEST(SynOptionsFrom("02040014") == "02040014" + kTcHex);
  BOOST_TEST(SynOptionsFrom("0204000a") == "0204000a" + kTcHex);
  BOOST_TEST(SynOptionsFrom("0204ffff") == "0204ffeb" + kTcHex);
  BOOST_TEST(SynOptionsFrom("02040100") == "020400ec" + kTcHex);
}

BOOST_AUTO_TEST_CASE(EachOptionHasTheLayoutOfTheTable) {
  BOOST_TEST((FindTc(Area(kTcHex)) == kKey));
  const crypto::Tag tag = Fixed<16>(std::span(kKey).first<16>());
  BOOST_TEST((FindTm(Area(kTmHex)) == tag));
  const std::optional<Identity> identity = FindTi(Area(kTiHex));
  BOOST_TEST_REQUIRE(identity.has_value());
  BOOST_TEST((identity->key == kKey));
  BOOST_TEST(ToHex(identity->proof) == "a1a2a3a4");

  wire::OptionArea area;
  BOOST_TEST(AppendTm(area, tag));
  BOOST_TEST(ToHex(area.bytes()) == kTmHex);
  BOOST_TEST(ToHex(MakeTiOptions(*identity).bytes()) == kTiHex);
}

// "No ExID; other users of kind 253 are distinguished by length+magic only."
BOOST_AUTO_TEST_CASE(OnlyKindLengthAndMagicTogetherMatch) {
  for (const std::string& option : {kTcHex, kTmHex, kTiHex}) {
    const auto matches = [](const std::string& hex) {
      const wire::OptionArea area = Area(hex);
      return FindTc(area).has_value() + FindTm(area).has_value() + FindTi(area).has_value();
    };
    BOOST_TEST(matches(option) == 1);
    const Bytes bytes = FromHex(option);
    for (const std::size_t at : {0U, 2U, 3U}) {
      Bytes other = bytes;
      other[at] ^= std::byte{0x20};
      BOOST_TEST(matches(ToHex(other)) == 0, ToHex(other));
    }
    Bytes shorter(bytes.begin(), bytes.end() - 1);
    shorter[1] = static_cast<std::byte>(shorter.size());
    BOOST_TEST(matches(ToHex(shorter)) == 0);
    BOOST_TEST(matches(ToHex(Bytes(bytes.begin(), bytes.end() - 1))) == 0);  // cut off by the header
  }
}

// "Option search: walk kinds; EOL(0) stops, NOP(1) skips one byte, a length < 2 or a missing length byte stops; first
// option whose kind, exact length and magic match wins."
BOOST_AUTO_TEST_CASE(OptionSearch) {
  BOOST_TEST(FindTm(Area("0101080a0000000000000000" + kTmHex)).has_value());
  BOOST_TEST(!FindTm(Area("00" + kTmHex)).has_value());
  BOOST_TEST(!FindTm(Area("0500" + kTmHex)).has_value());
  BOOST_TEST(!FindTm(Area("0501" + kTmHex)).has_value());
  BOOST_TEST(FindTm(Area("0502" + kTmHex)).has_value());
  BOOST_TEST(!FindTm(Area("01fd")).has_value());
  const std::string second = "fd14544dffffffffffffffffffffffffffffffff";
  BOOST_TEST((FindTm(Area(kTmHex + second)) == FindTm(Area(kTmHex))));
  BOOST_TEST((FindTm(Area("fd06544d0000" + kTmHex)) == FindTm(Area(kTmHex))));
}

BOOST_AUTO_TEST_CASE(RoundTrips) {
  BOOST_TEST(rc::check([] {
    const crypto::PublicKey key = Fixed<32>(*ArbitraryBytes(32));
    RC_ASSERT(FindTc(MakeSynOptions({}, key)) == key);
    RC_ASSERT(FindTc(MakeSynOptions(LinuxSynOptions(), key)) == key);

    const Identity identity{.key = key, .proof = Fixed<4>(*ArbitraryBytes(4))};
    const wire::OptionArea ti = MakeTiOptions(identity);
    RC_ASSERT(ti.size() == 40U);
    RC_ASSERT(FindTi(ti)->key == identity.key);
    RC_ASSERT(FindTi(ti)->proof == identity.proof);
  }));
}

// Section 2.2: "Appended directly after the existing option bytes"; it fits if at most 20 bytes are there.
// TCPS-OPT-12
BOOST_AUTO_TEST_CASE(TmStandsBehindWhatIsThere) {
  BOOST_TEST(rc::check([] {
    const crypto::Tag tag = Fixed<16>(*ArbitraryBytes(16));
    const wire::OptionArea present =
        *wire::OptionArea::FromBytes(Bytes(*rc::gen::inRange<std::size_t>(0, 41), std::byte{wire::kNoOperation}));
    wire::OptionArea area = present;
    RC_ASSERT(AppendTm(area, tag) == (present.size() <= 20));
    if (present.size() > 20) {
      RC_ASSERT(area == present);
    } else {
      RC_ASSERT(area.size() == present.size() + 20);
      RC_ASSERT(std::ranges::equal(area.bytes().first(present.size()), present.bytes()));
      RC_ASSERT(FindTm(area) == tag);
    }
  }));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tcpslab::tcps::test
