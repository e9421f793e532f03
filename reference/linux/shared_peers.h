// The identities that a host remembers, for the threads of several workers and the control socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "reference/tcps/peers.h"

namespace tcpslab::linux_host {

// A tcps::PeerCache that every thread may use.
class SharedPeers final : public tcps::Peers {
 public:
  // `limit`: peers that Remember keeps.
  explicit SharedPeers(std::size_t limit = SIZE_MAX) : cache_(limit) {}

  [[nodiscard]] std::optional<tcps::Peer> Find(const wire::Address& address) const override;
  tcps::Peer Remember(const wire::Address& address, const crypto::PublicKey& key) override;
  void SetProven(const wire::Address& address, const crypto::PublicKey& key, std::uint64_t after_serial) override;
  bool Forget(const wire::Address& address) override;
  void Pin(const wire::Address& address, const crypto::PublicKey& key) override;
  [[nodiscard]] std::vector<std::pair<wire::Address, tcps::Peer>> All() const override;
  std::uint64_t NextSerial() override;
  [[nodiscard]] std::uint64_t LastSerial() const override;

 private:
  mutable std::mutex mutex_;
  tcps::PeerCache cache_;
};

}  // namespace tcpslab::linux_host
