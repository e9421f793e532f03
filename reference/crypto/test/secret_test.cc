// Secrets are gone when their owner is, and comparison finds every difference.
#include "reference/crypto/secret.h"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <memory>
#include <type_traits>
#include <utility>

#include "reference/crypto/test/bytes.h"

namespace tcpslab::crypto::test {
namespace {

using Key = Secret<32>;

static_assert(!std::is_copy_constructible_v<Key> && !std::is_copy_assignable_v<Key>);
static_assert(std::is_nothrow_move_constructible_v<Key> && std::is_nothrow_move_assignable_v<Key>);

const std::string kZero = ToHex(Bytes(Key::kSize));
const std::string kOnes = ToHex(Bytes(Key::kSize, std::byte{0xff}));

// The shortest of some runs, which other work on the machine disturbs least.
std::chrono::nanoseconds TimeToCompare(const Bytes& a, const Bytes& b) {
  auto shortest = std::chrono::nanoseconds::max();
  for (int run = 0; run < 25; ++run) {
    const auto start = std::chrono::steady_clock::now();
    BOOST_TEST(!ConstantTimeEqual(a, b));
    shortest = std::min<std::chrono::nanoseconds>(shortest, std::chrono::steady_clock::now() - start);
  }
  return shortest;
}

Key Ones() { return ToSecret<Key::kSize>(Bytes(Key::kSize, std::byte{0xff})); }

BOOST_AUTO_TEST_SUITE(secret)

BOOST_AUTO_TEST_CASE(starts_as_zero_and_is_cleared) {
  BOOST_TEST(ToHex(Key().bytes()) == kZero);
  Key key = Ones();
  BOOST_TEST(ToHex(key.bytes()) == kOnes);
  key.Clear();
  BOOST_TEST(ToHex(key.bytes()) == kZero);
}

// TCPS-KEY-10
BOOST_AUTO_TEST_CASE(destruction_wipes) {
  alignas(Key) std::array<std::byte, sizeof(Key)> storage{};
  auto* key = new (storage.data()) Key(Ones());
  BOOST_TEST(ToHex(storage) == kOnes);
  std::destroy_at(key);
  BOOST_TEST(ToHex(storage) == kZero);
}

BOOST_AUTO_TEST_CASE(moving_wipes_the_source) {
  Key source = Ones();
  Key constructed(std::move(source));
  BOOST_TEST(ToHex(constructed.bytes()) == kOnes);
  BOOST_TEST(ToHex(source.bytes()) == kZero);  // NOLINT(bugprone-use-after-move): what is tested
  Key assigned;
  assigned = std::move(constructed);
  BOOST_TEST(ToHex(assigned.bytes()) == kOnes);
  BOOST_TEST(ToHex(constructed.bytes()) == kZero);  // NOLINT(bugprone-use-after-move): what is tested
  Key& itself = assigned;
  assigned = std::move(itself);
  BOOST_TEST(ToHex(assigned.bytes()) == kOnes);
}

BOOST_AUTO_TEST_CASE(clone_is_independent) {
  Key key = Ones();
  const Key clone = key.Clone();
  key.Clear();
  BOOST_TEST(ToHex(clone.bytes()) == kOnes);
}

BOOST_AUTO_TEST_CASE(wipe_keeps_to_its_bounds) {
  Bytes bytes(48, std::byte{0xff});
  Wipe(std::span(bytes).subspan(16, 16));
  BOOST_TEST(ToHex(bytes) == kOnes.substr(0, 32) + kZero.substr(0, 32) + kOnes.substr(0, 32));
}

BOOST_AUTO_TEST_CASE(comparison_finds_every_bit) {
  const Bytes a(16, std::byte{0x3c});
  BOOST_TEST(ConstantTimeEqual(a, Bytes(a)));
  for (std::size_t bit = 0; bit < 8 * a.size(); ++bit) {
    Bytes b = a;
    b[bit / 8] ^= std::byte{1} << bit % 8;
    BOOST_TEST(!ConstantTimeEqual(a, b), "bit " << bit);
  }
}

// Of a megabyte; a comparison that ends at the first difference is hundreds of times faster there.
// TCPS-TM-23, TCPS-TOFU-11
BOOST_AUTO_TEST_CASE(comparison_takes_the_same_time_wherever_the_difference_is) {
  const Bytes a(std::size_t{1} << 20, std::byte{0x3c});
  Bytes first = a;
  first.front() ^= std::byte{1};
  Bytes last = a;
  last.back() ^= std::byte{1};
  const auto at_first = TimeToCompare(a, first);
  const auto at_last = TimeToCompare(a, last);
  BOOST_TEST(at_first * 4 > at_last);
  BOOST_TEST(at_last * 4 > at_first);
}

BOOST_AUTO_TEST_CASE(different_sizes_are_unequal) {
  const Bytes a(16);
  BOOST_TEST(!ConstantTimeEqual(a, std::span(a).first(15)));
  BOOST_TEST(!ConstantTimeEqual({}, a));
  BOOST_TEST(ConstantTimeEqual({}, {}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::crypto::test
