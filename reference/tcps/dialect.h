// What distinguishes the dialects of TCP/S, as data (spec tcps-dialects.md). The engine reads these traits and the
// transition table and knows no dialect by name.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "reference/tcps/deviations.h"
#include "reference/tcps/packet_mac.h"
#include "reference/tcps/transitions.h"

namespace tcpslab::tcps {

enum class Dialect : std::uint8_t { kReadme, kLkm };
std::string_view ToString(Dialect dialect);  // "readme", "lkm"
std::optional<Dialect> DialectFromName(std::string_view name);

enum class PositionRule : std::uint8_t { kNearest, kWrapCounting };  // see stream_position.h

struct DialectTraits {
  const TransitionTable& transitions;
  TagArithmetic tag_arithmetic;  // R1
  PositionRule position_rule;    // R11
  bool
      drops_when_table_full;  // R2: the SYN is dropped, and half-open entries give way; else the SYN passes unprotected
  bool tagged_after_both_fins;        // R5: else the flow is dead then
  bool blocks_on_mismatch;            // R6: else the flow is dead then
  bool authenticates_on_mismatch;     // R7: with tofu_enforce=0
  bool both_sides_authenticate;       // R8: the TI rule; else TI until the peer's came
  bool judges_every_segment;          // a TI counts wherever it stands; else on pure ACKs only
  bool checks_identity_window;        // R9
  bool first_contact_while_unproven;  // R21: a zero proof is no mismatch before the peer ever proved itself
  bool blocks_expired;                // R12: else an idle flow goes on in clear
  bool checks_reassembled;            // R13: else what came in IP fragments passes unseen
  bool removes_syn_payload;           // R14: else the header grows over it
  bool makes_room;                    // R15: SACK blocks give way to TM
  bool exempts_own_host;              // R17: traffic of a host with itself passes untouched
  bool protects_ipv6;                 // R18
  bool reads_past_options;            // R19: a TC that the header cuts off is completed from what follows
  bool expires_half_open;             // R20: with a limit of their own
  bool ignores_low_order_keys;        // R23: a low-order key in TC or TI is none; else, in TC, the flow is dead
  bool checks_handshake_ack;          // R24
  bool strict_flags;  // RST counts before SYN and has no text, a SYN with FIN is data: nothing slips past the checks
};

const DialectTraits& TraitsOf(Dialect dialect);

// The same with the rules broken that `deviations` names and that are traits.
DialectTraits TraitsOf(Dialect dialect, const Deviations& deviations);

}  // namespace tcpslab::tcps
