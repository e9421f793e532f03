// What one host remembers of one TCP/S connection.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "reference/crypto/chacha20.h"
#include "reference/crypto/x25519.h"
#include "reference/stack/flow.h"
#include "reference/stack/instant.h"
#include "reference/tcps/blocked_flows.h"
#include "reference/tcps/dialect.h"
#include "reference/tcps/key_schedule.h"
#include "reference/tcps/state.h"
#include "reference/tcps/stream_position.h"

namespace tcpslab::tcps {

// One direction of a protected connection.
struct Direction {
  crypto::ChaCha20Key encryption;
  crypto::ChaCha20Key mac;
  std::variant<NearestPosition, WrapCountingPosition> position;

  // The position of a segment; the wrap-counting rule moves its state with it.
  std::uint64_t PositionOf(std::uint32_t offset);
  // The segment at `position` was sent, or its tag was valid.
  void Commit(std::uint64_t position);
};

// How far both ends have shown each other who they are (spec tcps-dialects.md, the TI rule).
struct IdentityExchange {
  stack::Instant due_since = stack::kNever;  // when TI last became due, or the handshake was complete
  stack::Instant last_ack{};                 // the last pure ACK that left
  stack::Instant last_sent{};                // the last TI that left
  stack::Instant wake_at = stack::kNever;    // when a timer will look at this connection next
  std::uint8_t own_acks = 0;                 // pure ACKs that the shim sent itself
  std::uint8_t answers = 0;
  crypto::PublicKey shown{};  // the identity that was judged last, whatever the cache says later
  bool judged = false;        // a TI of the peer was judged: the first one counts
  bool sent = false;
  bool owed = false;  // the peer seems not to have got our TI
};

struct Connection {
  State state = State::kNone;
  stack::Role role = stack::Role::kUnknown;
  bool fin_sent = false;
  bool fin_received = false;
  bool reset_sent = false;
  bool confirmed = false;     // the handshake is complete on this end: a pure ACK may leave
  bool local_is_low = false;  // which end of the flow's key is this host
  std::uint16_t last_window = 0;
  std::uint32_t local_isn = 0;
  std::uint32_t remote_isn = 0;
  std::uint32_t highest_sent = 0;          // end of the highest segment that left
  std::uint32_t last_acknowledgement = 0;  // what our TCP has in order
  std::uint64_t serial = 0;                // in the order in which SYNs were seen
  stack::Instant last_active{};
  IdentityExchange identity;

  crypto::PrivateKey ephemeral;  // wiped once the keys are derived, as the peer's key is
  crypto::PublicKey own_key{};   // kept: a retransmitted SYN or SYN-ACK carries the same TC
  crypto::PublicKey peer_key{};
  Direction out;
  Direction in;
  std::optional<HeldOffer> held;

  [[nodiscard]] bool Protected() const { return state == State::kEncrypted || state == State::kAuthenticated; }
  [[nodiscard]] stack::Flow FlowOf(const stack::FlowKey& key) const;
  [[nodiscard]] std::uint32_t client_isn() const { return role == stack::Role::kClient ? local_isn : remote_isn; }
  // Takes the session keys apart by role, starts both positions by `rule`, and wipes what led to them.
  void Install(SessionKeys keys, PositionRule rule);
  void WipeKeys();
};

}  // namespace tcpslab::tcps
