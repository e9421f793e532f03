// X25519 key agreement (RFC 7748).
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>

#include "reference/crypto/random.h"
#include "reference/crypto/secret.h"

namespace tcpslab::crypto {

inline constexpr std::size_t kX25519Size = 32;
using PublicKey = std::array<std::byte, kX25519Size>;  // RFC 7748 byte order; TCPS-TC-04
using PrivateKey = Secret<kX25519Size>;                // clamped when used
using SharedSecret = Secret<kX25519Size>;

struct KeyPair {
  PrivateKey private_key;
  PublicKey public_key{};

  static KeyPair Generate(Random& random);
  static KeyPair FromPrivate(PrivateKey private_key);
};

// The shared secret, or nothing where it is all zero (the peer's key has low order; RFC 7748, section 6.1).
[[nodiscard]] std::optional<SharedSecret> Agree(const PrivateKey& own, std::span<const std::byte, kX25519Size> peer);

// True for the public keys with which every agreement is all zero. Needs no private key.
[[nodiscard]] bool IsLowOrder(std::span<const std::byte, kX25519Size> public_key);

}  // namespace tcpslab::crypto
