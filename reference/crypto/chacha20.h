// ChaCha20 as a byte-addressed keystream: the original construction with a 64-bit block counter and a zero nonce
// (spec tcps-wire.md, section 3). Position p lies in block p / 64; the counter carries from state word 12 to word 13,
// and runs on past position 2^64.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "reference/crypto/secret.h"

namespace tcpslab::crypto {

inline constexpr std::size_t kChaCha20KeySize = 32;
using ChaCha20Key = Secret<kChaCha20KeySize>;

// data ^= keystream[position, position + data.size()).
void XorKeystream(const ChaCha20Key& key, std::uint64_t position, std::span<std::byte> data);

// out = keystream[position, position + out.size()).
void Keystream(const ChaCha20Key& key, std::uint64_t position, std::span<std::byte> out);

}  // namespace tcpslab::crypto
