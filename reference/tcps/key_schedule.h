// From the X25519 secret to the four session keys (spec tcps-wire.md, section 3).
#pragma once

#include <cstdint>

#include "reference/crypto/chacha20.h"
#include "reference/crypto/x25519.h"

namespace tcpslab::tcps {

struct SessionKeys {
  crypto::ChaCha20Key enc_c2s;
  crypto::ChaCha20Key enc_s2c;
  crypto::ChaCha20Key mac_c2s;
  crypto::ChaCha20Key mac_s2c;
};

// key_i = KS(shared, 2^63 + 64 i, 32) XOR label_i. The readme's "HKDF-Expand(shared, label, ISN)" is this plain XOR:
// the initial sequence numbers have no influence, so they are not parameters.
// TCPS-KEY-07
SessionKeys DeriveSessionKeys(const crypto::SharedSecret& shared);

}  // namespace tcpslab::tcps
