// The inside of Tcps: carries out the actions of the transition table. One .cc file for each concern: engine.cc
// (dispatch and bookkeeping), handshake.cc, protection.cc, identity_exchange.cc, timers.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "reference/crypto/x25519.h"
#include "reference/stack/flow_table.h"
#include "reference/stack/services.h"
#include "reference/tcps/blocked_flows.h"
#include "reference/tcps/connection.h"
#include "reference/tcps/options.h"
#include "reference/tcps/peers.h"
#include "reference/tcps/static_secrets.h"
#include "reference/tcps/tcps.h"

namespace tcpslab::tcps {

class Tcps::Engine {
 public:
  Engine(const Config& config, const stack::Services& services, const Shared& shared);

  stack::Verdict Outbound(stack::Segment& segment, stack::Instant now);
  stack::Verdict Inbound(stack::Segment& segment, stack::Instant now);
  [[nodiscard]] stack::Instant NextDeadline() const;
  void Expire(stack::Instant now);
  void Block(const stack::Flow& flow, stack::Instant now);

  Config config;
  stack::Counters counters;
  [[nodiscard]] const crypto::KeyPair& identity() const { return *identity_; }
  [[nodiscard]] const Peers& peers() const { return *peers_; }
  [[nodiscard]] const stack::FlowTable<Connection>& table() const { return table_; }
  [[nodiscard]] const BlockedFlows& blocked() const { return blocked_; }

 private:
  using Verdict = stack::Verdict;

  // One segment on its way through the engine.
  struct Step {
    stack::Segment& segment;
    stack::Instant now;
    stack::FlowKey key;
    bool outbound = false;
    Connection* connection = nullptr;  // none in NONE and BLOCKED
    const BlockedFlow* blocked = nullptr;
    std::optional<crypto::PublicKey> tc = std::nullopt;  // of a SYN or SYN-ACK that came in

    [[nodiscard]] const stack::Endpoint& local() const { return outbound ? segment.source : segment.destination; }
    [[nodiscard]] const stack::Endpoint& remote() const { return outbound ? segment.destination : segment.source; }
    [[nodiscard]] stack::Flow flow() const;
  };
  // How an action ended: whether the segment goes on, and whether the rule's next state is taken.
  struct Outcome {
    Verdict verdict = Verdict::kPass;
    bool advance = true;
  };
  static constexpr Outcome kStay = {Verdict::kPass, false};
  static constexpr Outcome kStayAndDrop = {Verdict::kDrop, false};

  // engine.cc
  Verdict Run(Step& step);
  [[nodiscard]] bool Concerns(const stack::Segment& segment, bool outbound) const;
  void FindOffer(Step& step);
  [[nodiscard]] Input Classify(const Step& step) const;
  Outcome Perform(Action action, Step& step);
  void SetState(const stack::FlowKey& key, Connection& connection, State next, stack::Instant now);
  void Report(stack::EventKind kind, const Step& step, std::string detail = {});
  void Report(stack::EventKind kind, const stack::Flow& flow, stack::Instant now, std::string detail = {});
  void NoteMalformed(const Step& step);
  // The connection goes on as a blocked flow; the caller erases its entry.
  void Block(const stack::FlowKey& key, const Connection& connection, stack::Instant now);
  void AddBlocked(const BlockedFlow& flow, State from);
  // The connection's entry is about to go, or to be replaced.
  void NoteGone(const stack::FlowKey& key, const Connection& connection, stack::Instant now);
  void NoteGone(const BlockedFlow& flow, stack::Instant now);
  [[nodiscard]] Verdict DropIfEnforcing() const {
    return Refuses(Deviation::kPassStrays) ? Verdict::kDrop : Verdict::kPass;
  }
  [[nodiscard]] bool Deviates(Deviation deviation) const { return config.deviations.Has(deviation); }
  [[nodiscard]] bool Enforces() const { return config.policy.enforce || Deviates(Deviation::kNeverFallBack); }
  // Whether enforce=1 forbids to go on unprotected, where only `unless` says otherwise.
  [[nodiscard]] bool Refuses(Deviation unless) const { return Enforces() && !Deviates(unless); }
  void AnswerWithReset(const stack::Segment& segment);  // only by deviation

