// Deliberate misbehaviours, off by default: they give scenarios misbehaving peers and prove the conformance suite,
// which must catch every one of them. Each breaks one rule that shows on the wire or in what an application gets; each
// is a mistake that an implementer may make. conformance/deviations/tcps.yaml says which requirements each one breaks.
//
// "wire" is spec tcps-wire.md, R-numbers are rows of tcps-dialects.md. Rules that are traits of a dialect are broken in
// dialect.cc, all others where they are kept.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tcpslab::tcps {

enum class Deviation : std::uint8_t {
  // TC on SYN and SYN-ACK, and the options beside it (wire 2.1).
  kOmitTcFromSyn,              // offer nothing, in silence
  kTcOnAcks,                   // put TC on pure ACKs that are due no TI
  kOmitTcFromSynAck,           // accept an offer and answer without TC
  kAnswerWithoutOffer,         // put TC on the SYN-ACK although the SYN had none
  kPlainSynAckRetransmission,  // send the SYN-ACK again without TC (R4)
  kWrongTcMagic,               // send TC with the magic of TM
  kTcBeforeKeptOption,         // put TC before the one option that is kept
  kPreferSackPermitted,        // keep SACK-permitted instead of the MSS
  kKeepMss,                    // leave the MSS of a SYN as it is when adding TC
  kRaisePeerMss,               // tell TCP an MSS that is 20 above the peer's
  kTimestampsBesideTm,         // put timestamps on protected segments, before TM
  kPadTm,                      // fill the header with NOPs behind TM

  // Finding options in what comes (wire 2; R15, R19).
  kIgnoreTcLength,        // take a longer option with the magic of TC for TC
  kIgnoreTcMagic,         // take any option of kind and length of TC for TC
  kReadPastOptions,       // complete a TC that the header cuts off from what follows the header
  kExpectTcAfterMss,      // find TC only where Linux has it: right behind an MSS
  kExpectTmFirst,         // find TM only if no other option stands before it
  kScanForTc,             // find TC by its first bytes, wherever they stand
  kDieOnMalformedOption,  // give up the keys after malformed options

  // Key agreement and the session keys (wire 3; R23).
  kReverseKeys,              // send public keys with their bytes in reverse order
  kRefuseHighBitKeys,        // take an offer with the top bit of its key set for none
  kReuseEphemeralKey,        // offer the same key on every connection
  kFreshKeyOnSynRetransmit,  // draw another ephemeral key for a retransmitted SYN
  kAcceptLowOrderKey,        // take an offer whose shared secret can only be zero, and run in clear
  kSwapDirections,           // use the keys of one direction for the other
  kMixIsnIntoKeys,           // let the client's initial sequence number change the keys
  kTagWithCipherKey,         // make the tags of a direction with its encryption key

  // Encryption and positions (wire 4 and 5; R11).
  kSendInClear,              // send data unencrypted and untagged on a protected flow
  kNullCipher,               // tag data but do not encrypt it
  kRestartKeystream,         // begin the keystream anew with every segment
  kAlignKeystream,           // begin the keystream of a segment at a 64-byte block
  kCountSynAsByte,           // count positions from the initial sequence number, not from the byte after it
  kClearUntilAuthenticated,  // send data in clear until the peer has shown who it is
  kClearFinalData,           // send the data of a FIN in clear
  kAcknowledgeTm,            // acknowledge 20 bytes more on protected segments, as if TM were payload
  kSubtractWithoutWrap,      // count positions in 64 bits, so that sequence numbers must not wrap
  kTruncatePositions,        // let positions begin anew after 4 GiB
  kCountWraps,               // let positions only move on, so that what comes from before a 2^32 boundary is lost
  kCommitBeforeTag,          // move the position before the tag is checked

