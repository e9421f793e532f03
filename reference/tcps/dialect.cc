#include "reference/tcps/dialect.h"

namespace tcpslab::tcps {
namespace {

const DialectTraits kReadme = {
    .transitions = kReadmeTransitions,
    .tag_arithmetic = TagArithmetic::kStandard,
    .position_rule = PositionRule::kNearest,
    .drops_when_table_full = true,
    .tagged_after_both_fins = true,
    .blocks_on_mismatch = true,
    .authenticates_on_mismatch = false,
    .both_sides_authenticate = true,
    .judges_every_segment = false,
    .checks_identity_window = true,
    .first_contact_while_unproven = true,
    .blocks_expired = true,
    .checks_reassembled = true,
    .removes_syn_payload = true,
    .makes_room = true,
    .exempts_own_host = true,
    .protects_ipv6 = true,
    .reads_past_options = false,
    .expires_half_open = true,
    .ignores_low_order_keys = true,
    .checks_handshake_ack = true,
    .strict_flags = true,
};

const DialectTraits kLkm = {
    .transitions = kLkmTransitions,
    .tag_arithmetic = TagArithmetic::kLkm,
    .position_rule = PositionRule::kWrapCounting,
    .drops_when_table_full = false,
    .tagged_after_both_fins = false,
    .blocks_on_mismatch = false,
    .authenticates_on_mismatch = true,
    .both_sides_authenticate = false,
    .judges_every_segment = true,
    .checks_identity_window = false,
    .first_contact_while_unproven = false,
    .blocks_expired = false,
    .checks_reassembled = false,
    .removes_syn_payload = false,
    .makes_room = false,
    .exempts_own_host = false,
    .protects_ipv6 = false,
    .reads_past_options = true,
    .expires_half_open = false,
    .ignores_low_order_keys = false,
    .checks_handshake_ack = false,
    .strict_flags = false,
};

// A deviation that is nothing but another value of a trait.
struct DeviantTrait {
  Deviation deviation;
  bool DialectTraits::*trait;
  bool value;
};
constexpr DeviantTrait kDeviantTraits[] = {
    {Deviation::kTableFullInClear, &DialectTraits::drops_when_table_full, false},
    {Deviation::kClearAfterBothFins, &DialectTraits::tagged_after_both_fins, false},
    {Deviation::kClearAfterMismatch, &DialectTraits::blocks_on_mismatch, false},
    {Deviation::kStopIdentityAtPeers, &DialectTraits::both_sides_authenticate, false},
    {Deviation::kJudgeIdentityOnData, &DialectTraits::judges_every_segment, true},
    {Deviation::kAcceptIdentityOutOfWindow, &DialectTraits::checks_identity_window, false},
    {Deviation::kZeroProofIsMismatch, &DialectTraits::first_contact_while_unproven, false},
    {Deviation::kForgetIdleFlows, &DialectTraits::blocks_expired, false},
    {Deviation::kPassFragments, &DialectTraits::checks_reassembled, false},
    {Deviation::kIgnoreIpv6, &DialectTraits::protects_ipv6, false},
    {Deviation::kReadPastOptions, &DialectTraits::reads_past_options, true},
    {Deviation::kKeepHalfOpen, &DialectTraits::expires_half_open, false},
    {Deviation::kAcceptLowOrderKey, &DialectTraits::ignores_low_order_keys, false},
    {Deviation::kAcceptStaleSynAck, &DialectTraits::checks_handshake_ack, false},
    {Deviation::kAcceptResetWithSyn, &DialectTraits::strict_flags, false},
};

}  // namespace

DialectTraits TraitsOf(Dialect dialect, const Deviations& deviations) {
  DialectTraits traits = TraitsOf(dialect);
  for (const DeviantTrait& deviant : kDeviantTraits) {
    if (deviations.Has(deviant.deviation)) traits.*deviant.trait = deviant.value;
  }
  if (deviations.Has(Deviation::kCountWraps)) traits.position_rule = PositionRule::kWrapCounting;
  if (deviations.Has(Deviation::kOtherTagArithmetic)) {
    traits.tag_arithmetic =
        traits.tag_arithmetic == TagArithmetic::kStandard ? TagArithmetic::kLkm : TagArithmetic::kStandard;
  }
  return traits;
}

const DialectTraits& TraitsOf(Dialect dialect) { return dialect == Dialect::kReadme ? kReadme : kLkm; }

std::string_view ToString(Dialect dialect) { return dialect == Dialect::kReadme ? "readme" : "lkm"; }

std::optional<Dialect> DialectFromName(std::string_view name) {
  for (const Dialect dialect : {Dialect::kReadme, Dialect::kLkm}) {
    if (ToString(dialect) == name) return dialect;
  }
  return std::nullopt;
}

}  // namespace tcpslab::tcps
