#include "reference/tcps/static_secrets.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "reference/tcps/hex.h"

namespace tcpslab::tcps {

const std::optional<crypto::SharedSecret>& StaticSecrets::With(const crypto::PublicKey& peer,
                                                               const crypto::KeyPair& identity) {
  const auto& by_peer = entries_.get<0>();
  if (const auto found = by_peer.find(peer); found != by_peer.end()) return found->shared;
  auto& by_age = entries_.get<1>();
  if (by_age.size() >= kCapacity) by_age.pop_front();
  const auto& entry =
      *by_age.emplace_back(Entry{.peer = peer, .shared = crypto::Agree(identity.private_key, peer)}).first;
  if (entry.shared && key_log_ != nullptr) {
    const auto& [low, high] = std::minmax(identity.public_key, peer);
    key_log_->Line(fmt::format("TCPS_STATIC_SECRET {} {} {}", ToHex(low), ToHex(high), ToHex(entry.shared->bytes())));
  }
  return entry.shared;
}

}  // namespace tcpslab::tcps
