// One-time MAC keys from two tags, and the attacker that makes a third of them.
#include <algorithm>
#include <array>
#include <boost/multiprecision/cpp_int.hpp>
#include <boost/test/unit_test.hpp>
#include <string>
#include <utility>
#include <vector>

#include "model/path/forgery/tcps-lkm-lattice.h"
#include "model/path/forgery/tcps-lkm-search.h"
#include "model/path/forgery/tcps-mac-polynomial.h"
#include "model/path/forgery/tcps-polynomial-roots.h"
#include "model/test/path_bench.h"
#include "ns3/string.h"
#include "reference/tcps/hex.h"
#include "reference/tcps/options.h"

namespace tcpslab::model_test {
namespace {

using boost::multiprecision::cpp_int;
using Field = ns3::TcpsField1305;
using ns3::TcpsLkmSearch;
using ns3::TcpsPathElement;
using ns3::TcpsTaggedMessage;
using stack::OwnedSegment;
using tcps::TagArithmetic;

constexpr std::uint8_t kData = wire::kPsh | wire::kAck;

const cpp_int kPrime = (cpp_int(1) << 130) - 5;

template <class Bytes>
cpp_int Number(const Bytes& bytes) {
  cpp_int number = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) number = number << 8 | std::to_integer<unsigned>(bytes[i]);
  return number;
}

cpp_int Number(const Field& element) { return Number(element.ToBytes()); }

Field RandomField(crypto::Random& random) {
  std::array<std::byte, 16> low{};
  random.Fill(low);
  return Field::FromBytes(low, random.Uint32());
}

crypto::ChaCha20Key RandomKey(crypto::Random& random) {
  crypto::ChaCha20Key key;
  random.Fill(key.mutable_bytes());
  return key;
}

TcpsTaggedMessage Tagged(TagArithmetic arithmetic, const crypto::ChaCha20Key& mac_key, std::uint64_t position,
                         std::uint8_t flags, std::vector<std::byte> ciphertext) {
  const crypto::Tag tag = tcps::PacketTag(arithmetic, mac_key, position, flags, ciphertext);
  return {.position = position, .flags = flags, .ciphertext = std::move(ciphertext), .tag = tag};
}

std::vector<std::byte> RandomBytes(crypto::Random& random, std::size_t size) {
  std::vector<std::byte> bytes(size);
  random.Fill(bytes);
  return bytes;
}

// r as Poly1305 uses it, and s (RFC 8439, section 2.5).
std::string Effective(const crypto::OneTimeKey& key) {
  crypto::OneTimeKey clamped = key.Clone();
  const auto bytes = clamped.mutable_bytes();
  for (const std::size_t i : {3, 7, 11, 15}) bytes[i] &= std::byte{0x0f};
  for (const std::size_t i : {4, 8, 12}) bytes[i] &= std::byte{0xfc};
  return tcps::ToHex(bytes);
}

BOOST_AUTO_TEST_SUITE(field)

BOOST_AUTO_TEST_CASE(AgreesWithBigIntegers) {
  crypto::SeededRandom random(1);
  std::vector<Field> elements = {Field(), Field(1), Field(5), -Field(1), Field::PowerOfTwo(130), -Field(6)};
  for (int i = 0; i < 30; ++i) elements.push_back(RandomField(random));
  for (const Field& a : elements) {
    BOOST_TEST(Number(a) < kPrime);
    BOOST_TEST(Number(-a) == (kPrime - Number(a)) % kPrime);
    BOOST_TEST(Number(a.Power({77, 0, 1})) == powm(Number(a), (cpp_int(1) << 128) + 77, kPrime));
    if (!a.IsZero()) BOOST_TEST(Number(a * a.Inverse()) == 1);
    const Field root = (a * a).SquareRoot();
    BOOST_TEST((root == a || root == -a));
    for (const Field& b : elements) {
      BOOST_TEST(Number(a + b) == (Number(a) + Number(b)) % kPrime);
      BOOST_TEST(Number(a - b) == (Number(a) + kPrime - Number(b)) % kPrime);
      BOOST_TEST(Number(a * b) == Number(a) * Number(b) % kPrime);
      BOOST_TEST((a == b) == (Number(a) == Number(b)));
    }
  }
}

BOOST_AUTO_TEST_CASE(FindsTheRootsOfAPolynomial) {
  crypto::SeededRandom random(2);
  for (std::size_t count = 0; count < 9; ++count) {
    std::vector<cpp_int> roots;
    ns3::TcpsPolynomial polynomial{RandomField(random)};
    const auto multiply = [&polynomial](const ns3::TcpsPolynomial& factor) {
      ns3::TcpsPolynomial product(polynomial.size() + factor.size() - 1);
      for (std::size_t i = 0; i < polynomial.size(); ++i) {
        for (std::size_t j = 0; j < factor.size(); ++j) product[i + j] = product[i + j] + polynomial[i] * factor[j];
      }
      polynomial = product;
    };
    for (std::size_t i = 0; i < count; ++i) {
      const Field root = i == 0 ? Field() : RandomField(random);
      multiply({-root, Field(1)});
      if (i == 1) multiply({-root, Field(1)});  // twice
      roots.push_back(Number(root));
    }
    multiply({Field(1), Field(), Field(1)});  // x^2 + 1 has none, since p = 3 (mod 4)
    std::vector<cpp_int> found;
    for (const Field& root : ns3::TcpsRootsOf(polynomial)) found.push_back(Number(root));
    std::ranges::sort(roots);
    std::ranges::sort(found);
    BOOST_TEST(found == roots);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(key_recovery)

// tcps-wire.md, section 5.3: a retransmission with another length or other flags.
BOOST_AUTO_TEST_CASE(TwoPoly1305TagsGiveTheKey) {
  crypto::SeededRandom random(3);
  struct Case {
    std::size_t first_size;
    std::size_t second_size;
    std::uint8_t second_flags;
  };
  for (const Case& example : {Case{4, 8, kData}, Case{40, 100, kData}, Case{16, 32, kData}, Case{100, 100, 0x19},
                              Case{0, 20, kData}, Case{500, 321, kData}}) {
    const crypto::ChaCha20Key mac_key = RandomKey(random);
    const std::uint64_t position = random.Uint32();
    const std::vector<std::byte> stream = RandomBytes(random, 500);
    const auto part = [&stream](std::size_t size) {
      return std::vector<std::byte>(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(size));
    };
    const auto a = Tagged(TagArithmetic::kStandard, mac_key, position, kData, part(example.first_size));
    const auto b = Tagged(TagArithmetic::kStandard, mac_key, position, example.second_flags, part(example.second_size));
    const std::vector<crypto::OneTimeKey> keys = ns3::TcpsRecoverKeys(a, b);
    BOOST_TEST_REQUIRE(keys.size() == 1U);
    BOOST_TEST(tcps::ToHex(keys[0].bytes()) == Effective(tcps::DeriveOneTimeKey(mac_key, position)));
  }
}

BOOST_AUTO_TEST_CASE(TagsOfAnotherKindGiveNone) {
  crypto::SeededRandom random(4);
  const crypto::ChaCha20Key mac_key = RandomKey(random);
  const auto a = Tagged(TagArithmetic::kLkm, mac_key, 0, kData, RandomBytes(random, 9));
  const auto b = Tagged(TagArithmetic::kLkm, mac_key, 0, kData, RandomBytes(random, 14));
  BOOST_TEST(ns3::TcpsRecoverKeys(a, b).empty());
  const auto other = Tagged(TagArithmetic::kStandard, mac_key, 16, kData, RandomBytes(random, 14));
  BOOST_TEST(ns3::TcpsRecoverKeys(Tagged(TagArithmetic::kStandard, mac_key, 0, kData, a.ciphertext), other).empty());
}

// The part of the search around the difference of the top limbs that a test, which knows the key, can compute.
BOOST_AUTO_TEST_CASE(TheModulesTagsFallToASearch) {
  crypto::SeededRandom random(5);
  for (int i = 0; i < 5; ++i) {
    const crypto::ChaCha20Key mac_key = RandomKey(random);
    const std::uint64_t position = random.Uint32();
    const auto a = Tagged(TagArithmetic::kLkm, mac_key, position, kData, RandomBytes(random, 9));
    const auto b = Tagged(TagArithmetic::kLkm, mac_key, position, kData, RandomBytes(random, 14));
    const std::string key = Effective(tcps::DeriveOneTimeKey(mac_key, position));

    const auto residue = [&key](const TcpsTaggedMessage& message) {
      const std::vector<std::byte> bytes = *tcps::FromHex(key);
      const cpp_int r = Number(std::span(bytes).first(16));
      cpp_int value = 0;
      for (const tcps::MacBlock& block : tcps::MacBlocks(message.position, message.flags, message.ciphertext)) {
        value = (value + Number(block.bytes) + (cpp_int(block.high_bit ? 1 : 0) << 128)) * r % kPrime;
      }
      return value;
    };
    const auto top = [&residue](const TcpsTaggedMessage& message) {
      return static_cast<std::int32_t>(residue(message) >> 104);
    };
    const std::int32_t difference = top(a) - top(b);

    const auto search = TcpsLkmSearch::Prepare(a, b);
    BOOST_TEST_REQUIRE(search.has_value());
    std::vector<std::string> found;
    for (const auto& candidate : search->Search(difference - 2, difference + 5)) {
      found.push_back(tcps::ToHex(candidate.bytes()));
    }
    BOOST_TEST((std::ranges::find(found, key) != found.end()));
    BOOST_TEST(search->Search(difference + 1, difference + 8).size() < 2U);
  }
}

BOOST_AUTO_TEST_CASE(FourOfTheModulesTagsGiveTheKey) {
  crypto::SeededRandom random(8);
  for (int i = 0; i < 20; ++i) {
    const crypto::ChaCha20Key mac_key = RandomKey(random);
    const std::uint64_t position = random.Uint32();
    std::array<TcpsTaggedMessage, ns3::kTcpsLkmMessages> messages;
    std::size_t size = 1;
    for (TcpsTaggedMessage& message : messages) {
      message = Tagged(TagArithmetic::kLkm, mac_key, position, kData, RandomBytes(random, size));
      size += 5;
    }
    const auto key = ns3::TcpsSolveLkmKey(messages);
    BOOST_TEST_REQUIRE(key.has_value());
    BOOST_TEST(tcps::ToHex(key->bytes()) == Effective(tcps::DeriveOneTimeKey(mac_key, position)));
    messages[3].tag[0] ^= std::byte{1};
    BOOST_TEST(!ns3::TcpsSolveLkmKey(messages).has_value());
  }
}

BOOST_AUTO_TEST_CASE(TheSearchTakesShortMessagesOnly) {
  crypto::SeededRandom random(6);
  const crypto::ChaCha20Key mac_key = RandomKey(random);
  const auto tagged = [&](std::size_t size, std::uint8_t flags) {
    return Tagged(TagArithmetic::kLkm, mac_key, 0, flags, RandomBytes(random, size));
  };
  BOOST_TEST(TcpsLkmSearch::Prepare(tagged(1, kData), tagged(16, kData)).has_value());
  BOOST_TEST(!TcpsLkmSearch::Prepare(tagged(1, kData), tagged(17, kData)).has_value());
  BOOST_TEST(!TcpsLkmSearch::Prepare(tagged(1, kData), tagged(16, wire::kAck)).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(tag_forger)

constexpr std::uint32_t kIsn = 1000;

// Segments of one connection whose tags are right, by hand.
class Sender {
 public:
  explicit Sender(TagArithmetic arithmetic, bool ipv6 = false)
      : arithmetic_(arithmetic),
        ipv6_(ipv6),
        random_(7),
        mac_key_(RandomKey(random_)),
        text_(RandomBytes(random_, 200)) {}

  [[nodiscard]] OwnedSegment Syn() const { return Travelling(kForward, wire::kSyn, kIsn, 0, {}, ipv6_); }
  [[nodiscard]] OwnedSegment Data(std::size_t offset, std::size_t size) const {
    OwnedSegment segment = Travelling(kForward, kData, kIsn + 1 + static_cast<std::uint32_t>(offset), 1, {}, ipv6_);
    segment.SetPayload(std::span(text_).subspan(offset, size));
    tcps::AppendTm(segment->options, TagOf(segment, offset));
    return segment;
  }
  [[nodiscard]] crypto::Tag TagOf(const OwnedSegment& segment, std::size_t position) const {
    return tcps::PacketTag(arithmetic_, mac_key_, position, segment->flags, segment->payload);
  }
  [[nodiscard]] std::string OneTimeKey(std::size_t position) const {
    return tcps::ToHex(tcps::DeriveOneTimeKey(mac_key_, position).bytes());
  }

 private:
  TagArithmetic arithmetic_;
  bool ipv6_;
  crypto::SeededRandom random_;
  crypto::ChaCha20Key mac_key_;
  std::vector<std::byte> text_;
};

void CheckForged(const Bench::Output& output, const Sender& sender, const OwnedSegment& genuine, std::byte flip) {
  BOOST_TEST(output.checksum_valid);
  BOOST_TEST(output.number == genuine->sequence);
  BOOST_TEST_REQUIRE(output.segment->payload.size() == genuine->payload.size());
  for (std::size_t i = 0; i < genuine->payload.size(); ++i) {
    BOOST_TEST((output.segment->payload[i] == (genuine->payload[i] ^ flip)));
  }
  BOOST_TEST((tcps::FindTm(output.segment->options) == sender.TagOf(output.segment, 0)));
}

BOOST_AUTO_TEST_CASE(ForgesFromTwoTags) {
  for (const bool ipv6 : {false, true}) {
    const Sender sender(TagArithmetic::kStandard, ipv6);
    const auto element = Make("ns3::TcpsTagForger", {{"Flip", "1"}, {"Goal", "inject"}});
    Bench bench(element);
    bench.Receive(*sender.Syn(), kForward);
    bench.Receive(*sender.Data(0, 30), kForward);
    bench.Receive(*sender.Data(30, 10), kForward);
    BOOST_TEST(bench.outputs.size() == 2U);  // the first one is held back
    BOOST_TEST(!element->HasAchieved());
    bench.Receive(*sender.Data(0, 50), kForward);
    BOOST_TEST_REQUIRE(bench.outputs.size() == 3U);
    CheckForged(bench.outputs[2], sender, sender.Data(0, 50), std::byte{1});
    BOOST_TEST(element->HasAchieved());
    // Once.
    bench.Receive(*sender.Data(0, 60), kForward);
    BOOST_TEST(bench.outputs.back().bytes == PacketOf(*sender.Data(0, 60)).GetBytes(),
               boost::test_tools::per_element());
  }
}

// A sender that repeats what it sent, as ns-3's does, gives nothing away.
BOOST_AUTO_TEST_CASE(GivesUpWhenNothingDiffers) {
  const Sender sender(TagArithmetic::kStandard);
  Bench bench(Make("ns3::TcpsTagForger", {{"Repetitions", "2"}}));
  bench.Receive(*sender.Syn(), kForward);
  for (int i = 0; i < 3; ++i) bench.Receive(*sender.Data(0, 30), kForward);
  BOOST_TEST(bench.outputs.size() == 1U);
  bench.Receive(*sender.Data(0, 30), kForward);
  BOOST_TEST_REQUIRE(bench.outputs.size() == 2U);
  BOOST_TEST(bench.outputs[1].bytes == PacketOf(*sender.Data(0, 30)).GetBytes(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(TriesGivenKeysThatExplainBothTags) {
  const Sender sender(TagArithmetic::kLkm);
  const std::string wrong(64, 'a');
  const auto element = Make("ns3::TcpsTagForger", {{"Keys", wrong + "," + sender.OneTimeKey(0)}, {"Flip", "2"}});
  Bench bench(element);
  bench.Receive(*sender.Syn(), kForward);
  bench.Receive(*sender.Data(0, 9), kForward);
  bench.Receive(*sender.Data(0, 14), kForward);
  BOOST_TEST_REQUIRE(bench.outputs.size() == 2U);
  CheckForged(bench.outputs[1], sender, sender.Data(0, 14), std::byte{2});
}

BOOST_AUTO_TEST_CASE(WaitsForFourTagsOfTheModule) {
  const Sender sender(TagArithmetic::kLkm);
  Bench bench(Make("ns3::TcpsTagForger", {{"Tags", "4"}, {"Flip", "4"}}));
  bench.Receive(*sender.Syn(), kForward);
  for (const std::size_t size : {3U, 12U, 6U}) bench.Receive(*sender.Data(0, size), kForward);
  BOOST_TEST(bench.outputs.size() == 1U);
  bench.Receive(*sender.Data(0, 9), kForward);
  BOOST_TEST_REQUIRE(bench.outputs.size() == 2U);
  CheckForged(bench.outputs[1], sender, sender.Data(0, 12), std::byte{4});
}

// What it cannot use passes in the end.
BOOST_AUTO_TEST_CASE(GivesUpWhenTheTagsDoNotSuffice) {
  const Sender sender(TagArithmetic::kLkm);
  Bench bench(Make("ns3::TcpsTagForger"));
  bench.Receive(*sender.Syn(), kForward);
  for (const std::size_t size : {3U, 12U}) bench.Receive(*sender.Data(0, size), kForward);
  BOOST_TEST_REQUIRE(bench.outputs.size() == 2U);
  BOOST_TEST(bench.outputs[1].bytes == PacketOf(*sender.Data(0, 12)).GetBytes(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(RefusesKeysThatAreNone) {
  for (const char* text : {"12", "zz", "0x12"}) {
    BOOST_TEST(!Make("ns3::TcpsTagForger")->SetAttributeFailSafe("Keys", ns3::StringValue(text)));
  }
}

BOOST_AUTO_TEST_CASE(EverythingElsePasses) {
  const Sender sender(TagArithmetic::kStandard);
  Bench bench(Make("ns3::TcpsTagForger"));
  bench.Receive(*sender.Data(0, 30), kForward);  // of a connection whose SYN it did not see
  bench.Receive(Numbered(7));
  bench.Receive(*sender.Syn(), kForward);
  bench.Receive(*Travelling(kForward, wire::kAck, kIsn + 1, 1), kForward);
  bench.Receive(*Travelling(kForward, kData, kIsn + 1, 1, "plain"), kForward);
  BOOST_TEST(bench.outputs.size() == 5U);
  BOOST_TEST(bench.outputs[0].bytes == PacketOf(*sender.Data(0, 30)).GetBytes(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::model_test
