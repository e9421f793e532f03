#include "scenarios/runner/clear_text.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <set>
#include <vector>

#include "reference/crypto/random.h"

namespace tcpslab::scenarios {
namespace {

using Bytes = std::vector<std::byte>;

Bytes Slice(const Pattern& pattern, std::uint64_t offset, std::size_t size) {
  Bytes bytes(size);
  pattern.Fill(offset, bytes);
  return bytes;
}

Bytes Noise(std::size_t size, std::uint64_t seed = 99) {
  Bytes bytes(size);
  crypto::SeededRandom(seed).Fill(bytes);
  return bytes;
}

Bytes Join(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

BOOST_AUTO_TEST_CASE(APatternIsAFunctionOfItsKeyAndTheOffset) {
  const Pattern pattern(1, 0, Way::kRequest, 10'000);
  const Bytes whole = Slice(pattern, 0, 10'000);
  BOOST_TEST((Slice(Pattern(1, 0, Way::kRequest, 10'000), 0, 10'000) == whole));
  BOOST_TEST((Slice(pattern, 4321, 777) == Bytes(whole.begin() + 4321, whole.begin() + 4321 + 777)));
  for (const Pattern& other : {Pattern(2, 0, Way::kRequest, 10'000), Pattern(1, 1, Way::kRequest, 10'000),
                               Pattern(1, 0, Way::kResponse, 10'000)}) {
    BOOST_TEST((Slice(other, 0, 64) != Bytes(whole.begin(), whole.begin() + 64)));
  }
}

BOOST_AUTO_TEST_CASE(EveryBlockOf64IsDistinct) {
  const Pattern pattern(1, 0, Way::kResponse, 1 << 20);
  std::set<Bytes> blocks;
  for (std::uint64_t offset = 0; offset < pattern.length(); offset += 64) {
    blocks.insert(Slice(pattern, offset, 64));
  }
  BOOST_TEST(blocks.size() == pattern.length() / 64);
}

BOOST_AUTO_TEST_CASE(MatchesComparesEveryByteAndTheLength) {
  const Pattern pattern(1, 0, Way::kRequest, 9000);
  Bytes bytes = Slice(pattern, 100, 8900);
  BOOST_TEST(pattern.Matches(100, bytes));
  BOOST_TEST(!pattern.Matches(101, Slice(pattern, 101, 8900)));
  BOOST_TEST(!pattern.Matches(9001, {}));
  bytes.back() ^= std::byte{1};
  BOOST_TEST(!pattern.Matches(100, bytes));
}

BOOST_AUTO_TEST_CASE(EveryWindowIsFoundAtEveryAlignment) {
  const Pattern request(1, 0, Way::kRequest, 300);
  const Pattern response(1, 0, Way::kResponse, 101);
  const ClearTextIndex index({&request, &response});
  for (const Pattern* pattern : {&request, &response}) {
    for (std::uint64_t offset = 0; offset + 16 <= pattern->length(); ++offset) {
      for (const std::size_t before : {0U, 3U, 21U}) {
        BOOST_TEST_INFO("offset " << offset << ", after " << before);
        BOOST_TEST(index.FoundIn(Join({Noise(before), Slice(*pattern, offset, 16), Noise(5, 7)})));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(FewerThan16BytesAreNoWindow) {
  const Pattern pattern(1, 0, Way::kRequest, 4096);
  const ClearTextIndex index({&pattern});
  for (std::uint64_t offset = 1; offset < 64; ++offset) {
    Bytes bytes = Slice(pattern, offset - 1, 17);  // 15 in clear, the neighbours not
    bytes.front() ^= std::byte{1};
    bytes.back() ^= std::byte{1};
    BOOST_TEST(!index.FoundIn(Join({Noise(40), bytes, Noise(40, 8)})));
  }
}

BOOST_AUTO_TEST_CASE(AWindowThatReachesBeyondThePatternIsNone) {
  const Pattern pattern(1, 0, Way::kRequest, 100);
  const ClearTextIndex index({&pattern});
  BOOST_TEST(index.FoundIn(Slice(pattern, 84, 16)));
  BOOST_TEST(!index.FoundIn(Slice(pattern, 85, 16)));
}

BOOST_AUTO_TEST_CASE(CiphertextIsNotFound) {
  const Pattern request(1, 0, Way::kRequest, 1 << 20);
  const Pattern response(1, 0, Way::kResponse, 1 << 20);
  const ClearTextIndex index({&request, &response});
  BOOST_TEST(!index.FoundIn(Noise(1 << 20)));
  // The pattern of another connection is noise to this one.
  BOOST_TEST(!index.FoundIn(Slice(Pattern(1, 1, Way::kRequest, 1 << 20), 64, (1 << 20) - 64)));
}

BOOST_AUTO_TEST_CASE(ShortSegmentsAreJoined) {
  const Pattern pattern(1, 0, Way::kRequest, 4096);
  const ClearTextIndex index({&pattern});
  ClearTextSearch search(index, pattern);
  for (std::uint32_t offset = 0; offset < 12; offset += 4) {
    BOOST_TEST(!search.Found(offset, Slice(pattern, offset, 4)));
  }
  BOOST_TEST(search.Found(12, Slice(pattern, 12, 4)));
}

BOOST_AUTO_TEST_CASE(OnlySuccessiveSegmentsAreJoined) {
  const Pattern pattern(1, 0, Way::kRequest, 4096);
  const ClearTextIndex index({&pattern});
  ClearTextSearch search(index, pattern);
  BOOST_TEST(!search.Found(2000, Slice(pattern, 0, 7)));
  BOOST_TEST(!search.Found(1000, Slice(pattern, 7, 12)));
}

BOOST_AUTO_TEST_CASE(ShortMessagesAndSegmentsAreComparedAtTheirPlace) {
  const Pattern tiny(1, 0, Way::kRequest, 3);
  const ClearTextIndex tiny_index({&tiny});
  BOOST_TEST(ClearTextSearch(tiny_index, tiny).Found(0, Slice(tiny, 0, 3)));
  BOOST_TEST(!ClearTextSearch(tiny_index, tiny).Found(0, Noise(3)));

  const Pattern pattern(1, 0, Way::kRequest, 4096);
  const ClearTextIndex index({&pattern});
  BOOST_TEST(ClearTextSearch(index, pattern).Found(4000, Slice(pattern, 4000, 8)));
  BOOST_TEST(!ClearTextSearch(index, pattern).Found(4000, Slice(pattern, 4001, 8)));
  BOOST_TEST(!ClearTextSearch(index, pattern).Found(4000, Slice(pattern, 4000, 7)));
}

}  // namespace
}  // namespace tcpslab::scenarios
