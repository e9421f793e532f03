#include "reference/tcps/transitions.h"

namespace tcpslab::tcps {
namespace {

using enum Action;

constexpr State kN = State::kNone;
constexpr State kSS = State::kSynSent;
constexpr State kSR = State::kSynReceived;
constexpr State kE = State::kEncrypted;
constexpr State kA = State::kAuthenticated;
constexpr State kD = State::kDead;
constexpr State kB = State::kBlocked;

}  // namespace

// clang-format off
// One row per input; columns: NONE, SYN_SENT, SYN_RECV, ENCRYPTED, AUTHENTICATED, DEAD, BLOCKED.
// R-numbers are rows of tcps-dialects.md.
const TransitionTable kReadmeTransitions = {{
    // kOutSyn: R22
    {{{kOpen, kSS}, {kRepeatOrReopen, kSS}, {kReopen, kSS}, {kRepeatOrReopen, kSS}, {kRepeatOrReopen, kSS}, {kRepeatOrReopen, kSS}, {kReopenBlocked, kSS}}},
    // kOutSynAck: R4, R22, R25
    {{{kAnswerPlain, kN}, {kAnswerPlain, kSS}, {kAnswer, kE}, {kAnswerAgain, kE}, {kAnswerAgain, kE}, {kPass, kD}, {kAnswerHeld, kE}}},
    // kOutRst: R25 excepts it. A TCP may reset a stray segment and go on, so nothing is given up for it.
    {{{kPass, kN}, {kPass, kSS}, {kPass, kSR}, {kAbort, kE}, {kAbort, kA}, {kPass, kD}, {kDrop, kB}}},
    // kOutData: R5, R25
    {{{kDropIfEnforcing, kN}, {kDropIfEnforcing, kSS}, {kDropIfEnforcing, kSR}, {kProtect, kE}, {kProtect, kA}, {kPass, kD}, {kDrop, kB}}},
    // kOutAck: R8, R25
    {{{kDropIfEnforcing, kN}, {kPass, kSS}, {kPass, kSR}, {kAttachIdentity, kE}, {kAttachIdentity, kA}, {kPass, kD}, {kDrop, kB}}},
    // kInSynWithTc: R16, R22
    {{{kAccept, kSR}, {kSimultaneousOpen, kD}, {kReplaceOffer, kSR}, {kHoldOffer, kE}, {kHoldOffer, kA}, {kAccept, kSR}, {kHoldOffer, kB}}},
    // kInSyn
    {{{kRefuseOrPass, kN}, {kRefuseOrCross, kD}, {kRefuseOrPass, kSR}, {kRefuseOrPass, kE}, {kRefuseOrPass, kA}, {kRefuseOrPass, kD}, {kDrop, kB}}},
    // kInSynAckWithTc: R24
    {{{kDropIfEnforcing, kN}, {kComplete, kE}, {kPass, kSR}, {kPass, kE}, {kPass, kA}, {kPass, kD}, {kDrop, kB}}},
    // kInSynAck: R3, R24
    {{{kDropIfEnforcing, kN}, {kFallBackOrRefuse, kD}, {kPass, kSR}, {kPass, kE}, {kPass, kA}, {kPass, kD}, {kDrop, kB}}},
    // kInRst: R25 excepts it
    {{{kPass, kN}, {kPass, kSS}, {kPass, kSR}, {kIgnoreReset, kE}, {kIgnoreReset, kA}, {kPass, kD}, {kDrop, kB}}},
    // kInData
    {{{kDropIfEnforcing, kN}, {kDropIfEnforcing, kSS}, {kDropIfEnforcing, kSR}, {kVerify, kE}, {kVerify, kA}, {kPass, kD}, {kDrop, kB}}},
    // kInAck: R9
    {{{kDropIfEnforcing, kN}, {kPass, kSS}, {kPass, kSR}, {kJudge, kA}, {kJudge, kA}, {kPass, kD}, {kDrop, kB}}},
}};

// tcps-wire.md, section 7, row by row. The module has no BLOCKED.
const TransitionTable kLkmTransitions = {{
    // kOutSyn
    {{{kOpen, kSS}, {kRepeatSyn, kSS}, {kPass, kSR}, {kPass, kE}, {kPass, kA}, {kOpen, kSS}, {kDrop, kB}}},
    // kOutSynAck
    {{{kPass, kN}, {kPass, kSS}, {kAnswer, kE}, {kPass, kE}, {kPass, kA}, {kPass, kD}, {kDrop, kB}}},
    // kOutRst
    {{{kPass, kN}, {kPass, kSS}, {kPass, kSR}, {kAbort, kD}, {kAbort, kD}, {kPass, kD}, {kDrop, kB}}},
    // kOutData
    {{{kPass, kN}, {kPass, kSS}, {kPass, kSR}, {kProtect, kE}, {kProtect, kA}, {kPass, kD}, {kDrop, kB}}},
    // kOutAck
    {{{kPass, kN}, {kPass, kSS}, {kPass, kSR}, {kAttachIdentity, kE}, {kPass, kA}, {kPass, kD}, {kDrop, kB}}},
    // kInSynWithTc
    {{{kAccept, kSR}, {kPass, kSS}, {kUpdateOffer, kSR}, {kPass, kE}, {kPass, kA}, {kAccept, kSR}, {kDrop, kB}}},
    // kInSyn
    {{{kRefuseOrPass, kN}, {kRefuseOrPass, kSS}, {kRefuseOrPass, kSR}, {kRefuseOrPass, kE}, {kRefuseOrPass, kA}, {kRefuseOrPass, kD}, {kDrop, kB}}},
    // kInSynAckWithTc
    {{{kPass, kN}, {kComplete, kE}, {kPass, kSR}, {kPass, kE}, {kPass, kA}, {kPass, kD}, {kDrop, kB}}},
    // kInSynAck
    {{{kPass, kN}, {kFallBackOnce, kD}, {kPass, kSR}, {kPass, kE}, {kPass, kA}, {kPass, kD}, {kDrop, kB}}},
    // kInRst
    {{{kPass, kN}, {kPass, kSS}, {kPass, kSR}, {kIgnoreReset, kE}, {kIgnoreReset, kA}, {kPass, kD}, {kDrop, kB}}},
    // kInData
    {{{kPass, kN}, {kPass, kSS}, {kPass, kSR}, {kVerify, kE}, {kVerify, kA}, {kPass, kD}, {kDrop, kB}}},
    // kInAck
    {{{kPass, kN}, {kPass, kSS}, {kPass, kSR}, {kJudge, kA}, {kPass, kA}, {kPass, kD}, {kDrop, kB}}},
}};
// clang-format on

std::string_view ToString(Input input) {
  static constexpr std::array<std::string_view, kInputs> kNames = {
      "out SYN", "out SYN-ACK",        "out RST",    "out data", "out ACK", "in SYN with TC",
      "in SYN",  "in SYN-ACK with TC", "in SYN-ACK", "in RST",   "in data", "in ACK"};
  return kNames[static_cast<std::size_t>(input)];
}

std::string_view ToString(Action action) {
  static constexpr std::array<std::string_view, 28> kNames = {"pass",
                                                              "drop",
                                                              "drop-if-enforcing",
                                                              "open",
                                                              "repeat-syn",
                                                              "repeat-or-reopen",
                                                              "reopen",
                                                              "reopen-blocked",
                                                              "accept",
                                                              "update-offer",
                                                              "replace-offer",
                                                              "hold-offer",
                                                              "simultaneous-open",
                                                              "refuse-or-pass",
                                                              "refuse-or-cross",
                                                              "answer",
                                                              "answer-again",
                                                              "answer-held",
                                                              "answer-plain",
                                                              "complete",
                                                              "fall-back-once",
                                                              "fall-back-or-refuse",
                                                              "abort",
                                                              "ignore-reset",
                                                              "attach-identity",
                                                              "protect",
                                                              "verify",
                                                              "judge"};
  return kNames[static_cast<std::size_t>(action)];
}

}  // namespace tcpslab::tcps
