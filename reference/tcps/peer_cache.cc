#include "reference/tcps/peer_cache.h"

namespace tcpslab::tcps {

Peer* PeerCache::Find(const wire::Address& address) {
  const auto found = peers_.find(address);
  return found == peers_.end() ? nullptr : &found->second;
}

const Peer* PeerCache::Find(const wire::Address& address) const { return const_cast<PeerCache*>(this)->Find(address); }

Peer& PeerCache::Remember(const wire::Address& address, const crypto::PublicKey& key) {
  Peer& peer = peers_[address];
  peer.key = key;
  return peer;
}

}  // namespace tcpslab::tcps
