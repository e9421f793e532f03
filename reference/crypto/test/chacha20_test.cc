// The keystream against RFC 8439, the kernel module's answers, and libsodium one block at a time.
#include "reference/crypto/chacha20.h"

#include <rapidcheck.h>

#include <boost/test/unit_test.hpp>
#include <string>

#include "reference/crypto/libsodium.h"
#include "reference/crypto/test/bytes.h"

namespace tcpslab::crypto::test {
namespace {

constexpr std::uint64_t kBlock = 64;
// Here the block counter carries from state word 12 to word 13.
constexpr std::uint64_t kCarry = kBlock << 32;

// Every block on its own, so that no library's way of counting over several blocks is involved.
Bytes BlockByBlock(const ChaCha20Key& key, std::uint64_t position, std::size_t size) {
  const std::array<unsigned char, crypto_stream_chacha20_NONCEBYTES> nonce{};
  Bytes stream;
  for (std::uint64_t block = position / kBlock; stream.size() < position % kBlock + size; ++block) {
    Bytes bytes(kBlock);
    crypto_stream_chacha20_xor_ic(MutableRaw(bytes), Raw(bytes), bytes.size(), nonce.data(), block, Raw(key.bytes()));
    stream.insert(stream.end(), bytes.begin(), bytes.end());
  }
  const auto first = stream.begin() + static_cast<std::ptrdiff_t>(position % kBlock);
  return {first, first + static_cast<std::ptrdiff_t>(size)};
}

Bytes StreamOf(const ChaCha20Key& key, std::uint64_t position, std::size_t size) {
  Bytes bytes(size, std::byte{0xa5});
  Keystream(key, position, bytes);
  return bytes;
}

struct StreamVector {
  std::string name;
  std::string key;
  std::uint64_t block;
  std::string keystream;
};

// RFC 8439, appendix A.1: the ones with a zero nonce.
const std::vector<StreamVector> kRfcVectors = {
    {"A.1 #1", "0000000000000000000000000000000000000000000000000000000000000000", 0,
     "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
     "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586"},
    {"A.1 #2", "0000000000000000000000000000000000000000000000000000000000000000", 1,
     "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
     "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f"},
    {"A.1 #3", "0000000000000000000000000000000000000000000000000000000000000001", 1,
     "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a"
     "8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0"},
    {"A.1 #4", "00ff000000000000000000000000000000000000000000000000000000000000", 2,
     "72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca"
     "13b25aa26cb4a648cb9b9d1be65b2c0924a66c54d545ec1b7374f4872e99f096"},
};

BOOST_AUTO_TEST_SUITE(chacha20)

BOOST_AUTO_TEST_CASE(rfc_8439) {
  for (const StreamVector& vector : kRfcVectors) {
    const auto key = ToSecret<kChaCha20KeySize>(FromHex(vector.key));
    BOOST_TEST(ToHex(StreamOf(key, vector.block * kBlock, kBlock)) == vector.keystream, vector.name);
  }
}

BOOST_AUTO_TEST_CASE(upstream_vectors) {
  const nlohmann::json vectors = Vectors("stream_xor.json");
  BOOST_TEST_REQUIRE(vectors.size() == 26U);
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    const auto key = ToSecret<kChaCha20KeySize>(FromHex(vectors[i].at("key").get<std::string>()));
    const auto position = std::stoull(vectors[i].at("pos_hex").get<std::string>(), nullptr, 16);
    Bytes data = FromHex(vectors[i].at("input").get<std::string>());
    XorKeystream(key, position, data);
    const auto expected = vectors[i].at("output").get<std::string>();
    BOOST_TEST(ToHex(data) == expected, "stream_xor.json, vector " << i << ": " << ToHex(data) << " != " << expected);
  }
}

// Sizes around the change of library (640) and the end of the first window (2048), and several windows.
constexpr std::size_t kSizes[] = {0,   1,    31,   32,   63,   64,   65,   128,  129,  255,  256,  512,  639,  640,
                                  641, 1023, 1024, 1400, 1984, 2008, 2009, 2047, 2048, 2049, 4096, 9000, 16384};

BOOST_AUTO_TEST_CASE(every_size_at_any_place_in_a_block) {
  const auto key = ToSecret<kChaCha20KeySize>(Bytes(kChaCha20KeySize, std::byte{0x42}));
  for (const std::size_t size : kSizes) {
    for (const std::uint64_t skip : {0U, 1U, 40U, 63U}) {
      BOOST_TEST((StreamOf(key, 1000 * kBlock + skip, size) == BlockByBlock(key, 1000 * kBlock + skip, size)),
                 size << " bytes at " << skip << " in the block");
    }
  }
}

// TCPS-ENC-06
BOOST_AUTO_TEST_CASE(counter_carries_at_2_to_the_32_blocks) {
  const auto key = ToSecret<kChaCha20KeySize>(Bytes(kChaCha20KeySize, std::byte{0x42}));
  for (const std::uint64_t carry : {kCarry, 7 * kCarry, 0 - kCarry}) {
    for (const std::size_t size : kSizes) {
      for (const std::uint64_t before : {1U, 63U, 64U, 65U, 129U, 500U, 513U, 1024U, 2048U, 2049U, 8000U}) {
        BOOST_TEST((StreamOf(key, carry - before, size) == BlockByBlock(key, carry - before, size)),
                   size << " bytes, " << before << " before " << carry);
      }
    }
  }
}

// Position 2^64 is block 2^58, not block 0.
// TCPS-ENC-07
BOOST_AUTO_TEST_CASE(runs_on_past_position_2_to_the_64) {
  const auto key = ToSecret<kChaCha20KeySize>(Bytes(kChaCha20KeySize, std::byte{0x42}));
  for (const std::size_t size : kSizes) {
    for (const std::uint64_t before : {1U, 40U, 64U, 100U, 1000U, 2049U}) {
      const std::uint64_t position = 0 - before;
      BOOST_TEST((StreamOf(key, position, size) == BlockByBlock(key, position, size)),
                 size << " bytes, " << before << " before 2^64");
    }
  }
}

BOOST_AUTO_TEST_CASE(pieces_equal_the_whole) {
  BOOST_TEST(rc::check([] {
    const auto key = ToSecret<kChaCha20KeySize>(*ArbitraryBytes(kChaCha20KeySize));
    const auto position = *rc::gen::arbitrary<std::uint64_t>();
    const auto size = *rc::gen::inRange<std::size_t>(0, 5000);
    const auto cut = *rc::gen::inRange<std::size_t>(0, size + 1);
    // Past 2^64 the position of the second piece cannot be given.
    RC_PRE(position <= ~std::uint64_t{0} - size);
    const Bytes original(size, std::byte{0x5a});
    Bytes whole = original;
    XorKeystream(key, position, whole);
    Bytes pieces = original;
    XorKeystream(key, position, std::span(pieces).first(cut));
    XorKeystream(key, position + cut, std::span(pieces).subspan(cut));
    RC_ASSERT(pieces == whole);
    RC_ASSERT(size < 16U || whole != original);
    XorKeystream(key, position, whole);
    RC_ASSERT(whole == original);
  }));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::crypto::test
