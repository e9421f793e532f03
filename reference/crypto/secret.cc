#include "reference/crypto/secret.h"

#include "reference/crypto/libsodium.h"

namespace tcpslab::crypto {

void Wipe(std::span<std::byte> bytes) { sodium_memzero(bytes.data(), bytes.size()); }

// TCPS-TM-23, TCPS-TOFU-11
bool ConstantTimeEqual(std::span<const std::byte> a, std::span<const std::byte> b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace tcpslab::crypto
