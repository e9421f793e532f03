// The constructions of TCP/S against the upstream module's own answers (test/vectors), and properties that the vectors
// cannot show.
#include <rapidcheck.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "reference/crypto/test/bytes.h"
#include "reference/tcps/identity.h"
#include "reference/tcps/key_schedule.h"
#include "reference/tcps/packet_mac.h"
#include "reference/tcps/stream_position.h"

namespace tcpslab::tcps::test {
namespace {

using crypto::test::ArbitraryBytes;
using crypto::test::Bytes;
using crypto::test::FromHex;
using crypto::test::ToHex;
using crypto::test::ToSecret;
using nlohmann::json;

constexpr std::uint64_t kSpan = std::uint64_t{1} << 32;
constexpr std::uint64_t kHalfSpan = std::uint64_t{1} << 31;

// Calls check(vector) for each vector of a file, of which there must be `count`.
template <class Check>
void ForEachVector(const std::string& file, std::size_t count, const Check& check) {
  std::ifstream stream(TCPSLAB_SOURCE_DIR "/reference/tcps/test/vectors/" + file);
  const json vectors = json::parse(stream).at("vectors");
  BOOST_TEST(vectors.size() == count);
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    BOOST_TEST_CONTEXT(file << ", vector " << i) { check(vectors[i]); }
  }
}

crypto::Secret<32> SecretOf(const json& vector, const char* name) {
  return ToSecret<32>(FromHex(vector.at(name).get<std::string>()));
}

crypto::Secret<32> ArbitraryKey() { return ToSecret<32>(*ArbitraryBytes(32)); }

}  // namespace

BOOST_AUTO_TEST_CASE(AuthTagVectors) {
  ForEachVector("auth_tag.json", 18, [](const json& vector) {
    const AuthTag tag = ComputeAuthTag(SecretOf(vector, "static_shared"), vector.at("client_isn"));
    BOOST_TEST(ToHex(tag) == vector.at("auth_tag").get<std::string>());
  });
}

BOOST_AUTO_TEST_CASE(KeyScheduleVectors) {
  ForEachVector("key_schedule.json", 24, [](const json& vector) {
    const SessionKeys keys = DeriveSessionKeys(SecretOf(vector, "shared"));
    BOOST_TEST(ToHex(keys.enc_c2s.bytes()) == vector.at("enc_c2s").get<std::string>());
    BOOST_TEST(ToHex(keys.enc_s2c.bytes()) == vector.at("enc_s2c").get<std::string>());
    BOOST_TEST(ToHex(keys.mac_c2s.bytes()) == vector.at("mac_c2s").get<std::string>());
    BOOST_TEST(ToHex(keys.mac_s2c.bytes()) == vector.at("mac_s2c").get<std::string>());
  });
}

BOOST_AUTO_TEST_CASE(PacketMacVectors) {
  ForEachVector("packet_mac.json", 38, [](const json& vector) {
    const crypto::ChaCha20Key key = SecretOf(vector, "mac_key");
    const std::uint64_t position = vector.at("pos");
    const std::uint8_t flags = vector.at("tcp_flags");
    const Bytes ciphertext = FromHex(vector.at("ciphertext").get<std::string>());
    BOOST_TEST(ToHex(DeriveOneTimeKey(key, position).bytes()) == vector.at("poly_key").get<std::string>());
    BOOST_TEST(ToHex(PacketTag(TagArithmetic::kLkm, key, position, flags, ciphertext)) ==
               vector.at("tag_lkm_compat").get<std::string>());
    BOOST_TEST(ToHex(PacketTag(TagArithmetic::kStandard, key, position, flags, ciphertext)) ==
               vector.at("tag_standard_arithmetic").get<std::string>());
  });
}

BOOST_AUTO_TEST_CASE(StreamPositionVectors) {
  ForEachVector("stream_position.json", 8, [](const json& vector) {
    WrapCountingPosition position;
    const std::uint32_t isn = vector.at("isn");
    for (std::size_t i = 0; i < vector.at("seqs").size(); ++i) {
      const std::uint32_t sequence = vector.at("seqs")[i];
      BOOST_TEST(position.Advance(StreamOffset(sequence, isn)) == vector.at("positions")[i].get<std::uint64_t>(),
                 "segment " << i);
    }
  });
}

// Section 4: "offset = (TCP sequence number - ISN_of_that_direction - 1) mod 2^32. First data byte = 0."
BOOST_AUTO_TEST_CASE(StreamOffsets) {
  BOOST_TEST(StreamOffset(1001, 1000) == 0U);
  BOOST_TEST(StreamOffset(0, 0xffffffff) == 0U);
  BOOST_TEST(StreamOffset(5, 0xfffffff0) == 20U);
  BOOST_TEST(StreamOffset(1000, 1000) == 0xffffffffU);
}

// Section 4, the measured sequence: a retransmission from before the boundary costs a whole span.
BOOST_AUTO_TEST_CASE(WrapCountingHasNoWayBack) {
  WrapCountingPosition position;
  BOOST_TEST(position.Advance(0xfffffff0) == 0x0fffffff0U);
  BOOST_TEST(position.Advance(0x10) == 0x100000010U);
  BOOST_TEST(position.Advance(0xffffff00) == 0x1ffffff00U);
  BOOST_TEST(position.Advance(0x60) == 0x200000060U);
}

// R11 on the same sequence: "the position nearest to the highest valid one (either side of a boundary)".
BOOST_AUTO_TEST_CASE(NearestFindsEitherSideOfABoundary) {
  NearestPosition position;
  for (const std::uint32_t offset : {0x70000000U, 0xe0000000U, 0xfffffff0U}) {
    BOOST_TEST(position.Candidate(offset) == offset);
    position.Commit(offset);
  }
  BOOST_TEST(position.Candidate(0x10) == 0x100000010U);
  position.Commit(0x100000010);
  BOOST_TEST(position.Candidate(0xffffff00) == 0x0ffffff00U);
  position.Commit(0x0ffffff00);
  BOOST_TEST(position.Candidate(0x60) == 0x100000060U);
}

