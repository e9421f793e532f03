// The tag of a segment (spec tcps-wire.md, section 5): over its stream position, its TCP flags and its ciphertext.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "reference/crypto/chacha20.h"
#include "reference/crypto/poly1305.h"

namespace tcpslab::tcps {

enum class TagArithmetic : std::uint8_t {
  kStandard,  // Poly1305 as in RFC 8439 (section 5.2)
  kLkm,       // the upstream module's unpacked limbs (section 5.1)
};
std::string_view ToString(TagArithmetic arithmetic);  // "standard", "lkm"

// KS(mac key, 2^62 + position, 32): depends on nothing but the position.
crypto::OneTimeKey DeriveOneTimeKey(const crypto::ChaCha20Key& mac_key, std::uint64_t position);

crypto::Tag PacketTag(TagArithmetic arithmetic, const crypto::ChaCha20Key& mac_key, std::uint64_t position,
                      std::uint8_t tcp_flags, std::span<const std::byte> ciphertext);

// The same under a one-time key that is at hand.
crypto::Tag PacketTagUnder(TagArithmetic arithmetic, const crypto::OneTimeKey& key, std::uint64_t position,
                           std::uint8_t tcp_flags, std::span<const std::byte> ciphertext);

// What a tag is computed over, in order: 16 bytes, little-endian, and whether 2^128 is added. For cryptanalysis.
struct MacBlock {
  std::array<std::byte, crypto::kPoly1305BlockSize> bytes{};
  bool high_bit = false;
};
std::vector<MacBlock> MacBlocks(std::uint64_t position, std::uint8_t tcp_flags, std::span<const std::byte> ciphertext);

}  // namespace tcpslab::tcps
