#include "reference/linux/shared_peers.h"

namespace tcpslab::linux_host {

using tcps::Peer;
using wire::Address;

std::optional<Peer> SharedPeers::Find(const Address& address) const {
  const std::lock_guard lock(mutex_);
  return cache_.Find(address);
}

Peer SharedPeers::Remember(const Address& address, const crypto::PublicKey& key) {
  const std::lock_guard lock(mutex_);
  return cache_.Remember(address, key);
}

void SharedPeers::SetProven(const Address& address, const crypto::PublicKey& key, std::uint64_t after_serial) {
  const std::lock_guard lock(mutex_);
  cache_.SetProven(address, key, after_serial);
}

bool SharedPeers::Forget(const Address& address) {
  const std::lock_guard lock(mutex_);
  return cache_.Forget(address);
}

void SharedPeers::Pin(const Address& address, const crypto::PublicKey& key) {
  const std::lock_guard lock(mutex_);
  cache_.Pin(address, key);
}

std::vector<std::pair<Address, Peer>> SharedPeers::All() const {
  const std::lock_guard lock(mutex_);
  return cache_.All();
}

std::uint64_t SharedPeers::NextSerial() {
  const std::lock_guard lock(mutex_);
  return cache_.NextSerial();
}

std::uint64_t SharedPeers::LastSerial() const {
  const std::lock_guard lock(mutex_);
  return cache_.LastSerial();
}

}  // namespace tcpslab::linux_host
