#include "reference/tcps/engine.h"

#include <algorithm>
#include <cstdint>

#include "reference/wire/sequence.h"

namespace tcpslab::tcps {

using enum Deviation;
using stack::EventKind;
using stack::Verdict;

Tcps::Engine::Engine(const Config& initial, const stack::Services& services, const Shared& shared)
    : config(initial),
      traits_(TraitsOf(initial.dialect, initial.deviations)),
      services_(services),
      identity_(shared.identity ? shared.identity
                                : std::make_shared<const crypto::KeyPair>(crypto::KeyPair::Generate(services.random))),
      peers_(shared.peers ? shared.peers : std::make_shared<PeerCache>()),
      static_secrets_(services.key_log),
      hash_(services.random),
      table_(hash_),
      blocked_(hash_) {}

stack::Flow Tcps::Engine::Step::flow() const {
  stack::Flow flow{.local = local(), .remote = remote()};
  if (connection != nullptr) {
    flow.role = connection->role;
  } else if (blocked != nullptr) {
    flow.role = blocked->flow.role;
  } else if (segment.Has(wire::kSyn)) {
    flow.role = outbound == segment.IsSyn() ? stack::Role::kClient : stack::Role::kServer;
  }
  return flow;
}

Verdict Tcps::Engine::Outbound(stack::Segment& segment, stack::Instant now) {
  Step step{.segment = segment, .now = now, .key = {segment.source, segment.destination}, .outbound = true};
  const Verdict verdict = Run(step);
  if (Deviates(kIdentityInClear) && segment.IsPureAck() &&
      !(step.connection != nullptr && step.connection->Protected())) {
    segment.options = MakeTiOptions({.key = identity().public_key, .proof = {}});
  }
  ++(verdict == Verdict::kPass ? counters.outbound_passed : counters.outbound_dropped);
  return verdict;
}

Verdict Tcps::Engine::Inbound(stack::Segment& segment, stack::Instant now) {
  Step step{.segment = segment, .now = now, .key = {segment.source, segment.destination}, .outbound = false};
  const Verdict verdict = Run(step);
  ++(verdict == Verdict::kPass ? counters.inbound_passed : counters.inbound_dropped);
  // A RST is never answered by one (RFC 9293, section 3.10.7.1): two such hosts would not come to rest.
  if (verdict == Verdict::kDrop && Deviates(kAnswerDropWithReset) && !segment.Has(wire::kRst)) AnswerWithReset(segment);
  return verdict;
}

namespace {

// The peer acknowledges our SYN, which one who only guesses numbers cannot do; or our TCP goes on to send. A pure ACK
// of a server's TCP says nothing: it may answer a stray segment.
// TCPS-OPEN-03, TCPS-TIME-06
bool CompletesHandshake(const stack::Segment& segment, bool outbound, const Connection& connection) {
  if ((segment.flags & (wire::kSyn | wire::kRst)) != 0) return false;
  if (outbound) return connection.role == stack::Role::kClient || !segment.IsPureAck();
  return segment.Has(wire::kAck) &&
         wire::SequenceWithin(segment.acknowledgement, connection.local_isn + 1, connection.highest_sent);
}

}  // namespace

Verdict Tcps::Engine::Run(Step& step) {
  if (!Concerns(step.segment, step.outbound)) return Verdict::kPass;
  if (Deviates(kDropEveryReset) && !step.outbound && step.segment.Has(wire::kRst)) return Verdict::kDrop;
  // TCPS-FAIL-07
  step.connection = table_.Find(step.key);
  if (step.connection == nullptr) step.blocked = blocked_.Find(step.key);
  const State state = step.connection != nullptr ? step.connection->state
                      : step.blocked != nullptr  ? State::kBlocked
                                                 : State::kNone;
  // TCPS-TC-14
  if (!step.outbound && step.segment.Has(wire::kSyn)) FindOffer(step);
  const Rule& rule = RuleFor(traits_.transitions, state, Classify(step));

  if (step.connection != nullptr && step.connection->Protected() && !Deviates(kIgnoreTraffic)) {
    // TCPS-TIME-05
    step.connection->last_active = step.now;
  }
  const Outcome outcome = Perform(rule.action, step);
  if (outcome.advance && step.connection != nullptr) SetState(step.key, *step.connection, rule.next, step.now);
  if (Deviates(kDieOnRepeatedSynAck) && !step.outbound && step.segment.IsSynAck() && step.connection != nullptr &&
      (state == State::kEncrypted || state == State::kAuthenticated)) {
    SetState(step.key, *step.connection, State::kDead, step.now);
  }
  if (Deviates(kAgreeAfterFallback) && state == State::kDead && step.tc && step.segment.IsSynAck() &&
      Complete(step).advance) {
    SetState(step.key, *step.connection, State::kEncrypted, step.now);
  }

  if (step.connection != nullptr && step.connection->Protected()) {
    if (step.outbound && outcome.verdict == Verdict::kPass && !step.segment.Has(wire::kRst)) NoteOutbound(step);
    if (!step.connection->confirmed && outcome.verdict == Verdict::kPass) {
      step.connection->confirmed = CompletesHandshake(step.segment, step.outbound, *step.connection);
    }
    WatchIdentity(step.key, *step.connection, step.now);
  }
  return outcome.verdict;
}

// TCPS-FRAG-06, TCPS-FRAG-07, TCPS-LOOP-01, TCPS-LOOP-02, TCPS-LOOP-03, TCPS-LOOP-04, TCPS-TC-15
bool Tcps::Engine::Concerns(const stack::Segment& segment, bool outbound) const {
  const wire::Address& source = segment.source.address;
  const wire::Address& destination = segment.destination.address;
  if (source.family() == wire::Family::kIpv6 && !traits_.protects_ipv6) return false;
  if (!outbound && segment.reassembled && !traits_.checks_reassembled) return false;
  const bool own_host = source == destination || source.IsLoopback() || destination.IsLoopback();
  return !(traits_.exempts_own_host && own_host);
}

// TCPS-KEY-14, TCPS-KEY-15, TCPS-KEY-16, TCPS-LOG-18, TCPS-SYN-02
void Tcps::Engine::FindOffer(Step& step) {
  step.tc = FindTc(step.segment.options, config.deviations);
  if (!step.tc) {
    NoteMalformed(step);
    if (traits_.reads_past_options) step.tc = FindTcPastEnd(step.segment.options, step.segment.payload);
  }
  if (step.tc && Deviates(kRefuseHighBitKeys) && (step.tc->back() & std::byte{0x80}) != std::byte{0}) step.tc.reset();
  if (step.tc && traits_.ignores_low_order_keys && crypto::IsLowOrder(*step.tc)) {
    Report(EventKind::kLowOrderKey, step, "TC");
    step.tc.reset();
  }
  // Nothing that comes with a SYN is tagged, so on a flow that is or becomes protected it may not reach TCP (R14).
  const bool protects = step.tc || (step.connection != nullptr && step.connection->Protected());
  if (traits_.removes_syn_payload && protects) step.segment.payload = {};
  if (step.tc && Deviates(kRaisePeerMss)) RaiseMss(step.segment.options);
}

// TCPS-RST-08, TCPS-TM-03
Input Tcps::Engine::Classify(const Step& step) const {
  const stack::Segment& segment = step.segment;
  const bool out = step.outbound;
  const bool data = !segment.payload.empty() || segment.Has(wire::kFin);
  if (traits_.strict_flags) {
    if (segment.Has(wire::kRst)) return out ? Input::kOutRst : Input::kInRst;
    if (segment.Has(wire::kSyn | wire::kFin)) return out ? Input::kOutData : Input::kInData;
  }
  if (segment.IsSyn()) return out ? Input::kOutSyn : step.tc ? Input::kInSynWithTc : Input::kInSyn;
  if (segment.IsSynAck()) return out ? Input::kOutSynAck : step.tc ? Input::kInSynAckWithTc : Input::kInSynAck;
  if (segment.Has(wire::kRst)) return out ? Input::kOutRst : Input::kInRst;
  if (data) return out ? Input::kOutData : Input::kInData;
  return out ? Input::kOutAck : Input::kInAck;
}

Tcps::Engine::Outcome Tcps::Engine::Perform(Action action, Step& step) {
  switch (action) {
    case Action::kPass:
      return {};
    case Action::kDrop:
      return kStayAndDrop;
    case Action::kDropIfEnforcing:
      return {DropIfEnforcing(), false};
    case Action::kOpen:
      return Open(step);
    case Action::kRepeatSyn:
      return RepeatSyn(step);
    case Action::kRepeatOrReopen:
      return RepeatOrReopen(step);
    case Action::kReopen:
      return Reopen(step);
    case Action::kReopenBlocked:
      return ReopenBlocked(step);
    case Action::kAccept:
      return Accept(step);
    case Action::kUpdateOffer:
      return UpdateOffer(step);
    case Action::kReplaceOffer:
      return ReplaceOffer(step);
    case Action::kHoldOffer:
      return HoldOffer(step);
    case Action::kSimultaneousOpen:
      return SimultaneousOpen(step);
    case Action::kRefuseOrPass:
      return RefuseOrPass(step);
    case Action::kRefuseOrCross:
      return RefuseOrCross(step);
    case Action::kAnswer:
      return Answer(step);
    case Action::kAnswerAgain:
      return AnswerAgain(step);
    case Action::kAnswerHeld:
      return AnswerHeld(step);
    case Action::kAnswerPlain:
      return AnswerPlain(step);
    case Action::kComplete:
      return Complete(step);
    case Action::kFallBackOnce:
      return FallBackOnce(step);
    case Action::kFallBackOrRefuse:
      return FallBackOrRefuse(step);
    case Action::kAbort:
      return Abort(step);
    case Action::kIgnoreReset:
      return IgnoreReset(step);
    case Action::kAttachIdentity:
      return AttachIdentity(step);
    case Action::kProtect:
      return Protect(step);
    case Action::kVerify:
      return Verify(step);
    case Action::kJudge:
      return Judge(step);
  }
  return {};
}

void Tcps::Engine::SetState(const stack::FlowKey& key, Connection& connection, State next, stack::Instant now) {
  const State previous = connection.state;
  if (previous == next) return;
  if (previous == State::kSynReceived) half_open_.erase(connection.serial);
  if (next == State::kSynReceived) half_open_.emplace(connection.serial, key);
  if (next == State::kDead && !Deviates(kAgreeAfterFallback)) connection.WipeKeys();
  connection.state = next;
  connection.last_active = now;
  services_.events.OnStateChange(
      {.time = now, .flow = connection.FlowOf(key), .from = ToString(previous), .to = ToString(next)});
}

void Tcps::Engine::Block(const stack::FlowKey& key, const Connection& connection, stack::Instant now) {
  AddBlocked({.key = key,
              .flow = connection.FlowOf(key),
              .since = now,
              .local_isn = connection.local_isn,
              .remote_isn = connection.remote_isn,
              .held = connection.held},
             connection.state);
}

// TCPS-ENF-11
void Tcps::Engine::Block(const stack::Flow& flow, stack::Instant now) {
  const stack::FlowKey key(flow.local, flow.remote);
  if (!traits_.blocks_expired || table_.Find(key) != nullptr || blocked_.Find(key) != nullptr) return;
  AddBlocked({.key = key, .flow = flow, .since = now, .local_isn = {}, .remote_isn = {}, .held = {}}, State::kNone);
}

// TCPS-LOG-08, TCPS-LOG-14
void Tcps::Engine::AddBlocked(const BlockedFlow& flow, State from) {
  const std::optional<BlockedFlow> forgotten =
      blocked_.Add(flow, Deviates(kNoBlockedLimit) ? SIZE_MAX : config.policy.max_blocked);
  services_.events.OnStateChange(
      {.time = flow.since, .flow = flow.flow, .from = ToString(from), .to = ToString(State::kBlocked)});
  Report(EventKind::kBlocked, flow.flow, flow.since);
  if (forgotten) {
    NoteGone(*forgotten, flow.since);
    Report(EventKind::kBlockedSetFull, forgotten->flow, flow.since);
  }
}

void Tcps::Engine::NoteGone(const stack::FlowKey& key, const Connection& connection, stack::Instant now) {
  if (connection.state == State::kSynReceived) half_open_.erase(connection.serial);
  services_.events.OnStateChange(
      {.time = now, .flow = connection.FlowOf(key), .from = ToString(connection.state), .to = ToString(State::kNone)});
}

void Tcps::Engine::NoteGone(const BlockedFlow& flow, stack::Instant now) {
  services_.events.OnStateChange(
      {.time = now, .flow = flow.flow, .from = ToString(State::kBlocked), .to = ToString(State::kNone)});
}

void Tcps::Engine::Report(EventKind kind, const stack::Flow& flow, stack::Instant now, std::string detail) {
  ++counters.events[static_cast<std::size_t>(kind)];
  services_.events.OnEvent({.kind = kind, .time = now, .flow = flow, .detail = std::move(detail)});
}

void Tcps::Engine::Report(EventKind kind, const Step& step, std::string detail) {
  Report(kind, step.flow(), step.now, std::move(detail));
}

void Tcps::Engine::AnswerWithReset(const stack::Segment& segment) {
  stack::Segment reset;
  reset.source = segment.destination;
  reset.destination = segment.source;
  reset.sequence = segment.acknowledgement;
  reset.flags = wire::kRst;
  services_.segments.ToNetwork(reset);
}

// TCPS-LOG-17, TCPS-OPT-11
void Tcps::Engine::NoteMalformed(const Step& step) {
  if (const std::optional<wire::Error> error = step.segment.options.Check()) {
    Report(EventKind::kMalformedOption, step, std::string(wire::ToString(*error)));
    if (step.connection != nullptr && Deviates(kDieOnMalformedOption)) {
      SetState(step.key, *step.connection, State::kDead, step.now);
    }
  }
}

}  // namespace tcpslab::tcps
