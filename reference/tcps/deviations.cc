#include "reference/tcps/deviations.h"

#include <algorithm>
#include <array>

namespace tcpslab::tcps {
namespace {

using enum Deviation;

struct Named {
  Deviation deviation;
  std::string_view name;
};
constexpr std::array<Named, kDeviations> kNames = {{
    {kOmitTcFromSyn, "omit-tc-from-syn"},
    {kOmitTcFromSynAck, "omit-tc-from-syn-ack"},
    {kAnswerWithoutOffer, "answer-without-offer"},
    {kPlainSynAckRetransmission, "plain-syn-ack-retransmission"},
    {kWrongTcMagic, "wrong-tc-magic"},
    {kTcBeforeKeptOption, "tc-before-kept-option"},
    {kPreferSackPermitted, "prefer-sack-permitted"},
    {kKeepMss, "keep-mss"},
    {kIgnoreTcLength, "ignore-tc-length"},
    {kIgnoreTcMagic, "ignore-tc-magic"},
    {kReadPastOptions, "read-past-options"},
    {kExpectTcAfterMss, "expect-tc-after-mss"},
    {kExpectTmFirst, "expect-tm-first"},
    {kDropWithoutRoom, "drop-without-room"},
    {kReuseEphemeralKey, "reuse-ephemeral-key"},
    {kFreshKeyOnSynRetransmit, "fresh-key-on-syn-retransmit"},
    {kAcceptLowOrderKey, "accept-low-order-key"},
    {kSwapDirections, "swap-directions"},
    {kMixIsnIntoKeys, "mix-isn-into-keys"},
    {kTagWithCipherKey, "tag-with-cipher-key"},
    {kSendInClear, "send-in-clear"},
    {kNullCipher, "null-cipher"},
    {kRestartKeystream, "restart-keystream"},
    {kAlignKeystream, "align-keystream"},
    {kCountSynAsByte, "count-syn-as-byte"},
    {kTruncatePositions, "truncate-positions"},
    {kCountWraps, "count-wraps"},
    {kCommitBeforeTag, "commit-before-tag"},
    {kWrongTag, "wrong-tag"},
    {kOtherTagArithmetic, "other-tag-arithmetic"},
    {kTagPlaintext, "tag-plaintext"},
    {kTagWithoutFin, "tag-without-fin"},
    {kTagWithoutPush, "tag-without-push"},
    {kTagWithoutHighFlags, "tag-without-high-flags"},
    {kTagWithoutPosition, "tag-without-position"},
    {kTagFullBlocksOnly, "tag-full-blocks-only"},
    {kAlignTagKey, "align-tag-key"},
    {kAcceptInvalidTag, "accept-invalid-tag"},
    {kAcceptMissingTag, "accept-missing-tag"},
    {kAcceptZeroTag, "accept-zero-tag"},
    {kCompareTagPrefix, "compare-tag-prefix"},
    {kFinWithoutTag, "fin-without-tag"},
    {kAcceptUntaggedFin, "accept-untagged-fin"},
    {kBareFinAtZero, "bare-fin-at-zero"},
    {kAcceptReset, "accept-reset"},
    {kAcceptExactReset, "accept-exact-reset"},
    {kAcceptResetWithSyn, "accept-reset-with-syn"},
    {kDieOnReset, "die-on-reset"},
    {kDropOwnReset, "drop-own-reset"},
    {kTagPureAcks, "tag-pure-acks"},
    {kRefuseUntaggedAcks, "refuse-untagged-acks"},
    {kClearAfterBothFins, "clear-after-both-fins"},
    {kDieOnInvalidTag, "die-on-invalid-tag"},
    {kAnswerDropWithReset, "answer-drop-with-reset"},
    {kNeverSendIdentity, "never-send-identity"},
    {kIdentityOnce, "identity-once"},
    {kNeverStopIdentity, "never-stop-identity"},
    {kStopIdentityAtPeers, "stop-identity-at-peers"},
    {kIdentityOnData, "identity-on-data"},
    {kNoOwnAcks, "no-own-acks"},
    {kNoIdentityBeforeFin, "no-identity-before-fin"},
    {kOwnAcksWithoutEnd, "own-acks-without-end"},
    {kOwnAckBehind, "own-ack-behind"},
    {kNeverAnswerIdentity, "never-answer-identity"},
    {kAnswerIdentityWithoutEnd, "answer-identity-without-end"},
    {kAcceptIdentityOutOfWindow, "accept-identity-out-of-window"},
    {kJudgeIdentityOnData, "judge-identity-on-data"},
    {kBlockOnLateIdentity, "block-on-late-identity"},
    {kZeroAuthTag, "zero-auth-tag"},
    {kAuthTagOfServerIsn, "auth-tag-of-server-isn"},
    {kAuthTagLittleEndian, "auth-tag-little-endian"},
    {kIgnoreAuthTag, "ignore-auth-tag"},
    {kZeroProofSuffices, "zero-proof-suffices"},
    {kZeroProofIsMismatch, "zero-proof-is-mismatch"},
    {kAcceptIdentityMismatch, "accept-identity-mismatch"},
    {kReplaceCachedKey, "replace-cached-key"},
    {kIgnoreTofuEnforce, "ignore-tofu-enforce"},
    {kAlwaysTofuEnforce, "always-tofu-enforce"},
    {kClearAfterMismatch, "clear-after-mismatch"},
    {kClientIgnoresEnforce, "client-ignores-enforce"},
    {kServerIgnoresEnforce, "server-ignores-enforce"},
    {kRefuseOnce, "refuse-once"},
    {kPassStrays, "pass-strays"},
    {kNeverFallBack, "never-fall-back"},
    {kSimultaneousOpenInClear, "simultaneous-open-in-clear"},
    {kAcceptStaleSynAck, "accept-stale-syn-ack"},
    {kReplaceEntryAtOnce, "replace-entry-at-once"},
    {kNeverReopen, "never-reopen"},
    {kRepeatedSynChangesAnswer, "repeated-syn-changes-answer"},
    {kTableFullInClear, "table-full-in-clear"},
    {kNoConnectionLimit, "no-connection-limit"},
    {kHalfOpenFillsTable, "half-open-fills-table"},
    {kKeepHalfOpen, "keep-half-open"},
    {kForgetIdleFlows, "forget-idle-flows"},
    {kKeepIdleFlows, "keep-idle-flows"},
    {kIgnoreTraffic, "ignore-traffic"},
    {kPassFragments, "pass-fragments"},
    {kNoOverhead, "no-overhead"},
    {kIgnoreIpv6, "ignore-ipv6"},
}};
static_assert(std::ranges::adjacent_find(kNames, std::ranges::greater_equal(), &Named::deviation) == kNames.end() &&
                  kNames.back().deviation == static_cast<Deviation>(kDeviations - 1),
              "every deviation has a name, in the order of the list");

}  // namespace

std::string_view ToString(Deviation deviation) { return kNames[static_cast<std::size_t>(deviation)].name; }

std::optional<Deviation> DeviationFromName(std::string_view name) {
  const auto* found = std::ranges::find(kNames, name, &Named::name);
  if (found == kNames.end()) return std::nullopt;
  return found->deviation;
}

}  // namespace tcpslab::tcps
