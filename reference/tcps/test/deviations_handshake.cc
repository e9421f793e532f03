// SYN and SYN-ACK, finding options, key agreement.
#include <algorithm>
#include <iterator>

#include "reference/tcps/test/deviant_case.h"

namespace tcpslab::tcps::test {
namespace {

using enum Deviation;
constexpr Side kClient = Side::kClient;
constexpr Side kServer = Side::kServer;

const crypto::PublicKey kSomeKey = {std::byte{9}};  // the base point

// An option of kind 253 with that stated length and magic, and the bytes of a key as far as `size` goes.
wire::OptionArea Odd(std::uint8_t length, char magic, std::size_t size) {
  std::vector<std::byte> bytes = {std::byte{253}, std::byte{length}, std::byte{'T'}, static_cast<std::byte>(magic)};
  bytes.insert(bytes.end(), kSomeKey.begin(), kSomeKey.end());
  bytes.resize(size);
  return *wire::OptionArea::FromBytes(bytes);
}

// Whether the server's TC answers a SYN with these options (of a client that has no TCP/S of its own).
bool Answers(Conversation& talk, const wire::OptionArea& options, std::string_view payload = {}) {
  OwnedSegment syn = talk.Next(kClient, wire::kSyn, payload);
  syn->options = options;
  talk.Send(kClient, syn);
  talk.server_acknowledges = syn->sequence + 1;
  talk.SynAck();
  return HasTc(talk.last());
}

// The first segment of data of the client, as it is on the wire.
OwnedSegment FirstData(Conversation& talk) {
  talk.HandshakeAndAck();
  talk.Data(kClient, "hello");
  return talk.last();
}

}  // namespace

std::vector<DeviantCase> HandshakeDeviations() {
  return {
      {kOmitTcFromSyn, kClient,
       [](Conversation& talk) {
         talk.Syn();
         return !HasTc(talk.last());
       }},
      {kOmitTcFromSynAck, kServer,
       [](Conversation& talk) {
         talk.Syn();
         talk.SynAck();
         return !HasTc(talk.last());
       }},
      {kAnswerWithoutOffer,
       kServer,
       [](Conversation& talk) { return Answers(talk, LinuxSynOptions()); },
       {},
       ClientIsPlain},
      {kPlainSynAckRetransmission, kServer,
       [](Conversation& talk) {
         talk.Syn();
         const OwnedSegment syn_ack = talk.NextSynAck();
         talk.Send(kServer, syn_ack);
         talk.Resend(kServer, syn_ack);
         return !HasTc(talk.last());
       }},
      {kWrongTcMagic, kClient,
       [](Conversation& talk) {
         talk.Syn();
         const OwnedSegment syn = talk.last();
         const std::span<const std::byte> option = syn->options.Find(wire::kExperiment253)->bytes();
         return option.size() == kTcSize && option[3] == std::byte{'M'};
       }},
      {kTcBeforeKeptOption, kClient,
       [](Conversation& talk) {
         talk.Syn();
         return (*talk.last()->options.begin()).kind() == wire::kExperiment253;
       }},
      {kPreferSackPermitted, kClient,
       [](Conversation& talk) {
         talk.Syn();
         return !talk.last()->options.Find(wire::kMaximumSegmentSize) &&
                talk.last()->options.Find(wire::kSackPermitted);
       }},
      {kKeepMss, kClient,
       [](Conversation& talk) {
         talk.Syn();
         return HasTc(talk.last()) &&
                std::ranges::equal(talk.last()->options.bytes().first(4), Options({2, 4, 0x05, 0xb4}).bytes());
       }},

      {kIgnoreTcLength, kServer, [](Conversation& talk) { return Answers(talk, Odd(38, 'C', 40)); }, {}, ClientIsPlain},
      {kIgnoreTcMagic, kServer, [](Conversation& talk) { return Answers(talk, Odd(36, 'X', 36)); }, {}, ClientIsPlain},
      {kReadPastOptions,
       kServer,
       [](Conversation& talk) { return Answers(talk, Odd(36, 'C', 20), "the rest of a key"); },
       {},
       ClientIsPlain},
      {kExpectTcAfterMss,
       kServer,
       [](Conversation& talk) { return !Answers(talk, MakeSynOptions({}, kSomeKey)); },
       {},
       ClientIsPlain},
      {kExpectTmFirst, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         OwnedSegment segment = talk.Next(kClient, wire::kPsh | wire::kAck, "hello");
         segment->options = Options({1, 1, 1, 1});
         return talk.Send(kClient, segment).empty();
       }},
      {kScanForTc,
       kServer,
       [](Conversation& talk) {
         std::vector<std::byte> bytes(4);  // EOL
         std::ranges::copy(Odd(36, 'C', 36).bytes(), std::back_inserter(bytes));
         return Answers(talk, *wire::OptionArea::FromBytes(bytes));
       },
       {},
       ClientIsPlain},
      {kTcOnAcks, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         talk.Ack(kClient);
         return HasTc(talk.last());
       }},

