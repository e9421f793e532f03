// SYN and SYN-ACK: offering and answering TC, deriving the keys, falling back (spec tcps-wire.md, sections 2.1, 3 and
// 7).
#include <algorithm>
#include <cstring>
#include <utility>

#include "reference/tcps/engine.h"
#include "reference/tcps/hex.h"
#include "reference/tcps/key_schedule.h"
#include "reference/tcps/options.h"

namespace tcpslab::tcps {

using enum Deviation;
using stack::EventKind;
using stack::Role;
using stack::Verdict;

namespace {

// What the upstream module's growth of a SYN's header does to its payload: the header moves up over it and zeros follow
// from the end of the packet (spec tcps-wire.md, section 2.1).
void OverwriteSynPayload(std::span<std::byte> payload, std::size_t growth) {
  const std::size_t shifted = payload.size() - std::min(growth, payload.size());
  std::copy_n(payload.begin() + static_cast<std::ptrdiff_t>(payload.size() - shifted), shifted, payload.begin());
  std::ranges::fill(payload.subspan(shifted), std::byte{0});
}

void Distort(SessionKeys& keys, std::uint32_t client_isn, const Deviations& deviations) {
  if (deviations.Has(kSwapDirections)) {
    std::swap(keys.enc_c2s, keys.enc_s2c);
    std::swap(keys.mac_c2s, keys.mac_s2c);
  }
  if (deviations.Has(kMixIsnIntoKeys)) crypto::XorKeystream(keys.mac_c2s, client_isn, keys.enc_c2s.mutable_bytes());
  if (deviations.Has(kTagWithCipherKey)) {
    keys.mac_c2s = keys.enc_c2s.Clone();
    keys.mac_s2c = keys.enc_s2c.Clone();
  }
}

}  // namespace

// TCPS-LIM-03
void Tcps::Engine::ShedHalfOpen(stack::Instant now) {
  const std::size_t half = std::max<std::size_t>(config.policy.max_connections / 2, 1);
  if (!traits_.drops_when_table_full || half_open_.size() < half || Deviates(kHalfOpenFillsTable)) return;
  const stack::FlowKey oldest = half_open_.begin()->second;
  NoteGone(oldest, *table_.Find(oldest), now);
  table_.Erase(oldest);
}

void Tcps::Engine::ForgetAll(stack::Instant now) {
  table_.EraseIf([this, now](const stack::FlowKey& key, const Connection& connection) {
    NoteGone(key, connection, now);
    return true;
  });
}

// TCPS-LIM-09, TCPS-LOG-10
bool Tcps::Engine::MakeRoom(const Step& step) {
  if (table_.size() < config.policy.max_connections || Deviates(kNoConnectionLimit)) return true;
  if (Deviates(kFlushFullTable)) {
    ForgetAll(step.now);
    return true;
  }
  Report(EventKind::kTableFull, step);
  return false;
}

Connection& Tcps::Engine::Begin(Step& step, Role role) {
  if (step.blocked != nullptr) {
    NoteGone(*step.blocked, step.now);
    blocked_.Erase(step.key);
    step.blocked = nullptr;
  }
  if (Deviates(kOneEntryPerPeer)) {
    table_.EraseIf([this, &step](const stack::FlowKey& other, const Connection& connection) {
      const bool goes = other != step.key && other.low().address == step.key.low().address &&
                        other.high().address == step.key.high().address;
      if (goes) NoteGone(other, connection, step.now);
      return goes;
    });
  }
  Connection& connection = table_[step.key];
  if (connection.state != State::kNone) NoteGone(step.key, connection, step.now);
  connection = Connection();
  connection.role = role;
  connection.local_is_low = step.local() == step.key.low();
  connection.serial = peers_->NextSerial();
  connection.last_active = step.now;
  step.connection = &connection;
  if (collected_at_ == stack::kNever) collected_at_ = step.now;
  return connection;
}

// TCPS-OPEN-02, TCPS-TC-05
void Tcps::Engine::GenerateKey(Connection& connection) {
  crypto::KeyPair pair = Deviates(kReuseEphemeralKey) ? crypto::KeyPair::FromPrivate(identity_->private_key.Clone())
                                                      : crypto::KeyPair::Generate(services_.random);
  connection.ephemeral = std::move(pair.private_key);
  connection.own_key = pair.public_key;
}

// TCPS-TC-01, TCPS-TC-02, TCPS-TC-12
void Tcps::Engine::InsertTc(Step& step) {
  stack::Segment& segment = step.segment;
  if (Deviates(segment.IsSyn() ? kOmitTcFromSyn : kOmitTcFromSynAck)) return;
  const std::size_t before = segment.HeaderSize();
  segment.options = MakeSynOptions(segment.options, step.connection->own_key, config.deviations);
  // TCPS-SYN-01
  if (traits_.removes_syn_payload) {
    segment.payload = {};
  } else if (segment.HeaderSize() > before) {
    // TCPS-SYN-03, TCPS-SYN-04
    OverwriteSynPayload(segment.payload, segment.HeaderSize() - before);
  }
}

// TCPS-LIM-01, TCPS-LIM-05
Tcps::Engine::Outcome Tcps::Engine::Open(Step& step) {
  if (!MakeRoom(step)) return {traits_.drops_when_table_full ? Verdict::kDrop : Verdict::kPass, false};
  return Reopen(step);
}

Tcps::Engine::Outcome Tcps::Engine::Reopen(Step& step) {
  Connection& connection = Begin(step, Role::kClient);
  connection.local_isn = step.segment.sequence;
  GenerateKey(connection);
  InsertTc(step);
  return {};
}

// TCPS-FAIL-04, TCPS-TOFU-14
Tcps::Engine::Outcome Tcps::Engine::ReopenBlocked(Step& step) {
  if (step.segment.sequence == step.blocked->local_isn) return kStayAndDrop;
  return Open(step);
}

// TCPS-ENF-06, TCPS-OPEN-01
Tcps::Engine::Outcome Tcps::Engine::RepeatSyn(Step& step) {
  if (Deviates(kFreshKeyOnSynRetransmit)) GenerateKey(*step.connection);
  step.connection->local_isn = step.segment.sequence;
  step.connection->last_active = step.now;
  InsertTc(step);
  return kStay;
}

// TCPS-OPEN-01, TCPS-OPEN-07
Tcps::Engine::Outcome Tcps::Engine::RepeatOrReopen(Step& step) {
  const bool repeated = step.connection->role == Role::kClient && step.connection->local_isn == step.segment.sequence;
  if (!repeated) return Reopen(step);
  // A connection that fell back has no keys: another offer could be answered and nobody would hold the other end of it.
  return step.connection->state == State::kDead ? kStay : RepeatSyn(step);
}

void Tcps::Engine::TakeOffer(Connection& connection, const HeldOffer& offer) {
  connection.remote_isn = offer.initial_sequence;
  connection.peer_key = offer.key;
}

// TCPS-LIM-02, TCPS-LIM-06
Tcps::Engine::Outcome Tcps::Engine::Accept(Step& step) {
  const HeldOffer offer{.initial_sequence = step.segment.sequence, .key = *step.tc};
  const bool replaces = step.connection != nullptr && traits_.drops_when_table_full;
  if (replaces && step.connection->remote_isn == offer.initial_sequence) {
    return kStay;  // a retransmission of the SYN of a connection that runs unprotected
  }
  ShedHalfOpen(step.now);
  if (!replaces && !MakeRoom(step)) return {traits_.drops_when_table_full ? Verdict::kDrop : Verdict::kPass, false};
  TakeOffer(Begin(step, Role::kServer), offer);
  return {};
}

// TCPS-OPEN-15
Tcps::Engine::Outcome Tcps::Engine::UpdateOffer(Step& step) {
  TakeOffer(*step.connection, {.initial_sequence = step.segment.sequence, .key = *step.tc});
  step.connection->last_active = step.now;
  return kStay;
}

// TCPS-OPEN-06
Tcps::Engine::Outcome Tcps::Engine::ReplaceOffer(Step& step) {
  return step.segment.sequence == step.connection->remote_isn ? kStay : UpdateOffer(step);
}

// TCPS-OPEN-08
Tcps::Engine::Outcome Tcps::Engine::HoldOffer(Step& step) {
  if (Deviates(kNeverReopen)) return kStay;
  // A blocked flow comes back with another initial sequence number only. On a live one the same SYN is held too: our
  // TCP may have forgotten it and answer with another initial sequence number, for which a fresh key is needed.
  if (step.blocked != nullptr && step.segment.sequence == step.blocked->remote_isn) return kStayAndDrop;
  const HeldOffer offer{.initial_sequence = step.segment.sequence, .key = *step.tc, .serial = peers_->NextSerial()};
  if (Deviates(kReplaceEntryAtOnce)) {
    TakeOffer(Begin(step, Role::kServer), offer);
    SetState(step.key, *step.connection, State::kSynReceived, step.now);
    return kStay;
  }
  if (step.connection != nullptr) {
    step.connection->held = offer;
  } else {
    blocked_.Hold(step.key, offer);
  }
  return kStay;
}

// TCPS-LOG-16, TCPS-OPEN-12, TCPS-OPEN-13
Tcps::Engine::Outcome Tcps::Engine::SimultaneousOpen(Step& step) {
  if (Refuses(kSimultaneousOpenInClear)) {
    Block(step.key, *step.connection, step.now);
    table_.Erase(step.key);
    step.connection = nullptr;
    return kStayAndDrop;
  }
  Report(EventKind::kFellBack, step, "simultaneous open");
  return {};
}

// TCPS-ENF-01, TCPS-FALL-01, TCPS-LOG-09
Tcps::Engine::Outcome Tcps::Engine::RefuseOrPass(Step& step) {
  if (Refuses(kServerIgnoresEnforce)) {
    Report(EventKind::kDowngradeRefused, step, "SYN without TC");
    return kStayAndDrop;
  }
  if (step.connection == nullptr) Report(EventKind::kFellBack, step, "SYN without TC");
  if (step.connection == nullptr && Deviates(kPlainTakesEntry)) {
    SetState(step.key, Begin(step, Role::kServer), State::kDead, step.now);
  }
  return kStay;
}

Tcps::Engine::Outcome Tcps::Engine::RefuseOrCross(Step& step) {
  if (Refuses(kSimultaneousOpenInClear)) return RefuseOrPass(step);
  Report(EventKind::kFellBack, step, "simultaneous open");
  return {};
}

// TCPS-KEY-01, TCPS-KEY-19, TCPS-KEY-20, TCPS-TM-25
bool Tcps::Engine::DeriveKeys(const Step& step) {
  Connection& connection = *step.connection;
  const std::optional<crypto::SharedSecret> shared = crypto::Agree(connection.ephemeral, connection.peer_key);
  if (!shared) {
    Report(EventKind::kLowOrderKey, step, "TC");
    return false;
  }
  if (services_.key_log != nullptr) {
    const crypto::PublicKey& client_key = connection.role == Role::kClient ? connection.own_key : connection.peer_key;
    services_.key_log->Line("TCPS_EPHEMERAL_SECRET " + ToHex(client_key) + " " + ToHex(shared->bytes()));
  }
  SessionKeys keys = DeriveSessionKeys(*shared);
  Distort(keys, connection.client_isn(), config.deviations);
  if (Deviates(kFreshIdentity)) {
    identity_ = std::make_shared<const crypto::KeyPair>(crypto::KeyPair::Generate(services_.random));
  }
  connection.Install(std::move(keys), traits_.position_rule);
  connection.highest_sent = connection.local_isn + 1;
  connection.last_acknowledgement = connection.remote_isn + 1;
  connection.last_window = step.segment.window;
  Report(EventKind::kEncrypted, step);
  return true;
}

// TCPS-TC-02
Tcps::Engine::Outcome Tcps::Engine::Answer(Step& step) {
  Connection& connection = *step.connection;
  if (traits_.checks_handshake_ack && step.segment.acknowledgement != connection.remote_isn + 1) {
    // Our TCP answers another SYN than the one with the offer: there is no key for that one.
    if (Enforces()) return kStayAndDrop;
    Report(EventKind::kFellBack, step, "another SYN was answered");
    SetState(step.key, connection, State::kDead, step.now);
    return kStay;
  }
  connection.local_isn = step.segment.sequence;
  GenerateKey(connection);
  InsertTc(step);
  if (!DeriveKeys(step)) {
    SetState(step.key, connection, State::kDead, step.now);
    return kStay;
  }
  return {};
}

// TCPS-OPEN-05, TCPS-OPEN-09
Tcps::Engine::Outcome Tcps::Engine::AnswerAgain(Step& step) {
  Connection& connection = *step.connection;
  const std::uint32_t answered = step.segment.acknowledgement - 1;
  if (connection.role == Role::kServer && connection.remote_isn == answered &&
      connection.local_isn == step.segment.sequence && !(connection.held && Deviates(kRepeatedSynChangesAnswer))) {
    if (!Deviates(kPlainSynAckRetransmission)) InsertTc(step);
    return kStay;
  }
  if (connection.held && connection.held->initial_sequence == answered) {
    const HeldOffer offer = *connection.held;
    Connection& fresh = Begin(step, Role::kServer);
    fresh.serial = offer.serial;
    TakeOffer(fresh, offer);
    const Outcome outcome = Answer(step);
    if (outcome.advance) SetState(step.key, fresh, State::kEncrypted, step.now);
    return {outcome.verdict, false};
  }
  // Our TCP begins another connection on this flow, without an offer that could be answered.
  if (Enforces()) return kStayAndDrop;
  Report(EventKind::kFellBack, step, "SYN-ACK without an offer");
  SetState(step.key, connection, State::kDead, step.now);
  return kStay;
}

// TCPS-FAIL-04, TCPS-OPEN-09, TCPS-TOFU-14
Tcps::Engine::Outcome Tcps::Engine::AnswerHeld(Step& step) {
  const std::optional<HeldOffer> offer = step.blocked->held;
  if (!offer || offer->initial_sequence != step.segment.acknowledgement - 1 || !MakeRoom(step)) return kStayAndDrop;
  Connection& fresh = Begin(step, Role::kServer);
  fresh.serial = offer->serial;
  TakeOffer(fresh, *offer);
  return Answer(step);
}

Tcps::Engine::Outcome Tcps::Engine::AnswerPlain(Step& step) {
  if (Deviates(kAnswerWithoutOffer)) step.segment.options = MakeSynOptions(step.segment.options, identity_->public_key);
  return {Refuses(kServerIgnoresEnforce) ? Verdict::kDrop : Verdict::kPass, false};
}

// TCPS-ENF-05, TCPS-OPEN-10, TCPS-OPEN-11, TCPS-OPEN-18
Tcps::Engine::Outcome Tcps::Engine::Complete(Step& step) {
  Connection& connection = *step.connection;
  if (traits_.checks_handshake_ack && step.segment.acknowledgement != connection.local_isn + 1) {
    return Deviates(kDropStaleSynAck) ? kStayAndDrop : kStay;
  }
  TakeOffer(connection, {.initial_sequence = step.segment.sequence, .key = *step.tc});
  if (!DeriveKeys(step)) {
    SetState(step.key, connection, State::kDead, step.now);
    return kStay;
  }
  return {};
}

// TCPS-ENF-12, TCPS-FALL-02
Tcps::Engine::Outcome Tcps::Engine::FallBackOnce(Step& step) {
  const bool refuses = Refuses(kClientIgnoresEnforce);
  Report(refuses ? EventKind::kDowngradeRefused : EventKind::kFellBack, step, "SYN-ACK without TC");
  return {refuses ? Verdict::kDrop : Verdict::kPass, true};
}

// TCPS-ENF-04, TCPS-FALL-02, TCPS-KEY-17, TCPS-LOG-09, TCPS-LOG-16
Tcps::Engine::Outcome Tcps::Engine::FallBackOrRefuse(Step& step) {
  if (traits_.checks_handshake_ack && step.segment.acknowledgement != step.connection->local_isn + 1) return kStay;
  if (Refuses(kClientIgnoresEnforce)) {
    Report(EventKind::kDowngradeRefused, step, "SYN-ACK without TC");
    return {Verdict::kDrop, Deviates(kRefuseOnce)};
  }
  Report(EventKind::kFellBack, step, "SYN-ACK without TC");
  return {};
}

}  // namespace tcpslab::tcps
