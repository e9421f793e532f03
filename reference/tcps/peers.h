// Trust on first use: which identity key was first seen from an address (spec tcps-wire.md, section 6), shared by all
// Tcps of a host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "reference/crypto/x25519.h"
#include "reference/wire/address.h"

namespace tcpslab::tcps {

struct Peer {
  crypto::PublicKey key{};
  // R21: the peer has shown a non-zero proof that verified; connections up to this serial number began before it. A
  // peer that was proven before these Peers were made has 0 here.
  bool proven = false;
  std::uint64_t proven_after_serial = 0;

  friend bool operator==(const Peer&, const Peer&) = default;
};

// Called in the middle of a segment: nothing may take long. What Tcps in several threads share has to stand calls from
// all of them.
class Peers {
 public:
  virtual ~Peers() = default;

  [[nodiscard]] virtual std::optional<Peer> Find(const wire::Address& address) const = 0;
  // First contact. Returns the entry that counts: what was there already stays. A peer for whom there is no room is
  // returned but not kept: its next contact is the first again.
  virtual Peer Remember(const wire::Address& address, const crypto::PublicKey& key) = 0;
  // Nothing changes if the address has another key by now, or if the peer was proven before.
  virtual void SetProven(const wire::Address& address, const crypto::PublicKey& key, std::uint64_t after_serial) = 0;
  // False if it was not there. The next identity from this address is trusted as the first was.
  virtual bool Forget(const wire::Address& address) = 0;
  // Trusts this key, and no other, from now on. It counts as not proven, unless it was there and proven before.
  virtual void Pin(const wire::Address& address, const crypto::PublicKey& key) = 0;
  // In order of addresses.
  [[nodiscard]] virtual std::vector<std::pair<wire::Address, Peer>> All() const = 0;

  // Serial numbers of connections in the order in which their SYNs were seen, over all Tcps that share these peers
  // (R21): 1, 2, ….
  virtual std::uint64_t NextSerial() = 0;
  [[nodiscard]] virtual std::uint64_t LastSerial() const = 0;
};

// In memory, for one thread; no expiry, and no limit unless one is given, as upstream. A full cache keeps what it has:
// whoever fills it with strangers must not make it forget a friend. TCPS-TOFU-07, TCPS-TOFU-08, TCPS-TOFU-09,
// TCPS-TOFU-21
class PeerCache final : public Peers {
 public:
  // `limit`: peers that Remember keeps; Pin keeps any number.
  explicit PeerCache(std::size_t limit = SIZE_MAX) : limit_(limit) {}
  [[nodiscard]] std::optional<Peer> Find(const wire::Address& address) const override;
  Peer Remember(const wire::Address& address, const crypto::PublicKey& key) override;
  void SetProven(const wire::Address& address, const crypto::PublicKey& key, std::uint64_t after_serial) override;
  bool Forget(const wire::Address& address) override;
  void Pin(const wire::Address& address, const crypto::PublicKey& key) override;
  [[nodiscard]] std::vector<std::pair<wire::Address, Peer>> All() const override;
  std::uint64_t NextSerial() override { return ++last_serial_; }
  [[nodiscard]] std::uint64_t LastSerial() const override { return last_serial_; }

 private:
  std::map<wire::Address, Peer> peers_;
  std::size_t limit_;
  std::uint64_t last_serial_ = 0;
};

}  // namespace tcpslab::tcps
