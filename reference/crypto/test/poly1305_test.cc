// Both tags against RFC 8439, the kernel module's answers, libsodium, and arithmetic on big integers.
#include "reference/crypto/poly1305.h"

#include <rapidcheck.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>

#include "reference/crypto/libsodium.h"
#include "reference/crypto/test/bytes.h"

namespace tcpslab::crypto::test {
namespace {

using boost::multiprecision::cpp_int;

constexpr std::size_t kBlock = kPoly1305BlockSize;
const std::string kZero16 = "00000000000000000000000000000000";

OneTimeKey ToKey(const Bytes& bytes) { return ToSecret<kPoly1305KeySize>(bytes); }

struct Block {
  Bytes bytes;
  bool high_bit;
};

template <class Mac>
Tag TagOf(const OneTimeKey& key, const std::vector<Block>& blocks) {
  Mac mac(key);
  for (const Block& block : blocks) mac.Block(Fixed<kBlock>(block.bytes), block.high_bit);
  return mac.Finish();
}

// RFC 8439's way with a message.
Tag MessageTag(const OneTimeKey& key, const Bytes& message) {
  StandardPoly1305 mac(key);
  const std::size_t full = message.size() / kBlock * kBlock;
  mac.FullBlocks(std::span(message).first(full));
  if (full < message.size()) {
    std::array<std::byte, kBlock> last{};
    *std::ranges::copy(std::span(message).subspan(full), last.begin()).out = std::byte{1};
    mac.Block(last, false);
  }
  return mac.Finish();
}

cpp_int ToInteger(std::span<const std::byte> little_endian) {
  cpp_int value;
  const unsigned char* first = Raw(little_endian);
  import_bits(value, first, first + little_endian.size(), 8, false);
  return value;
}

// The low 128 bits.
Tag ToTag(const cpp_int& value) {
  Tag tag{};
  for (std::size_t i = 0; i < tag.size(); ++i) {
    tag[i] = static_cast<std::byte>(static_cast<unsigned>((value >> 8 * i) & 0xff));
  }
  return tag;
}

// RFC 8439, section 2.5, on integers: the accumulator before s is added.
cpp_int Accumulator(const Bytes& key, const std::vector<Block>& blocks) {
  const cpp_int p = (cpp_int(1) << 130) - 5;
  const cpp_int r = ToInteger(std::span(key).first(kBlock)) & cpp_int("0x0ffffffc0ffffffc0ffffffc0fffffff");
  cpp_int accumulator = 0;
  for (const Block& block : blocks) {
    const cpp_int number = ToInteger(block.bytes) + (block.high_bit ? cpp_int(1) << 128 : cpp_int(0));
    accumulator = (accumulator + number) * r % p;
  }
  return accumulator;
}

cpp_int Pad(const Bytes& key) { return ToInteger(std::span(key).subspan(kBlock)); }

// Spec tcps-wire.md, section 5.1, for an accumulator below p: 26 bits to a 32-bit word, the top 26 bits lost.
cpp_int Spread(const cpp_int& accumulator) {
  cpp_int spread = 0;
  for (unsigned i = 0; i < 4; ++i) spread |= ((accumulator >> 26 * i) & ((1U << 26) - 1)) << 32 * i;
  return spread;
}

struct MessageVector {
  std::string name;
  std::string r;
  std::string s;
  Bytes message;
  std::string tag;
};

const std::string kIetfText =
    "Any submission to the IETF intended by the Contributor for publication as all or part of an IETF Internet-Draft "
    "or "
    "RFC and any statement made within the context of an IETF activity is considered an \"IETF Contribution\". Such "
    "statements include oral statements in IETF sessions, as well as written and electronic communications made at any "
    "time or place, which are addressed to";
const std::string kOnes16 = "ffffffffffffffffffffffffffffffff";

// RFC 8439, section 2.5.2 and appendix A.3. From #7 on the accumulator reaches or passes the prime on the way.
const std::vector<MessageVector> kRfcVectors = {
    {"2.5.2", "85d6be7857556d337f4452fe42d506a8", "0103808afb0db2fd4abff6af4149f51b",
     ToBytes("Cryptographic Forum Research Group"), "a8061dc1305136c6c22b8baf0c0127a9"},
    {"A.3 #1", kZero16, kZero16, Bytes(64), kZero16},
    {"A.3 #2", kZero16, "36e5f6b5c5e06070f0efca96227a863e", ToBytes(kIetfText), "36e5f6b5c5e06070f0efca96227a863e"},
    {"A.3 #3", "36e5f6b5c5e06070f0efca96227a863e", kZero16, ToBytes(kIetfText), "f3477e7cd95417af89a6b8794c310cf0"},
    {"A.3 #4", "1c9240a5eb55d38af333888604f6b5f0", "473917c1402b80099dca5cbc207075c0",
     ToBytes("'Twas brillig, and the slithy toves\nDid gyre and gimble in the wabe:\nAll mimsy were the "
             "borogoves,\nAnd the mome raths outgrabe."),
     "4541669a7eaaee61e708dc7cbcc5eb62"},
    {"A.3 #5", "02000000000000000000000000000000", kZero16, FromHex(kOnes16), "03000000000000000000000000000000"},
    {"A.3 #6", "02000000000000000000000000000000", kOnes16, FromHex("02000000000000000000000000000000"),
     "03000000000000000000000000000000"},
    {"A.3 #7", "01000000000000000000000000000000", kZero16,
     FromHex(kOnes16 + "f0ffffffffffffffffffffffffffffff" + "11000000000000000000000000000000"),
     "05000000000000000000000000000000"},
    {"A.3 #8", "01000000000000000000000000000000", kZero16,
     FromHex(kOnes16 + "fbfefefefefefefefefefefefefefefe" + "01010101010101010101010101010101"), kZero16},
    {"A.3 #9", "02000000000000000000000000000000", kZero16, FromHex("fdffffffffffffffffffffffffffffff"),
     "faffffffffffffffffffffffffffffff"},
    {"A.3 #10", "01000000000000000400000000000000", kZero16,
     FromHex("e33594d7505e43b90000000000000000"
             "3394d7505e4379cd0100000000000000" +
             kZero16 + "01000000000000000000000000000000"),
     "14000000000000005500000000000000"},
    {"A.3 #11", "01000000000000000400000000000000", kZero16,
     FromHex("e33594d7505e43b90000000000000000"
             "3394d7505e4379cd0100000000000000" +
             kZero16),
     "13000000000000000000000000000000"},
};

std::vector<Block> ArbitraryBlocks() {
  std::vector<Block> blocks(*rc::gen::inRange<std::size_t>(0, 12));
  for (Block& block : blocks) {
    block.bytes = *rc::gen::oneOf(ArbitraryBytes(kBlock), rc::gen::just(Bytes(kBlock, std::byte{0xff})));
    block.high_bit = *rc::gen::arbitrary<bool>();
  }
  return blocks;
}

BOOST_AUTO_TEST_SUITE(poly1305)

BOOST_AUTO_TEST_CASE(rfc_8439) {
  for (const MessageVector& vector : kRfcVectors) {
    const OneTimeKey key = ToKey(FromHex(vector.r + vector.s));
    BOOST_TEST(ToHex(MessageTag(key, vector.message)) == vector.tag, vector.name);
  }
}

// TCPS-TM-22
BOOST_AUTO_TEST_CASE(upstream_vectors) {
  const nlohmann::json vectors = Vectors("poly_blocks.json");
  BOOST_TEST_REQUIRE(vectors.size() == 12U);
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    const OneTimeKey key = ToKey(FromHex(vectors[i].at("key").get<std::string>()));
    std::vector<Block> blocks;
    for (const nlohmann::json& block : vectors[i].at("blocks")) {
      blocks.push_back({FromHex(block.at("bytes").get<std::string>()), block.at("hibit").get<int>() == 1});
    }
    BOOST_TEST_CONTEXT("poly_blocks.json, vector " << i << ": " << vectors[i].at("note")) {
      BOOST_TEST(ToHex(TagOf<LkmPoly1305>(key, blocks)) == vectors[i].at("tag_lkm_compat").get<std::string>());
      BOOST_TEST(ToHex(TagOf<StandardPoly1305>(key, blocks)) ==
                 vectors[i].at("tag_standard_arithmetic").get<std::string>());
    }
  }
}

BOOST_AUTO_TEST_CASE(standard_equals_libsodium_for_any_message) {
  BOOST_TEST(rc::check([] {
    const Bytes key = *ArbitraryBytes(kPoly1305KeySize);
    const Bytes message = *ArbitraryBytes(*rc::gen::inRange<std::size_t>(0, 1500));
    Bytes expected(crypto_onetimeauth_poly1305_BYTES);
    crypto_onetimeauth_poly1305(MutableRaw(expected), Raw(message), message.size(), Raw(key));
    RC_ASSERT(ToHex(MessageTag(ToKey(key), message)) == ToHex(expected));
  }));
}

BOOST_AUTO_TEST_CASE(both_equal_integer_arithmetic_for_any_blocks) {
  BOOST_TEST(rc::check([] {
    const Bytes key = *ArbitraryBytes(kPoly1305KeySize);
    const std::vector<Block> blocks = ArbitraryBlocks();
    const cpp_int accumulator = Accumulator(key, blocks);
    RC_ASSERT(ToHex(TagOf<StandardPoly1305>(ToKey(key), blocks)) == ToHex(ToTag(accumulator + Pad(key))));
    RC_ASSERT(ToHex(TagOf<LkmPoly1305>(ToKey(key), blocks)) == ToHex(ToTag(Spread(accumulator) + Pad(key))));
  }));
}

// r = 5 and the one block (2^131 - 3) / 5: the product's limbs 1 to 4 are full and folding its carry adds one more to
// limb 1, so that the last pass carries through all limbs and out of the top one. 2^131 - 3 = 2p + 7.
BOOST_AUTO_TEST_CASE(last_carry_comes_round) {
  const Bytes key = FromHex("05000000000000000000000000000000" + kZero16);
  const cpp_int number = ((cpp_int(1) << 131) - 3) / 5;
  BOOST_TEST_REQUIRE((number >> 128) == 1);
  const Tag low = ToTag(number);
  const std::vector<Block> blocks = {{Bytes(low.begin(), low.end()), true}};
  BOOST_TEST_REQUIRE(Accumulator(key, blocks) == 7);
  BOOST_TEST(ToHex(TagOf<LkmPoly1305>(ToKey(key), blocks)) == "07000000000000000000000000000000");
  BOOST_TEST(ToHex(TagOf<StandardPoly1305>(ToKey(key), blocks)) == "07000000000000000000000000000000");
}

template <class Mac>
void CheckPathsAgree(const Bytes& key, std::byte fill, std::size_t count) {
  std::vector<Block> blocks(count, Block{Bytes(kBlock, fill), true});
  const Bytes message(count * kBlock, fill);
  Mac at_once(ToKey(key));
  at_once.FullBlocks(message);
  const std::string tag = ToHex(at_once.Finish());
  BOOST_TEST(tag == ToHex(TagOf<Mac>(ToKey(key), blocks)), count << " blocks of " << static_cast<int>(fill));
}

// Key all ones: r at the largest value that the clamp leaves, so the limbs are at their largest too.
BOOST_AUTO_TEST_CASE(many_blocks_at_once_equal_single_blocks_at_the_extremes) {
  for (const std::byte fill : {std::byte{0}, std::byte{0x80}, std::byte{0xff}}) {
    for (std::size_t count = 0; count <= 130; ++count) {
      CheckPathsAgree<StandardPoly1305>(Bytes(kPoly1305KeySize, std::byte{0xff}), fill, count);
      CheckPathsAgree<LkmPoly1305>(Bytes(kPoly1305KeySize, std::byte{0xff}), fill, count);
    }
  }
}

BOOST_AUTO_TEST_CASE(extreme_blocks_equal_integer_arithmetic) {
  const Bytes key(kPoly1305KeySize, std::byte{0xff});
  for (std::size_t count = 0; count <= 40; ++count) {
    const std::vector<Block> blocks(count, Block{Bytes(kBlock, std::byte{0xff}), true});
    StandardPoly1305 standard(ToKey(key));
    standard.FullBlocks(Bytes(count * kBlock, std::byte{0xff}));
    BOOST_TEST(ToHex(standard.Finish()) == ToHex(ToTag(Accumulator(key, blocks) + Pad(key))), count << " blocks");
  }
}

// As TCP/S does it: a single block first, then many, then single ones.
BOOST_AUTO_TEST_CASE(blocks_can_be_cut_anywhere) {
  BOOST_TEST(rc::check([] {
    const Bytes key = *ArbitraryBytes(kPoly1305KeySize);
    const auto count = *rc::gen::inRange<std::size_t>(0, 100);
    const auto first = *rc::gen::inRange<std::size_t>(0, count + 1);
    const Bytes message = *ArbitraryBytes(count * kBlock);
    StandardPoly1305 pieces(ToKey(key));
    for (std::size_t i = 0; i < first; ++i) {
      pieces.Block(Fixed<kBlock>(std::span(message).subspan(i * kBlock, kBlock)), true);
    }
    pieces.FullBlocks(std::span(message).subspan(first * kBlock));
    StandardPoly1305 whole(ToKey(key));
    whole.FullBlocks(message);
    RC_ASSERT(ToHex(pieces.Finish()) == ToHex(whole.Finish()));
  }));
}

template <class Mac>
bool IsWipedWhenDestroyed() {
  alignas(Mac) std::array<std::byte, sizeof(Mac)> storage{};
  auto* mac = new (storage.data()) Mac(ToKey(Bytes(kPoly1305KeySize, std::byte{0xff})));
  mac->FullBlocks(Bytes(10 * kBlock, std::byte{0xff}));
  std::destroy_at(mac);
  return std::ranges::all_of(storage, [](std::byte byte) { return byte == std::byte{0}; });
}

BOOST_AUTO_TEST_CASE(state_is_wiped) {
  BOOST_TEST(IsWipedWhenDestroyed<StandardPoly1305>());
  BOOST_TEST(IsWipedWhenDestroyed<LkmPoly1305>());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::crypto::test
