// Who is at the other end: sending and judging TI, trust on first use (spec tcps-wire.md, section 6; tcps-dialects.md,
// R6 to R10, R21 and the TI rule).
#include <fmt/format.h>

#include <algorithm>
#include <boost/endian/conversion.hpp>
#include <chrono>
#include <utility>

#include "reference/crypto/secret.h"
#include "reference/tcps/engine.h"
#include "reference/tcps/identity.h"
#include "reference/tcps/options.h"
#include "reference/wire/sequence.h"

namespace tcpslab::tcps {

using enum Deviation;
using stack::EventKind;
using stack::Verdict;

namespace {

// The TI rule's numbers.
constexpr stack::Duration kIdentityInterval = std::chrono::milliseconds(200);
constexpr std::uint8_t kMaximumOwnAcks = 8;
constexpr std::uint8_t kMaximumAnswers = 8;
// R9: how far from what is in order a TI may stand.
constexpr std::uint32_t kIdentityWindow = 65535;

// TCPS-TI-31, TCPS-TI-32, TCPS-TI-36
bool InIdentityWindow(const stack::Segment& segment, const Connection& connection) {
  const std::uint32_t in_order = connection.last_acknowledgement;
  return wire::SequenceWithin(segment.sequence, in_order - kIdentityWindow, in_order + kIdentityWindow) &&
         wire::SequenceWithin(segment.acknowledgement, connection.local_isn + 1, connection.highest_sent);
}

}  // namespace

// TCPS-TI-05, TCPS-TI-13, TCPS-TI-14, TCPS-TI-16, TCPS-TI-17, TCPS-TI-18, TCPS-TI-19
bool Tcps::Engine::IdentityDue(const Connection& connection) const {
  if (!connection.Protected() || Deviates(kNeverSendIdentity)) return false;
  const IdentityExchange& exchange = connection.identity;
  if (Deviates(kIdentityOnce)) return !exchange.sent;
  if (Deviates(kNeverStopIdentity)) return true;
  return !exchange.judged || (traits_.both_sides_authenticate && (!exchange.sent || exchange.owed));
}

// TCPS-ACK-04, TCPS-TI-02, TCPS-TI-03
Tcps::Engine::Outcome Tcps::Engine::AttachIdentity(Step& step) {
  Connection& connection = *step.connection;
  if (IdentityDue(connection)) {
    step.segment.options = MakeTiOptions(OwnIdentity(connection, step.remote().address));
    IdentityLeft(step.key, connection, step.now);
  } else if (Deviates(kTagPureAcks)) {
    const std::uint64_t position = PositionOf(connection.out, step.segment, connection.local_isn);
    static_cast<void>(AppendTm(step.segment.options, TagOf(connection.out, position, step.segment)));
  } else if (Deviates(kTcOnAcks)) {
    step.segment.options = MakeSynOptions(step.segment.options, connection.own_key);
  }
  connection.identity.last_ack = step.now;
  return kStay;
}

// TCPS-TI-07, TCPS-TI-08, TCPS-TI-10
Identity Tcps::Engine::OwnIdentity(const Connection& connection, const wire::Address& peer_address) {
  Identity own{.key = identity_->public_key, .proof = {}};
  if (Deviates(kReverseKeys)) std::ranges::reverse(own.key);
  const std::optional<Peer> peer = KnownPeer(peer_address);
  if (!peer && Deviates(kProofWithoutPeer)) own.proof.fill(std::byte{1});
  if (!peer || Deviates(kZeroAuthTag)) return own;
  if (const auto& shared = static_secrets_.With(peer->key, *identity_)) {
    own.proof = ComputeAuthTag(*shared, ProofIsn(connection));
  }
  return own;
}

// TCPS-LOG-04
void Tcps::Engine::IdentityLeft(const stack::FlowKey& key, Connection& connection, stack::Instant now) {
  IdentityExchange& exchange = connection.identity;
  if (!exchange.sent) services_.events.OnIdentitySent(connection.FlowOf(key), now);
  exchange.sent = true;
  exchange.last_sent = now;
  if (exchange.owed) {
    exchange.owed = false;
    ++exchange.answers;
  }
}

std::optional<Peer> Tcps::Engine::KnownPeer(const wire::Address& address) const {
  return Deviates(kForgetPeers) ? std::nullopt : peers_->Find(address);
}

std::uint32_t Tcps::Engine::ProofIsn(const Connection& connection) const {
  const std::uint32_t client_isn = connection.client_isn();
  if (Deviates(kAuthTagOfServerIsn)) return client_isn ^ connection.local_isn ^ connection.remote_isn;
  return Deviates(kAuthTagLittleEndian) ? boost::endian::endian_reverse(client_isn) : client_isn;
}

// TCPS-TOFU-02, TCPS-TOFU-17, TCPS-TOFU-18, TCPS-TOFU-19, TCPS-TOFU-20, TCPS-TOFU-25, TCPS-TOFU-26
bool Tcps::Engine::ProofHolds(const wire::Address& address, const Peer& peer, const Connection& connection,
                              const AuthTag& proof) {
  if (Deviates(kIgnoreAuthTag) || (Deviates(kZeroProofSuffices) && IsZero(proof))) return true;
  const auto& shared = static_secrets_.With(peer.key, *identity_);
  if (shared && crypto::ConstantTimeEqual(proof, ComputeAuthTag(*shared, ProofIsn(connection)))) {
    if (!IsZero(proof) && !peer.proven) peers_->SetProven(address, peer.key, peers_->LastSerial());
    return true;
  }
  // R21: the peer did not know us yet when this connection began.
  const bool began_before_proof = !peer.proven || connection.serial <= peer.proven_after_serial;
  return traits_.first_contact_while_unproven && IsZero(proof) && began_before_proof;
}

// TCPS-ACK-01, TCPS-ACK-02
Tcps::Engine::Outcome Tcps::Engine::Judge(Step& step) {
  const wire::OptionArea& options = step.segment.options;
  if (Deviates(kVerifyTaggedAcks) && FindTm(options)) return Verify(step);
  if (Deviates(kRefuseUntaggedAcks) && !FindTm(options) && !FindTi(options)) return kStayAndDrop;
  if (Deviates(kDieOnLateTc) && FindTc(options)) {
    SetState(step.key, *step.connection, State::kDead, step.now);
    return kStay;
  }
  return JudgeIdentity(step);
}

// TCPS-TI-11, TCPS-TI-12, TCPS-TI-34
Tcps::Engine::Outcome Tcps::Engine::JudgeIdentity(Step& step) {
  if (Deviates(kIgnoreIdentity)) return kStay;
  const std::optional<Identity> shown = FindTi(step.segment.options);
  if (!shown) {
    NoteMalformed(step);
    return kStay;
  }
  if (traits_.ignores_low_order_keys && crypto::IsLowOrder(shown->key)) {
    // No proof could ever be demanded of such an identity, so it would be taken for a first contact for ever.
    Report(EventKind::kLowOrderKey, step, "TI");
    return kStay;
  }
  Connection& connection = *step.connection;
  IdentityExchange& exchange = connection.identity;
  const wire::Address& address = step.remote().address;
  if (!exchange.judged) {
    if (traits_.checks_identity_window && !InIdentityWindow(step.segment, connection)) {
      // TCPS-LOG-12
      Report(EventKind::kTiOutOfWindow, step);
      return kStay;
    }
    exchange.shown = shown->key;
    return JudgeFirst(step, *shown);
  }
  if (connection.state == State::kAuthenticated && exchange.shown != shown->key) {
    if (Deviates(kBlockOnLateIdentity)) return Mismatch(step, "late TI");
    // TCPS-LOG-11, TCPS-TI-33
    Report(EventKind::kTiConflict, step, Fingerprint(shown->key));
    return kStay;
  }
  if (Deviates(kJudgeProofAgain) && connection.state == State::kAuthenticated &&
      !ProofHolds(address, peers_->Find(address).value_or(Peer{.key = shown->key}), connection, shown->proof)) {
    return Mismatch(step, "late TI");
  }
  // The peer still sends TI, so it may lack ours.
  // TCPS-TI-20, TCPS-TI-21, TCPS-TI-22, TCPS-TI-30
  const bool may_answer =
      (exchange.answers < kMaximumAnswers || Deviates(kAnswerIdentityWithoutEnd)) && !Deviates(kNeverAnswerIdentity);
  const bool due = step.now - exchange.last_sent >= kIdentityInterval || Deviates(kAnswerIdentityAtOnce);
  if (exchange.sent && due && may_answer && !exchange.owed) {
    exchange.owed = true;
    exchange.due_since = step.now;
  }
  return kStay;
}

// TCPS-TOFU-01, TCPS-TOFU-02, TCPS-TOFU-03, TCPS-TOFU-04
Tcps::Engine::Outcome Tcps::Engine::JudgeFirst(Step& step, const Identity& shown) {
  const wire::Address& address = step.remote().address;
  Connection& connection = *step.connection;
  const bool lenient = Deviates(kAcceptIdentityMismatch);
  std::optional<Peer> peer = KnownPeer(address);
  const bool first_contact = !peer;
  // Another Tcps of this host may be faster: then its peer counts.
  if (first_contact) peer = Deviates(kForgetPeers) ? Peer{.key = shown.key} : peers_->Remember(address, shown.key);
  if (first_contact && peer->key == shown.key) {
    Report(EventKind::kPeerNew, step, fmt::format("{} fingerprint {}", ToString(address), Fingerprint(shown.key)));
  } else if (peer->key != shown.key && !lenient) {
    std::string detail = fmt::format("static key mismatch for peer {}: expected {}, got {}", ToString(address),
                                     Fingerprint(peer->key), Fingerprint(shown.key));
    if (Deviates(kReplaceCachedKey)) peers_->Pin(address, shown.key);
    return Mismatch(step, std::move(detail));
  } else if (!lenient && !ProofHolds(address, *peer, connection, shown.proof)) {
    return Mismatch(step, fmt::format("auth_tag mismatch for peer {}", ToString(address)));
  }
  connection.identity.judged = true;
  Report(EventKind::kAuthenticated, step);
  return {Deviates(kDropIdentity) ? Verdict::kDrop : Verdict::kPass, true};
}

// TCPS-LOG-07, TCPS-TOFU-05, TCPS-TOFU-06, TCPS-TOFU-15, TCPS-TOFU-16, TCPS-TOFU-24
Tcps::Engine::Outcome Tcps::Engine::Mismatch(Step& step, std::string detail) {
  Connection& connection = *step.connection;
  Report(EventKind::kMitmSuspected, step, std::move(detail));
  connection.identity.judged = !Deviates(kMismatchIsNoTi);
  const bool enforces = config.policy.tofu_enforce ? !Deviates(kIgnoreTofuEnforce) : Deviates(kAlwaysTofuEnforce);
  if (!enforces) {
    if (!traits_.authenticates_on_mismatch) return kStay;
    Report(EventKind::kAuthenticated, step);
    return {};
  }
  if (traits_.blocks_on_mismatch) {
    Block(step.key, connection, step.now);
    table_.Erase(step.key);
    if (Deviates(kMismatchEndsAll)) ForgetAll(step.now);
    step.connection = nullptr;
  } else {
    SetState(step.key, connection, State::kDead, step.now);
  }
  return kStayAndDrop;
}

// TCPS-TI-15, TCPS-TI-23, TCPS-TI-24, TCPS-TI-25
stack::Instant Tcps::Engine::OwnAckDeadline(const Connection& connection) const {
  const IdentityExchange& exchange = connection.identity;
  // After both FINs the rule goes on: a short connection that lost a TI has no other time to repair it. The RST by
  // which a TCP that has closed answers such an ACK changes nothing; one that aborts does.
  const bool closed = connection.fin_sent && connection.fin_received;
  const bool over = connection.reset_sent && !closed;
  const std::uint8_t repeated = Deviates(kOwnAcksWithoutEnd) ? 0 : exchange.own_acks;
  if (!traits_.both_sides_authenticate || !connection.confirmed || over || repeated >= kMaximumOwnAcks ||
      !IdentityDue(connection) || Deviates(kNoOwnAcks)) {
    return stack::kNever;
  }
  return std::max(exchange.due_since, exchange.last_ack) + kIdentityInterval * (1 << repeated);
}

void Tcps::Engine::WatchIdentity(const stack::FlowKey& key, Connection& connection, stack::Instant now) {
  IdentityExchange& exchange = connection.identity;
  if (connection.confirmed && exchange.due_since == stack::kNever) exchange.due_since = now;
  const stack::Instant deadline = OwnAckDeadline(connection);
  if (deadline >= exchange.wake_at) return;  // a timer that comes too early looks again
  exchange.wake_at = deadline;
  wakes_.push({.at = deadline, .serial = connection.serial, .key = key});
}

void Tcps::Engine::EmitIdentity(const stack::FlowKey& key, Connection& connection, const AckNumbers& numbers,
                                stack::Instant now) {
  const stack::Flow flow = connection.FlowOf(key);
  stack::Segment ack;
  ack.source = flow.local;
  ack.destination = flow.remote;
  ack.sequence = numbers.sequence - (Deviates(kOwnAckBehind) ? 1 : 0);
  ack.acknowledgement = Deviates(kOwnAckOfSyn) ? connection.remote_isn + 1 : numbers.acknowledgement;
  ack.window = numbers.window;
  ack.flags = wire::kAck;
  ack.options = MakeTiOptions(OwnIdentity(connection, flow.remote.address));
  IdentityLeft(key, connection, now);
  connection.identity.last_ack = now;
  ++connection.identity.own_acks;
  ++counters.emitted;
  services_.segments.ToNetwork(ack);
}

// TCPS-TI-28, TCPS-TI-29
void Tcps::Engine::EmitIdentityBeforeFin(Step& step) {
  Connection& connection = *step.connection;
  const IdentityExchange& exchange = connection.identity;
  if (!traits_.both_sides_authenticate || !connection.confirmed || (exchange.sent && !exchange.owed) ||
      exchange.own_acks >= kMaximumOwnAcks || !IdentityDue(connection) || Deviates(kNoIdentityBeforeFin)) {
    return;
  }
  EmitIdentity(step.key, connection,
               {.sequence = step.segment.sequence,
                .acknowledgement = step.segment.acknowledgement,
                .window = step.segment.window},
               step.now);
}

// TCPS-TI-26, TCPS-TI-27
void Tcps::Engine::NoteOutbound(const Step& step) {
  Connection& connection = *step.connection;
  const std::uint32_t end = step.segment.sequence + step.segment.SequenceLength();
  if (wire::SequenceBefore(connection.highest_sent, end)) connection.highest_sent = end;
  connection.last_acknowledgement = step.segment.acknowledgement;
  connection.last_window = step.segment.window;
  connection.reset_sent = false;  // our TCP goes on: that RST answered a stray segment
}

}  // namespace tcpslab::tcps
