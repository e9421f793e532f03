// The secrets that this host's identity shares with those of its peers: X25519 of both static keys (spec tcps-wire.md,
// section 6), each computed once.
#pragma once

#include <boost/multi_index/member.hpp>
#include <boost/multi_index/ordered_index.hpp>
#include <boost/multi_index/sequenced_index.hpp>
#include <boost/multi_index_container.hpp>
#include <cstddef>
#include <optional>

#include "reference/crypto/x25519.h"
#include "reference/stack/event.h"

namespace tcpslab::tcps {

class StaticSecrets {
 public:
  // Bounds memory, not correctness: a secret that gave way to others is computed again.
  static constexpr std::size_t kCapacity = 4096;

  explicit StaticSecrets(stack::KeyLog* key_log) : key_log_(key_log) {}

  // Nothing for a peer's key of low order. Valid until the next call. `identity` should be the same every time. What is
  // computed goes into the key log.
  const std::optional<crypto::SharedSecret>& With(const crypto::PublicKey& peer, const crypto::KeyPair& identity);

 private:
  struct Entry {
    crypto::PublicKey peer;
    std::optional<crypto::SharedSecret> shared;
  };
  using ByPeer = boost::multi_index::ordered_unique<boost::multi_index::member<Entry, crypto::PublicKey, &Entry::peer>>;
  using ByAge = boost::multi_index::sequenced<>;

  stack::KeyLog* key_log_;
  boost::multi_index_container<Entry, boost::multi_index::indexed_by<ByPeer, ByAge>> entries_;
};

}  // namespace tcpslab::tcps