  // What a tag covers and how it is compared (wire 5; R1).
  kWrongTag,                // send every tag with its last bit flipped
  kOtherTagArithmetic,      // use the tag of the other dialect
  kTagPlaintext,            // make the tag before encrypting
  kTagWithoutFin,           // leave FIN out of the flags that a tag covers
  kTagWithoutPush,          // leave PSH out of them
  kTagWithoutHighFlags,     // leave URG, ECE and CWR out of them
  kTagWithoutPosition,      // put 0 for the position that a tag covers
  kTagFullBlocksOnly,       // leave the bytes after the last full 16 out of the tag
  kBareFullBlocks,          // add no 2^128 to full blocks
  kTagWithAcknowledgement,  // let the acknowledgement number change the tag
  kSwapTagKeyHalves,        // take the first half of the one-time key for s and the second for r
  kShortBlockCounter,       // take the one-time key with a block counter of 32 bits
  kAlignTagKey,             // take the one-time key at the 64-byte block of the position
  kAcceptInvalidTag,        // deliver segments whose tag does not verify
  kAcceptMissingTag,        // deliver data and FIN without TM as they are
  kAcceptZeroTag,           // deliver segments with a tag of zeros
  kCompareTagPrefix,        // compare 12 bytes of the tag

  // FIN, RST and pure ACKs (wire 4 and 7).
  kFinWithoutTag,        // send a FIN without payload untagged
  kAcceptUntaggedFin,    // deliver a FIN without payload and TM
  kDropFin,              // keep a FIN with a valid tag from TCP
  kBareFinAtZero,        // take position 0 for a FIN without payload
  kAcceptReset,          // let an inbound RST reach TCP on a protected flow
  kAcceptExactReset,     // the same if it has exactly the next sequence number (RFC 5961)
  kAcceptResetWithSyn,   // let RST, or FIN and data, pass that come with SYN
  kDropEveryReset,       // keep RST from TCP on unprotected flows, too
  kDieOnReset,           // keep RST from TCP, but give up the keys for it
  kDieOnOwnReset,        // give up the keys when our own TCP sends RST
  kDropOwnReset,         // keep the RST of our own TCP from leaving
  kTagPureAcks,          // put TM on pure ACKs
  kRefuseUntaggedAcks,   // drop pure ACKs without TM
  kVerifyTaggedAcks,     // drop pure ACKs whose TM does not verify
  kDieOnLateTc,          // give up the keys for a TC on a pure ACK
  kWaitForThirdAck,      // drop data that comes before the ACK of the SYN-ACK
  kClearAfterBothFins,   // send and take what comes after both FINs in clear (R5)
  kDieOnInvalidTag,      // give up the keys after an invalid tag
  kAnswerDropWithReset,  // answer what is dropped with RST

  // When TI is sent (wire 2.3 and 6; R8 and the TI rule).
  kNeverSendIdentity,          // never send TI
  kIdentityInClear,            // send TI on pure ACKs of connections that have no keys
  kFreshIdentity,              // show another identity on every connection
  kIdentityOnce,               // send TI once only, whether or not the peer's came
  kNeverStopIdentity,          // send TI on every pure ACK for ever
  kStopIdentityAtPeers,        // send no TI any more once the peer's came
  kIdentityOnData,             // put a due TI on data, in place of TM
  kNoOwnAcks,                  // wait for a pure ACK of TCP, however long
  kNoIdentityBeforeFin,        // close without having sent TI
  kOwnAcksWithoutEnd,          // repeat own ACKs every 200 ms without end
  kOwnAckBehind,               // send own ACKs with the sequence number before the next
  kNeverAnswerIdentity,        // leave a peer alone that goes on sending TI
  kOwnAckOfSyn,                // send own ACKs that acknowledge the peer's SYN only
  kAnswerIdentityAtOnce,       // answer a TI, however shortly ours left
  kAnswerIdentityWithoutEnd,   // answer more than 8 TIs on a connection
  kIgnoreIdentity,             // look at no TI
  kDropIdentity,               // keep an ACK whose TI was accepted from TCP
  kAcceptIdentityOutOfWindow,  // judge a TI whatever its numbers (R9)
  kJudgeIdentityOnData,        // judge a TI on a segment without a valid tag
  kBlockOnLateIdentity,        // take another TI in AUTHENTICATED for an attack (R9)

