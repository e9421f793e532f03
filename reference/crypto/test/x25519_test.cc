// X25519 against RFC 7748; low-order keys against the arithmetic of the curve.
#include "reference/crypto/x25519.h"

#include <rapidcheck.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <boost/test/unit_test.hpp>
#include <string>

#include "reference/crypto/test/bytes.h"

namespace tcpslab::crypto::test {
namespace {

using boost::multiprecision::cpp_int;

const cpp_int kPrime = (cpp_int(1) << 255) - 19;
const cpp_int kHighBit = cpp_int(1) << 255;

PrivateKey ToPrivate(std::string_view hex) { return ToSecret<kX25519Size>(FromHex(hex)); }
PublicKey ToPublic(std::string_view hex) { return Fixed<kX25519Size>(FromHex(hex)); }

PublicKey ToPublic(const cpp_int& value) {
  PublicKey key{};
  for (std::size_t i = 0; i < key.size(); ++i)
    key[i] = static_cast<std::byte>(static_cast<unsigned>((value >> 8 * i) & 0xff));
  return key;
}

std::string AgreeHex(const PrivateKey& own, const PublicKey& peer) {
  const auto shared = Agree(own, peer);
  return shared ? ToHex(shared->bytes()) : "nothing";
}

// The order of the point divides 8: doubling three times (RFC 7748, section 5, the doubling half of the ladder step)
// leads to the point at infinity. X25519 ignores the highest bit and reduces the rest.
bool HasOrderDividing8(const cpp_int& encoded) {
  cpp_int x = encoded % kHighBit % kPrime;
  cpp_int z = 1;
  for (int doubling = 0; doubling < 3; ++doubling) {
    const cpp_int aa = (x + z) * (x + z) % kPrime;
    const cpp_int bb = (x - z) * (x - z) % kPrime;
    const cpp_int e = aa - bb;
    x = aa * bb % kPrime;
    z = e * (aa + 121665 * e) % kPrime;
  }
  return z == 0;
}

// The u-coordinates of order 8, from the list in "Curve25519: Validate public keys?", cr.yp.to/ecdh.html.
const cpp_int kOrder8A("325606250916557431795983626356110631294008115727848805560023387167927233504");
const cpp_int kOrder8B("39382357235489614581723060781553021112529911719440698176882885853963445705823");

BOOST_AUTO_TEST_SUITE(x25519)

// TCPS-KEY-13
BOOST_AUTO_TEST_CASE(rfc_7748_section_5_2) {
  BOOST_TEST(AgreeHex(ToPrivate("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
                      ToPublic("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")) ==
             "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
  BOOST_TEST(AgreeHex(ToPrivate("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"),
                      ToPublic("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493")) ==
             "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
}

BOOST_AUTO_TEST_CASE(rfc_7748_section_5_2_iterated) {
  Bytes k = FromHex("0900000000000000000000000000000000000000000000000000000000000000");
  Bytes u = k;
  for (int round = 1; round <= 1000; ++round) {
    const auto next = Agree(ToSecret<kX25519Size>(k), Fixed<kX25519Size>(u));
    BOOST_TEST_REQUIRE(next.has_value());
    u = k;
    k.assign(next->bytes().begin(), next->bytes().end());
    if (round == 1) BOOST_TEST(ToHex(k) == "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
  }
  BOOST_TEST(ToHex(k) == "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

BOOST_AUTO_TEST_CASE(rfc_7748_section_6_1) {
  const auto alice =
      KeyPair::FromPrivate(ToPrivate("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
  const auto bob = KeyPair::FromPrivate(ToPrivate("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
  BOOST_TEST(ToHex(alice.public_key) == "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  BOOST_TEST(ToHex(bob.public_key) == "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  const std::string shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  BOOST_TEST(AgreeHex(alice.private_key, bob.public_key) == shared);
  BOOST_TEST(AgreeHex(bob.private_key, alice.public_key) == shared);
}

// TCPS-KEY-13
BOOST_AUTO_TEST_CASE(generated_pairs_come_from_the_randomness_given) {
  SeededRandom first(7);
  SeededRandom second(7);
  const auto a = KeyPair::Generate(first);
  const auto b = KeyPair::Generate(first);
  const auto same_as_a = KeyPair::Generate(second);
  Bytes drawn(kX25519Size);
  SeededRandom(7).Fill(drawn);
  BOOST_TEST(ToHex(a.private_key.bytes()) == ToHex(drawn));  // RFC 7748 clamps where it is used
  BOOST_TEST(ToHex(a.public_key) == ToHex(same_as_a.public_key));
  BOOST_TEST(ToHex(a.public_key) != ToHex(b.public_key));
  BOOST_TEST(AgreeHex(a.private_key, b.public_key) == AgreeHex(b.private_key, a.public_key));
  BOOST_TEST(!IsLowOrder(a.public_key));
}

// Every key that RFC 7748's masking and reduction turn into a point of order 1, 2, 4 or 8, with the highest bit either
// way.
BOOST_AUTO_TEST_CASE(low_order_keys_are_known) {
  SeededRandom random(1);
  const auto own = KeyPair::Generate(random);
  for (const cpp_int& u :
       {cpp_int(0), cpp_int(1), kOrder8A, kOrder8B, cpp_int(kPrime - 1), kPrime, cpp_int(kPrime + 1)}) {
    BOOST_TEST_REQUIRE(HasOrderDividing8(u));
    for (const cpp_int& encoded : {u, cpp_int(u + kHighBit)}) {
      BOOST_TEST(IsLowOrder(ToPublic(encoded)), encoded);
      BOOST_TEST(!Agree(own.private_key, ToPublic(encoded)).has_value(), encoded);
    }
  }
}

// The rest of the twelve values of that list: of low order modulo the prime as 256-bit numbers, but other points once
// the highest bit is ignored. An agreement with them is not zero.
BOOST_AUTO_TEST_CASE(values_of_low_order_only_without_masking_are_not_rejected) {
  SeededRandom random(1);
  const auto own = KeyPair::Generate(random);
  for (const cpp_int& encoded : {cpp_int(kPrime + kOrder8A), cpp_int(kPrime + kOrder8B), cpp_int(2 * kPrime - 1),
                                 cpp_int(2 * kPrime), cpp_int(2 * kPrime + 1)}) {
    BOOST_TEST(!HasOrderDividing8(encoded), encoded);
    BOOST_TEST(!IsLowOrder(ToPublic(encoded)), encoded);
    BOOST_TEST(Agree(own.private_key, ToPublic(encoded)).has_value(), encoded);
  }
}

BOOST_AUTO_TEST_CASE(neighbours_of_low_order_keys_are_judged_by_their_order) {
  const cpp_int limit = cpp_int(1) << 256;
  for (const cpp_int& u : {cpp_int(0), kOrder8A, kOrder8B, kPrime, kHighBit, cpp_int(kHighBit + kPrime), limit}) {
    for (int distance = -40; distance <= 40; ++distance) {
      const cpp_int encoded = (u + distance + limit) % limit;
      BOOST_TEST(IsLowOrder(ToPublic(encoded)) == HasOrderDividing8(encoded), encoded);
    }
  }
}

BOOST_AUTO_TEST_CASE(agreement_fails_exactly_for_low_order_keys) {
  BOOST_TEST(rc::check([] {
    SeededRandom random(*rc::gen::arbitrary<std::uint64_t>());
    const auto own = KeyPair::Generate(random);
    PublicKey peer{};
    random.Fill(peer);
    RC_ASSERT(Agree(own.private_key, peer).has_value() == !IsLowOrder(peer));
  }));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::crypto::test
