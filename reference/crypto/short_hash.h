// SipHash-2-4 for hash tables whose keys an attacker chooses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "reference/crypto/secret.h"

namespace tcpslab::crypto {

using ShortHashKey = Secret<16>;
[[nodiscard]] std::uint64_t ShortHash(const ShortHashKey& key, std::span<const std::byte> bytes);

}  // namespace tcpslab::crypto