  // The proof in TI, and trust on first use (wire 6; R6, R7, R21).
  kJudgeProofAgain,         // compare the auth tag of a TI in AUTHENTICATED (R9)
  kProofWithoutPeer,        // send an auth tag other than zero to a peer that is not known
  kForgetPeers,             // remember no identity
  kZeroAuthTag,             // send a zero auth tag although the peer is known
  kAuthTagOfServerIsn,      // make auth tags of the server's initial sequence number
  kAuthTagLittleEndian,     // make them of the client's in little-endian order
  kIgnoreAuthTag,           // accept a known key with any auth tag
  kZeroProofSuffices,       // accept a known key with a zero auth tag even after it was proven
  kZeroProofIsMismatch,     // take a zero auth tag for an attack before the peer ever proved itself
  kAcceptIdentityMismatch,  // treat every identity mismatch as accepted, silently
  kReplaceCachedKey,        // remember the key that did not match
  kIgnoreTofuEnforce,       // take tofu_enforce=1 for 0
  kAlwaysTofuEnforce,       // take tofu_enforce=0 for 1
  kMismatchIsNoTi,          // send TI on after a mismatch with tofu_enforce=0, as if none had come (R7)
  kClearAfterMismatch,      // go on in clear after a mismatch (R6)
  kMismatchEndsAll,         // forget all connections when one meets a mismatch

  // enforce, and opening (wire 7; R3, R16, R22, R24, R25).
  kClientIgnoresEnforce,      // fall back although enforce=1, as client
  kServerIgnoresEnforce,      // the same as server
  kRefuseOnce,                // refuse only the first SYN-ACK without TC
  kPassStrays,                // let segments without an entry pass although enforce=1
  kNeverFallBack,             // take enforce=0 for 1
  kAgreeAfterFallback,        // agree keys with a SYN-ACK that comes after the fallback
  kSimultaneousOpenInClear,   // fall back in a simultaneous open although enforce=1
  kAcceptStaleSynAck,         // take keys from a SYN-ACK that acknowledges something else
  kDropStaleSynAck,           // keep such a SYN-ACK from TCP
  kDieOnRepeatedSynAck,       // give up the keys when the SYN-ACK comes again
  kReplaceEntryAtOnce,        // replace a live connection by any SYN with TC
  kNeverReopen,               // take no new offer on a flow that has an entry
  kRepeatedSynChangesAnswer,  // answer a repeated SYN with other keys

  // Limits, timers, families, fragments (wire 7; R2, R12, R13, R18, R20).
  kTableFullInClear,    // let a connection that finds the table full run in clear
  kNoConnectionLimit,   // keep more entries than max_connections
  kFlushFullTable,      // empty the table when it is full
  kPlainTakesEntry,     // keep an entry for a SYN without TC
  kOneEntryPerPeer,     // keep one entry for two addresses, whatever the ports
  kNoBlockedLimit,      // keep more blocked flows than max_blocked
  kHalfOpenFillsTable,  // never let a half-open entry give way
  kKeepHalfOpen,        // keep a handshake that stopped as long as an idle connection
  kForgetIdleFlows,     // let a connection that was collected go on in clear
  kShortIdleTime,       // collect a connection after half of the idle time
  kKeepDead,            // keep what fell back as long as an idle connection
  kKeepClosed,          // keep what saw both FINs as long as an idle connection
  kKeepIdleFlows,       // collect no idle connection
  kIgnoreTraffic,       // count idle time from the handshake, whatever comes
  kPassFragments,       // let what came in IP fragments pass unchecked
  kIgnoreIpv6,          // leave IPv6 unprotected
};
inline constexpr std::size_t kDeviations = static_cast<std::size_t>(Deviation::kIgnoreIpv6) + 1;

std::string_view ToString(Deviation deviation);  // "accept-invalid-tag"
std::optional<Deviation> DeviationFromName(std::string_view name);

class Deviations {
 public:
  [[nodiscard]] bool Has(Deviation deviation) const { return bits_[static_cast<std::size_t>(deviation)]; }
  void Set(Deviation deviation) { bits_.set(static_cast<std::size_t>(deviation)); }

 private:
  std::bitset<kDeviations> bits_;
};

}  // namespace tcpslab::tcps