  // handshake.cc
  Outcome Open(Step& step);
  Outcome RepeatSyn(Step& step);
  Outcome RepeatOrReopen(Step& step);
  Outcome Reopen(Step& step);
  Outcome ReopenBlocked(Step& step);
  Outcome Accept(Step& step);
  Outcome UpdateOffer(Step& step);
  Outcome ReplaceOffer(Step& step);
  Outcome HoldOffer(Step& step);
  Outcome SimultaneousOpen(Step& step);
  Outcome RefuseOrPass(Step& step);
  Outcome RefuseOrCross(Step& step);
  Outcome Answer(Step& step);
  Outcome AnswerAgain(Step& step);
  Outcome AnswerHeld(Step& step);
  Outcome AnswerPlain(Step& step);
  Outcome Complete(Step& step);
  Outcome FallBackOnce(Step& step);
  Outcome FallBackOrRefuse(Step& step);
  // R2: the oldest half-open entry gives way when half of the table is half-open.
  void ShedHalfOpen(stack::Instant now);
  void ForgetAll(stack::Instant now);  // only by deviation
  // False, with the event, if the table is full.
  bool MakeRoom(const Step& step);
  Connection& Begin(Step& step, stack::Role role);
  void TakeOffer(Connection& connection, const tcps::HeldOffer& offer);
  void GenerateKey(Connection& connection);
  void InsertTc(Step& step);
  // False, with the event, if the secret is all zero.
  bool DeriveKeys(const Step& step);

  // protection.cc
  [[nodiscard]] std::uint64_t PositionOf(Direction& direction, const stack::Segment& segment,
                                         std::uint32_t initial_sequence) const;
  void Encipher(const Direction& direction, std::uint64_t position, std::span<std::byte> text) const;
  [[nodiscard]] crypto::Tag TagOf(const Direction& direction, std::uint64_t position,
                                  const stack::Segment& segment) const;
  [[nodiscard]] bool TagHolds(const crypto::Tag& tag, const crypto::Tag& expected) const;
  Outcome Protect(Step& step);
  Outcome Verify(Step& step);
  Outcome Abort(Step& step);
  Outcome IgnoreReset(Step& step);

  // identity_exchange.cc
  Outcome AttachIdentity(Step& step);
  Outcome Judge(Step& step);  // a pure ACK
  Outcome JudgeIdentity(Step& step);
  Outcome JudgeFirst(Step& step, const Identity& identity);
  Outcome Mismatch(Step& step, std::string detail);
  [[nodiscard]] std::optional<Peer> KnownPeer(const wire::Address& address) const;
  [[nodiscard]] std::uint32_t ProofIsn(const Connection& connection) const;
  [[nodiscard]] bool ProofHolds(const wire::Address& address, const Peer& peer, const Connection& connection,
                                const AuthTag& proof);
  [[nodiscard]] bool IdentityDue(const Connection& connection) const;
  [[nodiscard]] stack::Instant OwnAckDeadline(const Connection& connection) const;
  Identity OwnIdentity(const Connection& connection, const wire::Address& peer_address);
  void IdentityLeft(const stack::FlowKey& key, Connection& connection, stack::Instant now);
  struct AckNumbers {
    std::uint32_t sequence;
    std::uint32_t acknowledgement;
    std::uint16_t window;
  };
  void EmitIdentity(const stack::FlowKey& key, Connection& connection, const AckNumbers& numbers, stack::Instant now);
  void EmitIdentityBeforeFin(Step& step);
  void WatchIdentity(const stack::FlowKey& key, Connection& connection, stack::Instant now);
  void NoteOutbound(const Step& step);

  // timers.cc
  void ExpireIdentityTimers(stack::Instant now);
  [[nodiscard]] stack::Instant NextCollection() const;
  void Collect(stack::Instant now);

  const DialectTraits traits_;
  stack::Services services_;
  std::shared_ptr<const crypto::KeyPair> identity_;
  std::shared_ptr<Peers> peers_;
  StaticSecrets static_secrets_;
  stack::FlowHash hash_;
  stack::FlowTable<Connection> table_;
  BlockedFlows blocked_;
  std::map<std::uint64_t, stack::FlowKey> half_open_;  // SYN_RECV, oldest first
  stack::Instant collected_at_ = stack::kNever;        // or when the table got its first entry; never: it is empty

  // A connection whose TI timer is set. Stale, and ignored, if that connection's wake_at is another by now.
  struct Wake {
    stack::Instant at;
    std::uint64_t serial;
    stack::FlowKey key;
    friend bool operator>(const Wake& a, const Wake& b) {
      return std::pair(a.at, a.serial) > std::pair(b.at, b.serial);
    }
  };
  std::priority_queue<Wake, std::vector<Wake>, std::greater<>> wakes_;
};

}  // namespace tcpslab::tcps
