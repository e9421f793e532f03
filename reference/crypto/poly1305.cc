#include "reference/crypto/poly1305.h"

#include <boost/endian/conversion.hpp>
#include <cassert>

namespace tcpslab::crypto {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t kMask44 = (std::uint64_t{1} << 44) - 1;
constexpr std::uint64_t kMask42 = (std::uint64_t{1} << 42) - 1;
constexpr std::uint32_t kMask26 = (std::uint32_t{1} << 26) - 1;

std::uint64_t Load64(const std::byte* bytes) {
  return boost::endian::load_little_u64(reinterpret_cast<const unsigned char*>(bytes));
}
std::uint32_t Load32(const std::byte* bytes) {
  return boost::endian::load_little_u32(reinterpret_cast<const unsigned char*>(bytes));
}
void Store64(std::uint64_t value, std::byte* out) {
  boost::endian::store_little_u64(reinterpret_cast<unsigned char*>(out), value);
}

using Limbs44 = std::array<std::uint64_t, 3>;

// 16 bytes as limbs of 44, 44 and 42 bits; `high` is 2^128 in the last limb.
Limbs44 LoadBlock(const std::byte* block, std::uint64_t high) {
  const std::uint64_t low64 = Load64(block);
  const std::uint64_t high64 = Load64(block + 8);
  return {low64 & kMask44, (low64 >> 44 | high64 << 20) & kMask44, (high64 >> 24) | high};
}

struct Product {
  Wide d0, d1, d2;
  Product& operator+=(const Product& other) {
    d0 += other.d0;
    d1 += other.d1;
    d2 += other.d2;
    return *this;
  }
};

// Schoolbook, with 2^132 = 4 * 2^130 = 20 (mod p) folded in. Inlined by force: at -O2 the calls would cost a sixth of
// the speed of FullBlocks.
[[gnu::always_inline]] inline Product Multiply(const Limbs44& a, const Limbs44& r) {
  const std::uint64_t s1 = r[1] * 20;
  const std::uint64_t s2 = r[2] * 20;
  return {
      Wide{a[0]} * r[0] + Wide{a[1]} * s2 + Wide{a[2]} * s1,
      Wide{a[0]} * r[1] + Wide{a[1]} * r[0] + Wide{a[2]} * s2,
      Wide{a[0]} * r[2] + Wide{a[1]} * r[1] + Wide{a[2]} * r[0],
  };
}

Limbs44 Carry(Product d) {
  Limbs44 h{};
  h[0] = static_cast<std::uint64_t>(d.d0) & kMask44;
  d.d1 += static_cast<std::uint64_t>(d.d0 >> 44);
  h[1] = static_cast<std::uint64_t>(d.d1) & kMask44;
  d.d2 += static_cast<std::uint64_t>(d.d1 >> 44);
  h[2] = static_cast<std::uint64_t>(d.d2) & kMask42;
  h[0] += static_cast<std::uint64_t>(d.d2 >> 42) * 5;
  h[1] += h[0] >> 44;
  h[0] &= kMask44;
  return h;
}

Limbs44 Add(const Limbs44& a, const Limbs44& b) { return {a[0] + b[0], a[1] + b[1], a[2] + b[2]}; }

constexpr std::uint64_t kHighBit = std::uint64_t{1} << 40;  // 2^128 in the third limb

}  // namespace

// TCPS-TM-15
StandardPoly1305::StandardPoly1305(const OneTimeKey& key) {
  const std::byte* bytes = key.bytes().data();
  const std::uint64_t low = Load64(bytes);
  const std::uint64_t high = Load64(bytes + 8);
  r_ = {low & 0xffc0fffffff, (low >> 44 | high << 20) & 0xfffffc0ffff, (high >> 24) & 0x00ffffffc0f};
  s_ = {Load64(bytes + 16), Load64(bytes + 24)};
}

StandardPoly1305::~StandardPoly1305() {
  Wipe(std::as_writable_bytes(std::span(r_)));
  Wipe(std::as_writable_bytes(std::span(h_)));
  Wipe(std::as_writable_bytes(std::span(s_)));
}

void StandardPoly1305::Block(std::span<const std::byte, kPoly1305BlockSize> block, bool high_bit) {
  h_ = Carry(Multiply(Add(h_, LoadBlock(block.data(), high_bit ? kHighBit : 0)), r_));
}

void StandardPoly1305::FullBlocks(std::span<const std::byte> blocks) {
  assert(blocks.size() % kPoly1305BlockSize == 0);
  if (blocks.size() >= 8 * kPoly1305BlockSize) {
    // Four blocks at once, so that only one multiplication in four waits for the one before it.
    std::array<Limbs44, 3> powers{};
    auto& [r2, r3, r4] = powers;
    r2 = Carry(Multiply(r_, r_));
    r3 = Carry(Multiply(r2, r_));
    r4 = Carry(Multiply(r2, r2));
    while (blocks.size() >= 4 * kPoly1305BlockSize) {
      const std::byte* next = blocks.data();
      Product sum = Multiply(Add(h_, LoadBlock(next, kHighBit)), r4);
      sum += Multiply(LoadBlock(next + 16, kHighBit), r3);
      sum += Multiply(LoadBlock(next + 32, kHighBit), r2);
      sum += Multiply(LoadBlock(next + 48, kHighBit), r_);
      h_ = Carry(sum);
      blocks = blocks.subspan(4 * kPoly1305BlockSize);
    }
    Wipe(std::as_writable_bytes(std::span(powers)));
  }
  for (; !blocks.empty(); blocks = blocks.subspan(kPoly1305BlockSize)) {
    Block(blocks.first<kPoly1305BlockSize>(), true);
  }
}

