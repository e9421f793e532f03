// Trust on first use: which identity key was first seen from an address (spec tcps-wire.md, section 6).
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "reference/crypto/x25519.h"
#include "reference/wire/address.h"

namespace tcpslab::tcps {

struct Peer {
  crypto::PublicKey key{};
  // X25519 of the two static keys: computed when first needed; stays empty for a peer key of low order.
  std::optional<crypto::SharedSecret> shared;
  bool shared_computed = false;
  // R21: the peer has shown a non-zero proof that verified; connections up to this serial number began before it.
  bool proven = false;
  std::uint64_t proven_after_serial = 0;
};

// No limit and no expiry, as upstream. References stay valid as long as the cache.
// TCPS-TOFU-07, TCPS-TOFU-08, TCPS-TOFU-09, TCPS-TOFU-21
class PeerCache {
 public:
  [[nodiscard]] Peer* Find(const wire::Address& address);
  [[nodiscard]] const Peer* Find(const wire::Address& address) const;
  Peer& Remember(const wire::Address& address, const crypto::PublicKey& key);

 private:
  std::map<wire::Address, Peer> peers_;
};

}  // namespace tcpslab::tcps