BOOST_AUTO_TEST_CASE(NearestRecoversEveryPositionWithinHalfASpan) {
  BOOST_TEST(rc::check([] {
    // Any place in the stream, half of them close to a boundary.
    const std::uint64_t highest = *rc::gen::oneOf(
        rc::gen::inRange<std::uint64_t>(0, std::uint64_t{1} << 40),
        rc::gen::map(rc::gen::pair(rc::gen::inRange<std::uint64_t>(1, 1000), rc::gen::inRange<std::uint64_t>(0, 4000)),
                     [](const auto& at) { return at.first * kSpan + at.second - 2000; }));
    const std::uint64_t lowest = highest < kHalfSpan ? 0 : highest - kHalfSpan + 1;
    const std::uint64_t truth = *rc::gen::inRange<std::uint64_t>(lowest, highest + kHalfSpan);
    NearestPosition position;
    position.Commit(highest);
    RC_ASSERT(position.Candidate(static_cast<std::uint32_t>(truth)) == truth);
  }));
}

// R11: "state moves only after a valid tag".
BOOST_AUTO_TEST_CASE(NearestMovesOnCommitOnlyAndNeverBack) {
  BOOST_TEST(rc::check([](std::uint32_t first, std::uint32_t second, std::uint32_t offset) {
    NearestPosition position;
    position.Commit(first);
    static_cast<void>(position.Candidate(offset));
    RC_ASSERT(position.highest() == first);
    position.Commit(second);
    RC_ASSERT(position.highest() == std::max(first, second));
  }));
}

// A keep-alive at the initial sequence number lies before the stream and must not move anything.
BOOST_AUTO_TEST_CASE(NearestIgnoresWhatLiesBeforeTheStream) {
  NearestPosition position;
  const std::uint64_t before = position.Candidate(0xffffffff);
  BOOST_TEST(before == 0xffffffffffffffffU);
  position.Commit(before);
  BOOST_TEST(position.Candidate(0) == 0U);
}

// Section 5: position, all eight flags, and the ciphertext with its length are covered.
BOOST_AUTO_TEST_CASE(EveryCoveredBitChangesTheTag) {
  BOOST_TEST(rc::check([] {
    const auto arithmetic = *rc::gen::element(TagArithmetic::kStandard, TagArithmetic::kLkm);
    const crypto::ChaCha20Key key = ArbitraryKey();
    const auto position = *rc::gen::arbitrary<std::uint64_t>();
    const auto flags = *rc::gen::arbitrary<std::uint8_t>();
    const Bytes text = *ArbitraryBytes(*rc::gen::inRange<std::size_t>(0, 80));
    const auto tag_of = [&](std::uint64_t at, int with_flags, const Bytes& bytes) {
      return PacketTag(arithmetic, key, at, static_cast<std::uint8_t>(with_flags), bytes);
    };
    const crypto::Tag tag = tag_of(position, flags, text);
    for (int bit = 0; bit < 8; ++bit) RC_ASSERT(tag != tag_of(position, flags ^ (1 << bit), text));
    for (int bit = 0; bit < 64; ++bit) RC_ASSERT(tag != tag_of(position ^ (std::uint64_t{1} << bit), flags, text));
    for (std::size_t bit = 0; bit < 8 * text.size(); ++bit) {
      Bytes changed = text;
      changed[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
      RC_ASSERT(tag != tag_of(position, flags, changed));
    }
    Bytes longer = text;
    longer.push_back(std::byte{0});
    RC_ASSERT(tag != tag_of(position, flags, longer));
    if (!text.empty()) RC_ASSERT(tag != tag_of(position, flags, Bytes(text.begin(), text.end() - 1)));
  }));
}

// Section 5.3: "for p and p+16 the s of the first is the (unclamped) r of the second".
BOOST_AUTO_TEST_CASE(OneTimeKeysOverlap) {
  BOOST_TEST(rc::check([](std::uint64_t position) {
    const crypto::ChaCha20Key key = ArbitraryKey();
    const crypto::OneTimeKey first = DeriveOneTimeKey(key, position);
    const crypto::OneTimeKey second = DeriveOneTimeKey(key, position + 16);
    RC_ASSERT(std::ranges::equal(first.bytes().last<16>(), second.bytes().first<16>()));
    RC_ASSERT(!std::ranges::equal(first.bytes(), second.bytes()));
  }));
}

// Section 5: a stream encrypted in segments of any sizes decrypts in any others.
BOOST_AUTO_TEST_CASE(KeystreamRoundTrip) {
  BOOST_TEST(rc::check([] {
    const crypto::ChaCha20Key key = ArbitraryKey();
    const std::uint64_t start = *rc::gen::inRange<std::uint64_t>(0, 3 * kSpan);
    const Bytes plain = *ArbitraryBytes(*rc::gen::inRange<std::size_t>(0, 300));
    Bytes bytes = plain;
    const auto xor_in_pieces = [&] {
      for (std::size_t at = 0; at < bytes.size();) {
        const auto size = *rc::gen::inRange<std::size_t>(1, bytes.size() - at + 1);
        crypto::XorKeystream(key, start + at, std::span(bytes).subspan(at, size));
        at += size;
      }
    };
    xor_in_pieces();
    RC_ASSERT(plain.size() < 16 || bytes != plain);
    xor_in_pieces();
    RC_ASSERT(bytes == plain);
  }));
}

}  // namespace tcpslab::tcps::test
