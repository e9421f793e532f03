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
    // TCPS-FAIL-04, TCPS-FALL-04, TCPS-OPEN-07, TCPS-TC-13, TCPS-TOFU-14
    {{{kOpen, kSS}, {kRepeatOrReopen, kSS}, {kReopen, kSS}, {kRepeatOrReopen, kSS}, {kRepeatOrReopen, kSS}, {kRepeatOrReopen, kSS}, {kReopenBlocked, kSS}}},
    // kOutSynAck: R4, R22, R25
    // TCPS-MSS-03, TCPS-OPEN-05, TCPS-OPEN-09, TCPS-TC-03
    {{{kAnswerPlain, kN}, {kAnswerPlain, kSS}, {kAnswer, kE}, {kAnswerAgain, kE}, {kAnswerAgain, kE}, {kPass, kD}, {kAnswerHeld, kE}}},
    // kOutRst: R25 excepts it. A TCP may reset a stray segment and go on, so nothing is given up for it.
    // TCPS-ENF-09, TCPS-FAIL-05, TCPS-RST-06
    {{{kPass, kN}, {kPass, kSS}, {kPass, kSR}, {kAbort, kE}, {kAbort, kA}, {kPass, kD}, {kDrop, kB}}},
    // kOutData: R5, R25
    // TCPS-ENC-01, TCPS-ENF-08, TCPS-FAIL-01, TCPS-FAIL-02, TCPS-FIN-08, TCPS-FIN-09, TCPS-TOFU-12
    {{{kDropIfEnforcing, kN}, {kDropIfEnforcing, kSS}, {kDropIfEnforcing, kSR}, {kProtect, kE}, {kProtect, kA}, {kPass, kD}, {kDrop, kB}}},
    // kOutAck: R8, R25
    // TCPS-ACK-03, TCPS-ENF-08, TCPS-TI-02, TCPS-TI-04, TCPS-TI-18
    {{{kDropIfEnforcing, kN}, {kPass, kSS}, {kPass, kSR}, {kAttachIdentity, kE}, {kAttachIdentity, kA}, {kPass, kD}, {kDrop, kB}}},
    // kInSynWithTc: R16, R22
    // TCPS-FALL-05, TCPS-LIM-11, TCPS-OPEN-06, TCPS-OPEN-08, TCPS-OPEN-12, TCPS-OPEN-13
    {{{kAccept, kSR}, {kSimultaneousOpen, kD}, {kReplaceOffer, kSR}, {kHoldOffer, kE}, {kHoldOffer, kA}, {kAccept, kSR}, {kHoldOffer, kB}}},
    // kInSyn
    // TCPS-ENF-01, TCPS-FALL-01
    {{{kRefuseOrPass, kN}, {kRefuseOrCross, kD}, {kRefuseOrPass, kSR}, {kRefuseOrPass, kE}, {kRefuseOrPass, kA}, {kRefuseOrPass, kD}, {kDrop, kB}}},
    // kInSynAckWithTc: R24
    // TCPS-FALL-03, TCPS-OPEN-04
    {{{kDropIfEnforcing, kN}, {kComplete, kE}, {kPass, kSR}, {kPass, kE}, {kPass, kA}, {kPass, kD}, {kDrop, kB}}},
    // kInSynAck: R3, R24
    // TCPS-ENF-04, TCPS-FALL-02
    {{{kDropIfEnforcing, kN}, {kFallBackOrRefuse, kD}, {kPass, kSR}, {kPass, kE}, {kPass, kA}, {kPass, kD}, {kDrop, kB}}},
    // kInRst: R25 excepts it
    // TCPS-ENF-09, TCPS-RST-01, TCPS-RST-02, TCPS-RST-03, TCPS-RST-04, TCPS-RST-05
    {{{kPass, kN}, {kPass, kSS}, {kPass, kSR}, {kIgnoreReset, kE}, {kIgnoreReset, kA}, {kPass, kD}, {kDrop, kB}}},
    // kInData
    // TCPS-ENF-07, TCPS-ENF-10, TCPS-FAIL-03, TCPS-FIN-10, TCPS-TM-04, TCPS-TOFU-13
    {{{kDropIfEnforcing, kN}, {kDropIfEnforcing, kSS}, {kDropIfEnforcing, kSR}, {kVerify, kE}, {kVerify, kA}, {kPass, kD}, {kDrop, kB}}},
    // kInAck: R9
    // TCPS-ACK-01, TCPS-ACK-02, TCPS-ENF-07, TCPS-TI-11
    {{{kDropIfEnforcing, kN}, {kPass, kSS}, {kPass, kSR}, {kJudge, kA}, {kJudge, kA}, {kPass, kD}, {kDrop, kB}}},
}};

