// Data, FIN and RST of a protected connection (spec tcps-wire.md, sections 2.2, 4, 5 and 7).
#include <algorithm>
#include <array>
#include <vector>

#include "reference/crypto/secret.h"
#include "reference/tcps/engine.h"
#include "reference/tcps/options.h"
#include "reference/tcps/packet_mac.h"

namespace tcpslab::tcps {

using enum Deviation;
using stack::EventKind;
using stack::Verdict;

namespace {

// The flags that tags leave out: none, but by deviation.
std::uint8_t UncoveredFlags(const Deviations& deviations) {
  unsigned flags = 0;
  if (deviations.Has(kTagWithoutFin)) flags |= wire::kFin;
  if (deviations.Has(kTagWithoutPush)) flags |= wire::kPsh;
  if (deviations.Has(kTagWithoutHighFlags)) flags |= wire::kUrg | wire::kEce | wire::kCwr;
  return static_cast<std::uint8_t>(flags);
}

// By deviation: 2^128 is added to the last block only.
crypto::Tag TagOfBareBlocks(const crypto::OneTimeKey& key, const std::vector<MacBlock>& blocks) {
  crypto::StandardPoly1305 mac(key);
  for (const MacBlock& block : blocks) mac.Block(block.bytes, &block == &blocks.back());
  return mac.Finish();
}

// By deviation: leaves no room in the header.
void FillWithNops(wire::OptionArea& options) {
  constexpr std::array kNop = {std::byte{wire::kNoOperation}};
  while (options.Append(kNop)) continue;
}

// By deviation, if there is room for them.
void AppendTimestamps(wire::OptionArea& options) {
  constexpr std::array<std::byte, 12> kNopNopTimestamps = {std::byte{wire::kNoOperation}, std::byte{wire::kNoOperation},
                                                           std::byte{wire::kTimestamps}, std::byte{10}};
  if (options.size() + kNopNopTimestamps.size() + kTmSize > wire::kMaximumOptionBytes) return;
  static_cast<void>(options.Append(kNopNopTimestamps));
}

}  // namespace

std::uint64_t Tcps::Engine::PositionOf(Direction& direction, const stack::Segment& segment,
                                       std::uint32_t initial_sequence) const {
  if (Deviates(kBareFinAtZero) && segment.payload.empty()) return 0;
  if (Deviates(kSubtractWithoutWrap)) return std::uint64_t{segment.sequence} - initial_sequence - 1;
  const std::uint32_t before_first = initial_sequence - (Deviates(kCountSynAsByte) ? 1 : 0);
  const std::uint64_t position = direction.PositionOf(StreamOffset(segment.sequence, before_first));
  return Deviates(kTruncatePositions) ? static_cast<std::uint32_t>(position) : position;
}

// TCPS-ENC-02, TCPS-ENC-03, TCPS-ENC-08
void Tcps::Engine::Encipher(const Direction& direction, std::uint64_t position, std::span<std::byte> text) const {
  if (Deviates(kNullCipher)) return;
  if (Deviates(kRestartKeystream)) position = 0;
  if (Deviates(kAlignKeystream)) position -= position % 64;
  crypto::XorKeystream(direction.encryption, position, text);
}

crypto::Tag Tcps::Engine::TagOf(const Direction& direction, std::uint64_t position,
                                const stack::Segment& segment) const {
  std::uint64_t key_position = position - (Deviates(kAlignTagKey) ? position % 64 : 0);
  if (Deviates(kShortBlockCounter)) key_position -= std::uint64_t{1} << 62;  // 2^62 is nothing to 32 bits of blocks
  crypto::OneTimeKey key = DeriveOneTimeKey(direction.mac, key_position);
  if (Deviates(kSwapTagKeyHalves)) std::ranges::rotate(key.mutable_bytes(), key.mutable_bytes().begin() + 16);
  std::span<const std::byte> covered = segment.payload;
  if (Deviates(kTagFullBlocksOnly)) covered = covered.first(covered.size() - covered.size() % 16);
  const unsigned flags = segment.flags & ~UncoveredFlags(config.deviations);
  std::uint64_t stated = Deviates(kTagWithoutPosition) ? 0 : position;
  if (Deviates(kTagWithAcknowledgement)) stated ^= segment.acknowledgement;
  if (Deviates(kBareFullBlocks)) {
    return TagOfBareBlocks(key, MacBlocks(stated, static_cast<std::uint8_t>(flags), covered));
  }
  return PacketTagUnder(traits_.tag_arithmetic, key, stated, static_cast<std::uint8_t>(flags), covered);
}

// TCPS-TM-07, TCPS-TM-23
bool Tcps::Engine::TagHolds(const crypto::Tag& tag, const crypto::Tag& expected) const {
  if (Deviates(kAcceptInvalidTag) || (Deviates(kAcceptZeroTag) && tag == crypto::Tag{})) return true;
  const std::size_t compared = Deviates(kCompareTagPrefix) ? 12 : tag.size();
  return crypto::ConstantTimeEqual(std::span(tag).first(compared), std::span(expected).first(compared));
}

// TCPS-FIN-01, TCPS-FIN-02, TCPS-TM-01
Tcps::Engine::Outcome Tcps::Engine::Protect(Step& step) {
  stack::Segment& segment = step.segment;
  Connection& connection = *step.connection;
  const bool fin = segment.Has(wire::kFin);

  if (Deviates(kSendInClear)) return kStay;
  if (connection.state == State::kEncrypted && Deviates(kClearUntilAuthenticated)) return kStay;
  if (fin && !segment.payload.empty() && Deviates(kClearFinalData)) return kStay;
  if (fin && segment.payload.empty() && Deviates(kFinWithoutTag)) return kStay;
  if (fin) EmitIdentityBeforeFin(step);

  // TCPS-OPT-13
  if (traits_.makes_room && segment.options.size() + kTmSize > wire::kMaximumOptionBytes) {
    segment.options.Remove(wire::kSack);
    segment.options.PadWithNop();
  }
  if (segment.options.size() + kTmSize > wire::kMaximumOptionBytes) {
    // TCPS-LOG-15, TCPS-OPT-14, TCPS-OPT-15
    Report(EventKind::kNoRoom, step);
    return kStayAndDrop;
  }

  const std::uint64_t position = PositionOf(connection.out, segment, connection.local_isn);
  connection.out.Commit(position);
  if (!Deviates(kTagPlaintext)) Encipher(connection.out, position, segment.payload);
  crypto::Tag tag = TagOf(connection.out, position, segment);
  if (Deviates(kTagPlaintext)) Encipher(connection.out, position, segment.payload);
  if (Deviates(kAcknowledgeTm)) segment.acknowledgement += kTmSize;
  if (Deviates(kWrongTag)) tag.back() ^= std::byte{1};
  if (Deviates(kIdentityOnData) && IdentityDue(connection)) {
    segment.options = MakeTiOptions(OwnIdentity(connection, step.remote().address));
    IdentityLeft(step.key, connection, step.now);
  } else {
    if (Deviates(kTimestampsBesideTm)) AppendTimestamps(segment.options);
    AppendTm(segment.options, tag);
    if (Deviates(kPadTm)) FillWithNops(segment.options);
  }

  if (fin) {
    connection.fin_sent = true;
    if (connection.fin_received && !traits_.tagged_after_both_fins) {
      SetState(step.key, connection, State::kDead, step.now);
    }
  }
  return kStay;
}

// TCPS-FIN-04, TCPS-FIN-05, TCPS-TM-04, TCPS-TM-06
Tcps::Engine::Outcome Tcps::Engine::Verify(Step& step) {
  stack::Segment& segment = step.segment;
  Connection& connection = *step.connection;

  // TCPS-TI-35, TCPS-TI-37
  if (traits_.judges_every_segment && connection.state == State::kEncrypted) {
    const Outcome judged = JudgeIdentity(step);
    if (judged.verdict == Verdict::kDrop) return judged;
    if (judged.advance) SetState(step.key, connection, State::kAuthenticated, step.now);
  }

  if (!connection.confirmed && Deviates(kWaitForThirdAck)) return kStayAndDrop;
  const std::optional<crypto::Tag> tag = FindTm(segment.options);
  if (!tag || (Deviates(kExpectTmFirst) && (*segment.options.begin()).kind() != wire::kExperiment253)) {
    const bool bare_fin = segment.payload.empty();
    if (Deviates(kAcceptMissingTag) || (Deviates(kAcceptUntaggedFin) && bare_fin)) return kStay;
    NoteMalformed(step);
    // TCPS-LOG-19
    Report(EventKind::kTagMissing, step);
    return kStayAndDrop;
  }
  const std::uint64_t position = PositionOf(connection.in, segment, connection.remote_isn);
  if (Deviates(kCommitBeforeTag)) connection.in.Commit(position);
  if (!TagHolds(*tag, TagOf(connection.in, position, segment))) {
    // TCPS-FAIL-06, TCPS-LOG-19, TCPS-TM-05, TCPS-TM-24
    Report(EventKind::kTagInvalid, step);
    if (Deviates(kDieOnInvalidTag)) SetState(step.key, connection, State::kDead, step.now);
    return kStayAndDrop;
  }
  connection.in.Commit(position);
  // TCPS-ENC-09, TCPS-ENC-10
  Encipher(connection.in, position, segment.payload);

  if (segment.Has(wire::kFin) && Deviates(kDropFin)) return kStayAndDrop;
  if (segment.Has(wire::kFin)) {
    // TCPS-FIN-07, TCPS-FIN-11
    connection.fin_received = true;
    if (connection.fin_sent && !traits_.tagged_after_both_fins) {
      SetState(step.key, connection, State::kDead, step.now);
    }
  }
  return kStay;
}

// TCPS-RST-06, TCPS-RST-07
Tcps::Engine::Outcome Tcps::Engine::Abort(Step& step) {
  if (Deviates(kDropOwnReset)) return kStayAndDrop;
  if (Deviates(kDieOnOwnReset)) {
    SetState(step.key, *step.connection, State::kDead, step.now);
    return kStay;
  }
  step.connection->reset_sent = true;
  if (traits_.strict_flags) step.segment.payload = {};  // a RST may hold text (RFC 9293, section 3.5.3), but no tag
  return {};
}

// TCPS-RST-01, TCPS-RST-02, TCPS-RST-03
Tcps::Engine::Outcome Tcps::Engine::IgnoreReset(Step& step) {
  const bool exact = step.segment.sequence == step.connection->last_acknowledgement;
  if (Deviates(kAcceptReset) || (Deviates(kAcceptExactReset) && exact)) return kStay;
  Report(EventKind::kResetIgnored, step);
  if (Deviates(kDieOnReset)) SetState(step.key, *step.connection, State::kDead, step.now);
  return kStayAndDrop;
}

}  // namespace tcpslab::tcps
