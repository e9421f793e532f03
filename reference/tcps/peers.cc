#include "reference/tcps/peers.h"

namespace tcpslab::tcps {

std::optional<Peer> PeerCache::Find(const wire::Address& address) const {
  const auto found = peers_.find(address);
  if (found == peers_.end()) return std::nullopt;
  return found->second;
}

Peer PeerCache::Remember(const wire::Address& address, const crypto::PublicKey& key) {
  const Peer peer{.key = key};
  if (peers_.size() >= limit_ && !peers_.contains(address)) return peer;
  return peers_.try_emplace(address, peer).first->second;
}

void PeerCache::SetProven(const wire::Address& address, const crypto::PublicKey& key, std::uint64_t after_serial) {
  const auto found = peers_.find(address);
  if (found == peers_.end() || found->second.key != key || found->second.proven) return;
  found->second.proven = true;
  found->second.proven_after_serial = after_serial;
}

bool PeerCache::Forget(const wire::Address& address) { return peers_.erase(address) > 0; }

void PeerCache::Pin(const wire::Address& address, const crypto::PublicKey& key) {
  Peer& peer = peers_[address];
  if (peer.key != key) peer = {.key = key};
}

std::vector<std::pair<wire::Address, Peer>> PeerCache::All() const { return {peers_.begin(), peers_.end()}; }

}  // namespace tcpslab::tcps