// tcps-wire.md, section 7, row by row. The module has no BLOCKED.
const TransitionTable kLkmTransitions = {{
    // kOutSyn
    // TCPS-FALL-04, TCPS-LIM-05, TCPS-OPEN-17, TCPS-TC-13
    {{{kOpen, kSS}, {kRepeatSyn, kSS}, {kPass, kSR}, {kPass, kE}, {kPass, kA}, {kOpen, kSS}, {kDrop, kB}}},
    // kOutSynAck
    // TCPS-MSS-03, TCPS-OPEN-14, TCPS-TC-03
    {{{kPass, kN}, {kPass, kSS}, {kAnswer, kE}, {kPass, kE}, {kPass, kA}, {kPass, kD}, {kDrop, kB}}},
    // kOutRst
    // TCPS-RST-06, TCPS-RST-09
    {{{kPass, kN}, {kPass, kSS}, {kPass, kSR}, {kAbort, kD}, {kAbort, kD}, {kPass, kD}, {kDrop, kB}}},
    // kOutData
    // TCPS-ENC-01, TCPS-FIN-11, TCPS-FIN-12, TCPS-RST-09, TCPS-TIME-08, TCPS-TOFU-22
    {{{kPass, kN}, {kPass, kSS}, {kPass, kSR}, {kProtect, kE}, {kProtect, kA}, {kPass, kD}, {kDrop, kB}}},
    // kOutAck
    // TCPS-ACK-03, TCPS-TI-02, TCPS-TI-04, TCPS-TI-13, TCPS-TI-14
    {{{kPass, kN}, {kPass, kSS}, {kPass, kSR}, {kAttachIdentity, kE}, {kPass, kA}, {kPass, kD}, {kDrop, kB}}},
    // kInSynWithTc
    // TCPS-FALL-05, TCPS-LIM-11, TCPS-OPEN-15, TCPS-OPEN-16
    {{{kAccept, kSR}, {kPass, kSS}, {kUpdateOffer, kSR}, {kPass, kE}, {kPass, kA}, {kAccept, kSR}, {kDrop, kB}}},
    // kInSyn
    // TCPS-ENF-01, TCPS-FALL-01
    {{{kRefuseOrPass, kN}, {kRefuseOrPass, kSS}, {kRefuseOrPass, kSR}, {kRefuseOrPass, kE}, {kRefuseOrPass, kA}, {kRefuseOrPass, kD}, {kDrop, kB}}},
    // kInSynAckWithTc
    // TCPS-FALL-03, TCPS-OPEN-04
    {{{kPass, kN}, {kComplete, kE}, {kPass, kSR}, {kPass, kE}, {kPass, kA}, {kPass, kD}, {kDrop, kB}}},
    // kInSynAck
    // TCPS-ENF-12, TCPS-ENF-13, TCPS-FALL-02, TCPS-OPEN-19
    {{{kPass, kN}, {kFallBackOnce, kD}, {kPass, kSR}, {kPass, kE}, {kPass, kA}, {kPass, kD}, {kDrop, kB}}},
    // kInRst
    // TCPS-RST-01, TCPS-RST-02, TCPS-RST-03, TCPS-RST-04, TCPS-RST-05
    {{{kPass, kN}, {kPass, kSS}, {kPass, kSR}, {kIgnoreReset, kE}, {kIgnoreReset, kA}, {kPass, kD}, {kDrop, kB}}},
    // kInData
    // TCPS-ENF-13, TCPS-FIN-13, TCPS-TIME-08, TCPS-TM-04, TCPS-TOFU-23
    {{{kPass, kN}, {kPass, kSS}, {kPass, kSR}, {kVerify, kE}, {kVerify, kA}, {kPass, kD}, {kDrop, kB}}},
    // kInAck
    // TCPS-ACK-01, TCPS-ACK-02, TCPS-ENF-13, TCPS-TI-11, TCPS-TI-38
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
