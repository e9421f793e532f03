// The TCP/S state machine as data: what a dialect does with each kind of segment in each state (spec tcps-wire.md,
// section 7; tcps-dialects.md). `engine.h` carries the actions out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "reference/tcps/state.h"

namespace tcpslab::tcps {

// A segment as the machine sees it. Data: payload or FIN. Ack: everything else without SYN, FIN and RST.
enum class Input : std::uint8_t {
  kOutSyn,
  kOutSynAck,
  kOutRst,
  kOutData,
  kOutAck,
  kInSynWithTc,
  kInSyn,
  kInSynAckWithTc,
  kInSynAck,
  kInRst,
  kInData,
  kInAck,
};
inline constexpr std::size_t kInputs = 12;
std::string_view ToString(Input input);

// What to do. Where an action can end otherwise than in the rule's next state, its comment says so.
enum class Action : std::uint8_t {
  kPass,
  kDrop,
  kDropIfEnforcing,   // enforce=1: drop; else pass
  kOpen,              // our SYN: new entry, TC into it. Table full: nothing changes; the dialect passes or drops it
  kRepeatSyn,         // our SYN again: same key, the initial sequence number from this SYN
  kRepeatOrReopen,    // our SYN: as kRepeatSyn if it has the entry's initial sequence number, else as kReopen
  kReopen,            // our SYN: a fresh entry in place of the present one
  kReopenBlocked,     // our SYN on a blocked flow: another initial sequence number reopens, else drop
  kAccept,            // their SYN with TC: new entry. Table full: as kOpen
  kUpdateOffer,       // their SYN with TC again: take its initial sequence number and key
  kReplaceOffer,      // the same if its initial sequence number is another one; else nothing changes
  kHoldOffer,         // their SYN with TC on a flow that has keys: keep it aside until our TCP answers it
  kSimultaneousOpen,  // their SYN while ours is out: enforce=1: block; else fall back
  kRefuseOrPass,      // their SYN without TC: enforce=1: drop; else pass
  kRefuseOrCross,     // the same while our SYN is out: enforce=1: drop; else fall back
  kAnswer,            // our SYN-ACK: TC into it, derive keys. Zero secret: dead
  kAnswerAgain,       // our SYN-ACK on a protected flow: the same TC again, or the held offer's, or fall back
  kAnswerHeld,        // our SYN-ACK on a blocked flow: only a held offer is answered, else drop
  kAnswerPlain,       // our SYN-ACK without an offer to answer: enforce=1: drop; else pass
  kComplete,          // their SYN-ACK with TC: derive keys. Zero secret: dead
  kFallBackOnce,      // their SYN-ACK without TC: dead; enforce=1 drops this one segment
  kFallBackOrRefuse,  // the same, but enforce=1 drops each of them and the state stays
  kAbort,             // our RST: nothing of this flow will follow
  kIgnoreReset,       // drop and report
  kAttachIdentity,    // put TI on our ACK if it is due
  kProtect,           // encrypt and tag; no room: drop
  kVerify,            // check the tag and decrypt, else drop
  kJudge,             // look at the TI of their ACK, if it has one: authenticate, block, or ignore it
};
std::string_view ToString(Action action);

struct Rule {
  Action action = Action::kPass;
  State next = State::kNone;
};

using TransitionTable = std::array<std::array<Rule, kStates>, kInputs>;

extern const TransitionTable kReadmeTransitions;
extern const TransitionTable kLkmTransitions;

inline const Rule& RuleFor(const TransitionTable& table, State state, Input input) {
  return table[static_cast<std::size_t>(input)][static_cast<std::size_t>(state)];
}

}  // namespace tcpslab::tcps