      {kReverseKeys, kClient,
       [](Conversation& talk) {
         talk.Handshake();
         crypto::PublicKey shown = FindTi(talk.last()->options)->key;
         std::ranges::reverse(shown);
         return shown == talk.tcps(kClient).identity();
       }},
      {kRefuseHighBitKeys,
       kServer,
       [](Conversation& talk) {
         crypto::PublicKey key = kSomeKey;
         key.back() = std::byte{0x80};
         return !Answers(talk, MakeSynOptions({}, key));
       },
       {},
       ClientIsPlain},
      {kReuseEphemeralKey, kClient,
       [](Conversation& talk) {
         talk.Syn();
         const crypto::PublicKey first = *FindTc(talk.last()->options);
         talk.NewConnection();
         talk.Syn();
         return *FindTc(talk.last()->options) == first;
       }},
      {kRaisePeerMss, kServer,
       [](Conversation& talk) {
         const wire::OptionArea offered = talk.Syn().at(0)->options;
         const auto mss = offered.Find(wire::kMaximumSegmentSize);
         return mss && std::ranges::equal(mss->body(), std::array{std::byte{0x05}, std::byte{0xb4}});  // 1460
       }},
      {kDieOnMalformedOption, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         OwnedSegment malformed = talk.Next(kClient, wire::kAck);
         malformed->options = Options({254, 0, 0, 0});
         talk.Forge(kServer, malformed);
         talk.Data(kServer, "in clear");
         return talk.last().PayloadText() == "in clear";
       }},
      {kFreshKeyOnSynRetransmit, kClient,
       [](Conversation& talk) {
         const OwnedSegment syn = talk.NextSyn();
         talk.Resend(kClient, syn);
         const crypto::PublicKey first = *FindTc(talk.last()->options);
         talk.Resend(kClient, syn);
         return *FindTc(talk.last()->options) != first;
       }},
      {kAcceptLowOrderKey,
       kServer,
       [](Conversation& talk) { return Answers(talk, MakeSynOptions({}, crypto::PublicKey{})); },
       {},
       ClientIsPlain},
      {kSwapDirections, kClient,
       [](Conversation& talk) {
         const OwnedSegment sent = FirstData(talk);
         return DecryptAt(LastSessionKeys(talk.pair()).enc_s2c, 0, sent) == "hello";
       }},
      {kMixIsnIntoKeys, kClient,
       [](Conversation& talk) {
         const OwnedSegment sent = FirstData(talk);
         return DecryptAt(LastSessionKeys(talk.pair()).enc_c2s, 0, sent) != "hello";
       }},
      {kTagWithCipherKey, kClient,
       [](Conversation& talk) {
         const OwnedSegment sent = FirstData(talk);
         return FindTm(sent->options) == StandardTag(LastSessionKeys(talk.pair()).enc_c2s, 0, sent);
       }},
  };
}

}  // namespace tcpslab::tcps::test
