// Data, FIN and RST of a protected connection (spec tcps-wire.md, sections 2.2, 4, 5 and 7).
#include "reference/crypto/secret.h"
#include "reference/tcps/engine.h"
#include "reference/tcps/options.h"
#include "reference/tcps/packet_mac.h"

namespace tcpslab::tcps {

using stack::EventKind;
using stack::Verdict;

Tcps::Engine::Outcome Tcps::Engine::Protect(Step& step) {
  stack::Segment& segment = step.segment;
  Connection& connection = *step.connection;
  const bool fin = segment.Has(wire::kFin);

  if (config.deviations.Has(Deviation::kSendInClear)) return kStay;
  if (fin && segment.payload.empty() && config.deviations.Has(Deviation::kFinWithoutTag)) return kStay;
  if (fin) EmitIdentityBeforeFin(step);

  if (traits_.makes_room && segment.options.size() + kTmSize > wire::kMaximumOptionBytes) {
    segment.options.Remove(wire::kSack);
    segment.options.PadWithNop();
  }
  if (segment.options.size() + kTmSize > wire::kMaximumOptionBytes) {
    Report(EventKind::kNoRoom, step);
    return kStayAndDrop;
  }

  const std::uint64_t position = connection.out.PositionOf(StreamOffset(segment.sequence, connection.local_isn));
  connection.out.Commit(position);
  crypto::XorKeystream(connection.out.encryption, position, segment.payload);
  crypto::Tag tag = PacketTag(traits_.tag_arithmetic, connection.out.mac, position, segment.flags, segment.payload);
  if (config.deviations.Has(Deviation::kWrongTag)) tag.back() ^= std::byte{1};
  AppendTm(segment.options, tag);

  if (fin) {
    connection.fin_sent = true;
    if (connection.fin_received && !traits_.tagged_after_both_fins) {
      SetState(step.key, connection, State::kDead, step.now);
    }
  }
  return kStay;
}

Tcps::Engine::Outcome Tcps::Engine::Verify(Step& step) {
  stack::Segment& segment = step.segment;
  Connection& connection = *step.connection;

  if (traits_.judges_every_segment && connection.state == State::kEncrypted) {
    const Outcome judged = Judge(step);
    if (judged.verdict == Verdict::kDrop) return judged;
    if (judged.advance) SetState(step.key, connection, State::kAuthenticated, step.now);
  }

  const std::optional<crypto::Tag> tag = FindTm(segment.options);
  if (!tag) {
    if (config.deviations.Has(Deviation::kAcceptMissingTag)) return kStay;
    NoteMalformed(step);
    Report(EventKind::kTagMissing, step);
    return kStayAndDrop;
  }
  const std::uint64_t position = connection.in.PositionOf(StreamOffset(segment.sequence, connection.remote_isn));
  const crypto::Tag expected =
      PacketTag(traits_.tag_arithmetic, connection.in.mac, position, segment.flags, segment.payload);
  if (!crypto::ConstantTimeEqual(*tag, expected) && !config.deviations.Has(Deviation::kAcceptInvalidTag)) {
    Report(EventKind::kTagInvalid, step);
    return kStayAndDrop;
  }
  connection.in.Commit(position);
  crypto::XorKeystream(connection.in.encryption, position, segment.payload);

  if (segment.Has(wire::kFin)) {
    connection.fin_received = true;
    if (connection.fin_sent && !traits_.tagged_after_both_fins) {
      SetState(step.key, connection, State::kDead, step.now);
    }
  }
  return kStay;
}

Tcps::Engine::Outcome Tcps::Engine::Abort(Step& step) {
  step.connection->reset_sent = true;
  if (traits_.strict_flags) step.segment.payload = {};  // a RST may hold text (RFC 9293, section 3.5.3), but no tag
  return {};
}

Tcps::Engine::Outcome Tcps::Engine::IgnoreReset(Step& step) {
  if (config.deviations.Has(Deviation::kAcceptReset)) return kStay;
  Report(EventKind::kResetIgnored, step);
  return kStayAndDrop;
}

}  // namespace tcpslab::tcps
