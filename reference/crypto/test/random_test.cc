// Seeded randomness is the same everywhere and forever; the hash is SipHash-2-4.
#include "reference/crypto/random.h"

#include <rapidcheck.h>

#include <boost/test/unit_test.hpp>

#include "reference/crypto/short_hash.h"
#include "reference/crypto/test/bytes.h"

namespace tcpslab::crypto::test {
namespace {

Bytes Draw(Random& random, std::size_t size) {
  Bytes bytes(size);
  random.Fill(bytes);
  return bytes;
}

BOOST_AUTO_TEST_SUITE(randomness)

// RFC 8439, appendix A.1 #1 (key zero) and #4 (key 00 ff 00 ..., from block 2 on).
BOOST_AUTO_TEST_CASE(seeded_bytes_are_the_documented_keystream) {
  SeededRandom zero(0);
  BOOST_TEST(ToHex(Draw(zero, 64)) ==
             "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
             "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586");
  SeededRandom other(0xff00);
  Draw(other, 128);
  BOOST_TEST(ToHex(Draw(other, 32)) == "72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca");
}

BOOST_AUTO_TEST_CASE(size_of_the_draws_does_not_matter) {
  BOOST_TEST(rc::check([](std::uint64_t seed, std::uint64_t stream) {
    const auto sizes = *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, 200));
    SeededRandom pieces(seed, stream);
    Bytes drawn;
    for (const std::size_t size : sizes) {
      const Bytes piece = Draw(pieces, size);
      drawn.insert(drawn.end(), piece.begin(), piece.end());
    }
    SeededRandom whole(seed, stream);
    RC_ASSERT(Draw(whole, drawn.size()) == drawn);
  }));
}

BOOST_AUTO_TEST_CASE(seeds_and_streams_differ) {
  SeededRandom a(1, 0);
  SeededRandom b(2, 0);
  SeededRandom c(1, 1);
  SeededRandom d(0, 1);
  const Bytes first = Draw(a, 32);
  BOOST_TEST(ToHex(first) != ToHex(Draw(b, 32)));
  BOOST_TEST(ToHex(first) != ToHex(Draw(c, 32)));
  BOOST_TEST(ToHex(first) != ToHex(Draw(d, 32)));
}

BOOST_AUTO_TEST_CASE(uint32_is_four_bytes_in_network_order) {
  SeededRandom random(0);
  BOOST_TEST(random.Uint32() == 0x76b8e0adU);
  BOOST_TEST(random.Uint32() == 0xa0f13d90U);
}

BOOST_AUTO_TEST_CASE(system_randomness_does_not_repeat) {
  SystemRandom random;
  BOOST_TEST(ToHex(Draw(random, 32)) != ToHex(Draw(random, 32)));
}

// SipHash paper (Aumasson, Bernstein), appendix A; the authors' vectors.h for the empty message.
BOOST_AUTO_TEST_CASE(short_hash_is_siphash_2_4) {
  const auto key = ToSecret<ShortHashKey::kSize>(FromHex("000102030405060708090a0b0c0d0e0f"));
  BOOST_TEST(ShortHash(key, FromHex("000102030405060708090a0b0c0d0e")) == 0xa129ca6149be45e5U);
  BOOST_TEST(ShortHash(key, {}) == 0x726fdb47dd0e0e31U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::crypto::test
