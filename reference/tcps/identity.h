// The proof in a TI option that its sender holds the private key of the identity it shows (spec tcps-wire.md, section
// 6).
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "reference/crypto/x25519.h"
#include "reference/tcps/options.h"

namespace tcpslab::tcps {

// auth tag = KS(static shared, 3 * 2^62, 4) XOR client ISN (big-endian). The server's ISN, the label "TAUT" and the
// sender's role, which the readme lists too, have no influence, so they are not parameters.
AuthTag ComputeAuthTag(const crypto::SharedSecret& static_shared, std::uint32_t client_isn);

bool IsZero(const AuthTag& tag);

// What people compare: the first 8 bytes as 16 hex digits.
std::string Fingerprint(const crypto::PublicKey& key);

}  // namespace tcpslab::tcps
