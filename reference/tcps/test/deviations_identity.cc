// TI and trust on first use.
#include <algorithm>
#include <boost/endian/conversion.hpp>

#include "reference/tcps/test/deviant_case.h"

namespace tcpslab::tcps::test {
namespace {

using enum Deviation;
constexpr Side kClient = Side::kClient;
constexpr Side kServer = Side::kServer;

const Identity kStranger{.key = {std::byte{0x42}}, .proof = {}};

std::size_t CountTi(Conversation& talk, Side from) {
  return static_cast<std::size_t>(std::ranges::count_if(
      talk.pair().wire(), [from](const auto& sent) { return sent.first == from && HasTi(sent.second); }));
}

// Whether the client takes the stranger for the server.
bool TakesStranger(Conversation& talk) {
  return talk.tcps(kClient).PeerIdentity(talk.server_end.address) == kStranger.key;
}

// The auth tag that the client sends on its second connection.
AuthTag SecondProof(Conversation& talk) {
  talk.HandshakeAndAck();
  talk.NewConnection();
  talk.Handshake();
  return FindTi(talk.last()->options)->proof;
}

// On the path: the client's TI with this byte XORed, or zero, in each place of its auth tag.
Pair::Path EditProof(bool to_zero) {
  return [to_zero](Side from, OwnedSegment& segment) {
    std::optional<Identity> shown = FindTi(segment->options);
    if (!shown || from == kServer) return true;
    for (std::byte& byte : shown->proof) byte = to_zero ? std::byte{0} : byte ^ std::byte{1};
    segment->options = MakeTiOptions(*shown);
    return true;
  };
}

void Connect(Conversation& talk, Pair::Path path = {}) {
  talk.NewConnection();
  talk.pair().SetPath(std::move(path));
  talk.HandshakeAndAck();
}

// Connects, gives the server another identity, and connects again.
void MeetAnother(Conversation& talk) {
  talk.HandshakeAndAck();
  talk.pair().Restart(kServer, Conversation::Maker({}));
  Connect(talk);
}

}  // namespace

std::vector<DeviantCase> IdentityDeviations() {
  return {
      {kNeverSendIdentity, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         talk.pair().Advance(60s);
         talk.Fin(kClient);
         return CountTi(talk, kClient) == 0;
       }},
      {kIdentityInClear,
       kClient,
       [](Conversation& talk) {
         talk.Handshake();
         return HasTi(talk.last());
       },
       {},
       ServerIsPlain},
      {kFreshIdentity, kClient,
       [](Conversation& talk) {
         talk.Handshake();
         const crypto::PublicKey first = FindTi(talk.last()->options)->key;
         talk.NewConnection();
         talk.Handshake();
         return FindTi(talk.last()->options)->key != first;
       }},
      {kIdentityOnce, kClient,
       [](Conversation& talk) {
         talk.Handshake();
         talk.Ack(kClient);
         return CountTi(talk, kClient) == 1;
       }},
      {kNeverStopIdentity, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         talk.Ack(kClient);
         return CountTi(talk, kClient) == 2;
       }},
      {kStopIdentityAtPeers, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         return !HasTi(talk.last());
       }},
      {kIdentityOnData, kClient,
       [](Conversation& talk) {
         talk.Syn();
         talk.SynAck();
         talk.Data(kClient, "hello");
         return HasTi(talk.last());
       }},
      {kNoOwnAcks, kServer,
       [](Conversation& talk) {
         talk.Handshake();
         talk.pair().Advance(60s);
         return CountTi(talk, kServer) == 0;
       }},
      {kNoIdentityBeforeFin, kServer,
       [](Conversation& talk) {
         talk.Handshake();
         talk.Fin(kServer);
         return CountTi(talk, kServer) == 0;
       }},
      {kOwnAcksWithoutEnd, kServer,
       [](Conversation& talk) {
         talk.pair().SetPath([](Side from, OwnedSegment& segment) {
           if (from == kClient && HasTi(segment)) segment->options.clear();
           return true;
         });
         talk.Handshake();
         talk.pair().Advance(240s);
         return CountTi(talk, kServer) > 8;
       }},
      {kOwnAckBehind, kServer,
       [](Conversation& talk) {
         talk.Handshake();
         talk.pair().Advance(1s);
         return HasTi(talk.last()) && talk.last()->sequence + 1 == talk.server_next;
       }},
      {kNeverAnswerIdentity, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         const OwnedSegment ti = talk.last();
         talk.pair().Advance(1s);
         talk.Forge(kClient, ti);
         talk.Ack(kClient);
         return !HasTi(talk.last());
       }},
      {kOwnAckOfSyn, kServer,
       [](Conversation& talk) {
         talk.Handshake();
         talk.Data(kClient, "hello");
         talk.Data(kServer, "hi");
         talk.pair().Advance(1s);
         return HasTi(talk.last()) && talk.last()->acknowledgement + 5 == talk.client_next;
       }},
      {kAnswerIdentityAtOnce, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         talk.Forge(kClient, talk.last());
         talk.Ack(kClient);
         return HasTi(talk.last());
       }},
      {kAnswerIdentityWithoutEnd, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         const OwnedSegment ti = talk.last();
         for (int i = 0; i < 10; ++i) {
           talk.pair().Advance(1s);
           talk.Forge(kClient, ti);
           talk.Ack(kClient);
         }
         return CountTi(talk, kClient) > 1 + 8;
       }},
      {kIgnoreIdentity, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         talk.Ack(kClient);
         return HasTi(talk.last());  // as if the server's had not come
       }},
      {kDropIdentity, kServer,
       [](Conversation& talk) {
         talk.Syn();
         talk.SynAck();
         return talk.Ack(kClient).empty();
       }},
      {kAcceptIdentityOutOfWindow, kClient,
       [](Conversation& talk) {
         talk.Handshake();
         OwnedSegment forged = talk.NextTi(kServer, kStranger);
         forged->sequence += 70000;
         talk.Forge(kClient, forged);
         return TakesStranger(talk);
       }},
      {kJudgeIdentityOnData, kClient,
       [](Conversation& talk) {
         talk.Handshake();
         OwnedSegment forged = talk.NextTi(kServer, kStranger);
         forged.SetPayload("in clear");
         talk.Forge(kClient, forged);
         return TakesStranger(talk);
       }},
      {kBlockOnLateIdentity, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         talk.Forge(kClient, talk.NextTi(kServer, kStranger));
         return talk.Data(kClient, "hello").empty();
       }},

      {kJudgeProofAgain, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         const Identity wrong{.key = talk.tcps(kServer).identity(), .proof = {std::byte{7}}};
         talk.Forge(kClient, talk.NextTi(kServer, wrong));
         return talk.Data(kClient, "hello").empty();
       }},
      {kProofWithoutPeer, kClient,
       [](Conversation& talk) {
         talk.Handshake();
         return FindTi(talk.last()->options)->proof != AuthTag{};
       }},
      {kForgetPeers, kClient,
       [](Conversation& talk) {
         MeetAnother(talk);
         return talk.state(kClient) == State::kAuthenticated;
       }},
      {kZeroAuthTag, kClient, [](Conversation& talk) { return SecondProof(talk) == AuthTag{}; }},
      {kAuthTagOfServerIsn, kClient,
       [](Conversation& talk) {
         const AuthTag proof = SecondProof(talk);
         return proof == ExpectedAuthTag(talk.pair(), talk.server_next - 1);
       }},
      {kAuthTagLittleEndian, kClient,
       [](Conversation& talk) {
         const AuthTag proof = SecondProof(talk);
         return proof == ExpectedAuthTag(talk.pair(), boost::endian::endian_reverse(talk.client_next - 1));
       }},
      {kIgnoreAuthTag, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         Connect(talk, EditProof(/*to_zero=*/false));
         return talk.state(kServer) == State::kAuthenticated;
       }},
      {kZeroProofSuffices, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         Connect(talk);
         Connect(talk, EditProof(/*to_zero=*/true));
         return talk.state(kServer) == State::kAuthenticated;
       }},
      {kZeroProofIsMismatch, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         Connect(talk, EditProof(/*to_zero=*/true));
         return talk.state(kServer) == State::kBlocked;
       }},
      {kAcceptIdentityMismatch, kClient,
       [](Conversation& talk) {
         MeetAnother(talk);
         return talk.state(kClient) == State::kAuthenticated && talk.Count(kClient, EventKind::kMitmSuspected) == 0;
       }},
      {kReplaceCachedKey, kClient,
       [](Conversation& talk) {
         MeetAnother(talk);
         Connect(talk);
         return talk.state(kClient) == State::kAuthenticated;
       }},
      {kIgnoreTofuEnforce, kClient,
       [](Conversation& talk) {
         MeetAnother(talk);
         return !talk.Data(kClient, "hello").empty();
       }},
      {kAlwaysTofuEnforce,
       kClient,
       [](Conversation& talk) {
         MeetAnother(talk);
         return talk.Data(kClient, "hello").empty();
       },
       {.tofu_enforce = false}},
      {kMismatchIsNoTi,
       kClient,
       [](Conversation& talk) {
         MeetAnother(talk);
         talk.Ack(kClient);
         return HasTi(talk.last());
       },
       {.tofu_enforce = false}},
      {kClearAfterMismatch, kClient,
       [](Conversation& talk) {
         MeetAnother(talk);
         talk.Data(kClient, "in clear");
         return talk.last().PayloadText() == "in clear";
       }},
      {kMismatchEndsAll, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         const Numbers other = talk.numbers();
         talk.pair().Restart(kServer, Conversation::Maker({}));
         Connect(talk);
         talk.SetNumbers(other);
         talk.Data(kClient, "in clear");
         return talk.last().PayloadText() == "in clear";
       }},
  };
}

}  // namespace tcpslab::tcps::test