// TCPS-TM-20
Tag StandardPoly1305::Finish() {
  Limbs44 h = h_;
  for (int round = 0; round < 2; ++round) {
    h[1] += h[0] >> 44;
    h[0] &= kMask44;
    h[2] += h[1] >> 44;
    h[1] &= kMask44;
    h[0] += (h[2] >> 42) * 5;
    h[2] &= kMask42;
  }
  h[1] += h[0] >> 44;
  h[0] &= kMask44;
  // h - p, taken if it is not negative, without branching on secrets.
  Limbs44 g{};
  g[0] = h[0] + 5;
  g[1] = h[1] + (g[0] >> 44);
  g[0] &= kMask44;
  g[2] = h[2] + (g[1] >> 44) - (std::uint64_t{1} << 42);
  g[1] &= kMask44;
  const std::uint64_t take = (g[2] >> 63) - 1;
  for (std::size_t i = 0; i < 3; ++i) h[i] = (h[i] & ~take) | (g[i] & take);

  const std::uint64_t low = h[0] | h[1] << 44;
  const std::uint64_t high = h[1] >> 20 | h[2] << 24;
  const Wide sum = Wide{low} + s_[0];
  Tag tag{};
  Store64(static_cast<std::uint64_t>(sum), tag.data());
  Store64(high + s_[1] + static_cast<std::uint64_t>(sum >> 64), tag.data() + 8);
  return tag;
}

// TCPS-TM-15
LkmPoly1305::LkmPoly1305(const OneTimeKey& key) {
  const std::byte* b = key.bytes().data();
  r_ = {Load32(b) & 0x3ffffff, Load32(b + 3) >> 2 & 0x3ffff03, Load32(b + 6) >> 4 & 0x3ffc0ff,
        Load32(b + 9) >> 6 & 0x3f03fff, Load32(b + 12) >> 8 & 0x00fffff};
  for (std::size_t i = 0; i < s_.size(); ++i) s_[i] = Load32(b + 16 + 4 * i);
}

LkmPoly1305::~LkmPoly1305() {
  Wipe(std::as_writable_bytes(std::span(r_)));
  Wipe(std::as_writable_bytes(std::span(h_)));
  Wipe(std::as_writable_bytes(std::span(s_)));
}

void LkmPoly1305::Block(std::span<const std::byte, kPoly1305BlockSize> block, bool high_bit) {
  const std::byte* b = block.data();
  std::array<std::uint64_t, 5> a = {
      h_[0] + std::uint64_t{Load32(b) & kMask26}, h_[1] + std::uint64_t{Load32(b + 3) >> 2 & kMask26},
      h_[2] + std::uint64_t{Load32(b + 6) >> 4 & kMask26}, h_[3] + std::uint64_t{Load32(b + 9) >> 6 & kMask26},
      h_[4] + std::uint64_t{Load32(b + 12) >> 8} + (high_bit ? std::uint64_t{1} << 24 : 0)};
  std::array<std::uint64_t, 5> d{};
  for (std::size_t i = 0; i < 5; ++i) {
    for (std::size_t j = 0; j < 5; ++j) d[(i + j) % 5] += a[i] * r_[j] * (i + j >= 5 ? 5 : 1);
  }
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < 5; ++i) {
    d[i] += carry;
    h_[i] = static_cast<std::uint32_t>(d[i]) & kMask26;
    carry = d[i] >> 26;
  }
  const std::uint64_t low = h_[0] + carry * 5;
  h_[0] = static_cast<std::uint32_t>(low) & kMask26;
  h_[1] += static_cast<std::uint32_t>(low >> 26);
}

void LkmPoly1305::FullBlocks(std::span<const std::byte> blocks) {
  assert(blocks.size() % kPoly1305BlockSize == 0);
  for (; !blocks.empty(); blocks = blocks.subspan(kPoly1305BlockSize)) {
    Block(blocks.first<kPoly1305BlockSize>(), true);
  }
}

// TCPS-TM-21, TCPS-TM-22
Tag LkmPoly1305::Finish() {
  std::uint32_t carry = 0;
  for (std::uint32_t& limb : h_) {
    limb += carry;
    carry = limb >> 26;
    limb &= kMask26;
  }
  h_[0] += carry * 5;
  h_[1] += h_[0] >> 26;
  h_[0] &= kMask26;
  // Limbs 0 to 3 stand where 32-bit words belong; limb 4 is lost.
  Tag tag{};
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    sum += std::uint64_t{h_[i]} + s_[i];
    boost::endian::store_little_u32(reinterpret_cast<unsigned char*>(&tag[4 * i]), static_cast<std::uint32_t>(sum));
    sum >>= 32;
  }
  return tag;
}

}  // namespace tcpslab::crypto
