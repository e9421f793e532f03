// Encryption, positions, tags; FIN, RST and pure ACKs.
#include <algorithm>

#include "reference/tcps/packet_mac.h"
#include "reference/tcps/test/deviant_case.h"

namespace tcpslab::tcps::test {
namespace {

using enum Deviation;
constexpr Side kClient = Side::kClient;
constexpr Side kServer = Side::kServer;
constexpr std::uint8_t kPushAck = wire::kPsh | wire::kAck;

const std::string kSeventyBytes(70, 'x');  // the next segment begins inside the second block of the keystream

OwnedSegment Sent(Conversation& talk, std::string_view text) {
  talk.Data(kClient, text);
  return talk.last();
}

// Whether the client's segment of these flags and this text has the tag of `deviant`, made from it.
bool HasTagOf(Conversation& talk, std::uint8_t flags, std::string_view text, void (*deviant)(OwnedSegment& segment)) {
  talk.HandshakeAndAck();
  talk.Send(kClient, talk.Next(kClient, flags, text));
  OwnedSegment covered = talk.last();
  deviant(covered);
  return FindTm(talk.last()->options) == StandardTag(LastSessionKeys(talk.pair()).mac_c2s, 0, covered);
}

// The same for a second segment of the client, under a one-time key of the test's choice.
bool HasTagUnder(Conversation& talk, std::uint64_t key_position, std::uint64_t position, bool swapped = false) {
  talk.HandshakeAndAck();
  talk.Data(kClient, kSeventyBytes);
  const OwnedSegment sent = Sent(talk, "hello");
  crypto::OneTimeKey key = DeriveOneTimeKey(LastSessionKeys(talk.pair()).mac_c2s, key_position);
  if (swapped) std::ranges::rotate(key.mutable_bytes(), key.mutable_bytes().begin() + 16);
  return FindTm(sent->options) == PacketTagUnder(TagArithmetic::kStandard, key, position, sent->flags, sent->payload);
}

// Moves the client's stream forwards by 4 GiB, a byte per GiB.
void CrossBoundary(Conversation& talk) {
  talk.HandshakeAndAck();
  for (int i = 0; i < 4; ++i) {
    talk.Data(kClient, "x");
    talk.client_next += (1U << 30) - 1;
  }
}

OwnedSegment Untagged(Conversation& talk, Side from) { return talk.Next(from, kPushAck, "in clear"); }

OwnedSegment ZeroTagged(Conversation& talk, Side from) {
  OwnedSegment segment = Untagged(talk, from);
  AppendTm(segment->options, crypto::Tag{});
  return segment;
}

bool SendsInClear(Conversation& talk, Side from) {
  talk.Data(from, "in clear");
  return talk.last().PayloadText() == "in clear" && !HasTm(talk.last());
}

bool FlipLastOptionByte(Side, OwnedSegment& segment) {
  std::vector<std::byte> bytes(segment->options.bytes().begin(), segment->options.bytes().end());
  bytes.back() ^= std::byte{1};
  segment->options = *wire::OptionArea::FromBytes(bytes);
  return true;
}

}  // namespace

std::vector<DeviantCase> ProtectionDeviations() {
  return {
      {kSendInClear, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         return SendsInClear(talk, kClient);
       }},
      {kNullCipher, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         return Sent(talk, "in clear").PayloadText() == "in clear" && HasTm(talk.last());
       }},
      {kRestartKeystream, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         talk.Data(kClient, kSeventyBytes);
         return DecryptAt(LastSessionKeys(talk.pair()).enc_c2s, 0, Sent(talk, "hello")) == "hello";
       }},
      {kAlignKeystream, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         talk.Data(kClient, kSeventyBytes);
         return DecryptAt(LastSessionKeys(talk.pair()).enc_c2s, 64, Sent(talk, "hello")) == "hello";
       }},
      {kCountSynAsByte, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         return DecryptAt(LastSessionKeys(talk.pair()).enc_c2s, 1, Sent(talk, "hello")) == "hello";
       }},
      {kClearUntilAuthenticated, kClient,
       [](Conversation& talk) {
         talk.Handshake();
         return SendsInClear(talk, kClient);
       }},
      {kClearFinalData, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         talk.Send(kClient, talk.Next(kClient, wire::kFin | wire::kAck, "in clear"));
         return talk.last().PayloadText() == "in clear";
       }},
      {kAcknowledgeTm, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         return Sent(talk, "hello")->acknowledgement == talk.server_next + kTmSize;
       }},
      {kTimestampsBesideTm, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         return Sent(talk, "hello")->options.Find(wire::kTimestamps).has_value() && HasTm(talk.last());
       }},
      {kPadTm, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         return Sent(talk, "hello")->options.size() > kTmSize;
       }},
      {kSubtractWithoutWrap, kClient,
       [](Conversation& talk) {
         talk.client_next = 0xfffffffe;
         talk.HandshakeAndAck();
         talk.Data(kClient, "xx");
         return DecryptAt(LastSessionKeys(talk.pair()).enc_c2s, 2, Sent(talk, "hello")) != "hello";
       }},
      {kTruncatePositions, kClient,
       [](Conversation& talk) {
         CrossBoundary(talk);
         return DecryptAt(LastSessionKeys(talk.pair()).enc_c2s, 0, Sent(talk, "hello")) == "hello";
       }},
      {kCountWraps, kServer,
       [](Conversation& talk) {
         CrossBoundary(talk);
         talk.Data(kClient, "x");
         talk.client_next -= 17;
         return talk.Data(kClient, "from before").empty();
       }},
      {kCommitBeforeTag, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         for (const std::uint32_t ahead : {0x70000000U, 0xe0000000U}) {
           OwnedSegment forged = ZeroTagged(talk, kClient);
           forged->sequence += ahead;
           talk.Forge(kServer, forged);
         }
         return talk.Data(kClient, "hello").empty();
       }},

      {kWrongTag, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         return talk.Data(kClient, "hello").empty() && talk.Count(kServer, EventKind::kTagInvalid) == 1;
       }},
      {kOtherTagArithmetic, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         const OwnedSegment sent = Sent(talk, "hello");
         return FindTm(sent->options) == LkmTag(LastSessionKeys(talk.pair()).mac_c2s, 0, sent);
       }},
      {kTagPlaintext, kClient,
       [](Conversation& talk) {
         return HasTagOf(talk, kPushAck, "hello", [](OwnedSegment& segment) { segment.SetPayload("hello"); });
       }},
      {kTagWithoutFin, kClient,
       [](Conversation& talk) {
         return HasTagOf(talk, wire::kFin | wire::kAck, "", [](OwnedSegment& segment) { segment->flags = wire::kAck; });
       }},
      {kTagWithoutPush, kClient,
       [](Conversation& talk) {
         return HasTagOf(talk, kPushAck, "hello", [](OwnedSegment& segment) { segment->flags = wire::kAck; });
       }},
      {kTagWithoutHighFlags, kClient,
       [](Conversation& talk) {
         return HasTagOf(talk, wire::kAck | wire::kUrg | wire::kEce | wire::kCwr, "hello",
                         [](OwnedSegment& segment) { segment->flags = wire::kAck; });
       }},
      {kTagWithoutPosition, kClient, [](Conversation& talk) { return HasTagUnder(talk, 70, 0); }},
      {kTagFullBlocksOnly, kClient,
       [](Conversation& talk) {
         return HasTagOf(talk, kPushAck, "twenty bytes of text",
                         [](OwnedSegment& segment) { segment->payload = segment->payload.first(16); });
       }},
      {kBareFullBlocks, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         const OwnedSegment sent = Sent(talk, "sixteen letters!");
         const std::vector<MacBlock> blocks = MacBlocks(0, sent->flags, sent->payload);
         crypto::StandardPoly1305 mac(DeriveOneTimeKey(LastSessionKeys(talk.pair()).mac_c2s, 0));
         for (const std::size_t i : {0U, 1U}) mac.Block(blocks.at(i).bytes, false);
         mac.Block(blocks.at(2).bytes, true);
         return FindTm(sent->options) == mac.Finish();
       }},
      {kTagWithAcknowledgement, kClient,
       [](Conversation& talk) { return HasTagUnder(talk, 70, 70 ^ (talk.server_next + 1)); }},
      {kSwapTagKeyHalves, kClient, [](Conversation& talk) { return HasTagUnder(talk, 70, 70, /*swapped=*/true); }},
      {kShortBlockCounter, kClient,
       [](Conversation& talk) { return HasTagUnder(talk, 70 - (std::uint64_t{1} << 62), 70); }},
      {kAlignTagKey, kClient, [](Conversation& talk) { return HasTagUnder(talk, 64, 70); }},
      {kAcceptInvalidTag, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         talk.pair().SetPath([](Side, OwnedSegment& segment) {
           segment->payload[0] ^= std::byte{1};
           return true;
         });
         const auto got = talk.Data(kClient, "hello");
         return got.size() == 1 && got[0].PayloadText() == "iello";
       }},
      {kAcceptMissingTag, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         const auto got = talk.Forge(kServer, Untagged(talk, kClient));
         return got.size() == 1 && got[0].PayloadText() == "in clear";
       }},
      {kAcceptZeroTag, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         return !talk.Forge(kServer, ZeroTagged(talk, kClient)).empty();
       }},
      {kCompareTagPrefix, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         talk.pair().SetPath(FlipLastOptionByte);
         return !talk.Data(kClient, "hello").empty();
       }},

      {kFinWithoutTag, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         talk.Fin(kClient);
         return !HasTm(talk.last());
       }},
      {kAcceptUntaggedFin, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         return talk.Forge(kServer, Untagged(talk, kClient)).empty() &&
                !talk.Forge(kServer, talk.Next(kClient, wire::kFin | wire::kAck)).empty();
       }},
      {kDropFin, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         return talk.Fin(kClient).empty();
       }},
      {kBareFinAtZero, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         talk.Data(kClient, "hello");
         talk.Fin(kClient);
         return FindTm(talk.last()->options) == StandardTag(LastSessionKeys(talk.pair()).mac_c2s, 0, talk.last());
       }},
      {kAcceptReset, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         OwnedSegment reset = talk.Next(kClient, wire::kRst);
         reset->sequence += 100;
         return !talk.Forge(kServer, reset).empty();
       }},
      {kAcceptExactReset, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         OwnedSegment reset = talk.Next(kClient, wire::kRst);
         ++reset->sequence;
         const bool inexact_is_dropped = talk.Forge(kServer, reset).empty();
         --reset->sequence;
         return inexact_is_dropped && !talk.Forge(kServer, reset).empty();
       }},
      {kAcceptResetWithSyn, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         return !talk.Forge(kServer, talk.Next(kClient, wire::kRst | wire::kSyn)).empty();
       }},
      {kDropEveryReset,
       kClient,
       [](Conversation& talk) {
         talk.Handshake();
         return talk.Reset(kServer).empty();
       },
       {},
       ServerIsPlain},
      {kDieOnReset, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         return talk.Forge(kServer, talk.Next(kClient, wire::kRst)).empty() && SendsInClear(talk, kServer);
       }},
      {kDieOnOwnReset, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         talk.Reset(kClient);
         return SendsInClear(talk, kClient);
       }},
      {kDropOwnReset, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         const std::size_t before = talk.sent();
         talk.Reset(kClient);
         return talk.sent() == before;
       }},
      {kTagPureAcks, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         talk.Ack(kClient);
         return HasTm(talk.last());
       }},
      {kRefuseUntaggedAcks, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         return talk.Ack(kClient).empty();
       }},
      {kVerifyTaggedAcks, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         OwnedSegment ack = talk.Next(kClient, wire::kAck);
         AppendTm(ack->options, crypto::Tag{});
         return talk.Forge(kServer, ack).empty();
       }},
      {kDieOnLateTc, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         OwnedSegment ack = talk.Next(kClient, wire::kAck);
         ack->options = MakeSynOptions({}, {std::byte{9}});
         talk.Forge(kServer, ack);
         return SendsInClear(talk, kServer);
       }},
      {kWaitForThirdAck, kServer,
       [](Conversation& talk) {
         talk.Syn();
         talk.SynAck();
         return talk.Data(kClient, "hello").empty();
       }},
      {kClearAfterBothFins, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         const OwnedSegment fin = talk.Next(kClient, wire::kFin | wire::kAck);
         talk.Send(kClient, fin);
         talk.Fin(kServer);
         talk.Resend(kClient, fin);
         return !HasTm(talk.last());
       }},
      {kDieOnInvalidTag, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         return talk.Forge(kServer, ZeroTagged(talk, kClient)).empty() && SendsInClear(talk, kServer);
       }},
      {kAnswerDropWithReset, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         const std::size_t before = talk.sent();
         talk.Forge(kServer, Untagged(talk, kClient));
         return talk.sent() == before + 1 && talk.last()->Has(wire::kRst);
       }},
  };
}

}  // namespace tcpslab::tcps::test
