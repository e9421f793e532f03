// enforce, opening, limits, timers, families, fragments.
#include "reference/tcps/test/deviant_case.h"

namespace tcpslab::tcps::test {
namespace {

using enum Deviation;
constexpr Side kClient = Side::kClient;
constexpr Side kServer = Side::kServer;
constexpr stack::Policy kEnforce{.enforce = true};
constexpr stack::Policy kOneConnection{.max_connections = 1};
constexpr stack::Policy kFourConnections{.max_connections = 4};
constexpr stack::Duration kCollected = 340s;  // idle_timeout, and the next run of the collector after it

const crypto::PublicKey kSomeKey = {std::byte{9}};

// What a full table does with one more SYN.
bool FindsRoom(Conversation& talk) {
  talk.HandshakeAndAck();
  talk.NewConnection();
  return talk.Syn().size() == 1;
}

// What leaves the client after a long silence.
std::optional<OwnedSegment> DataAfterSilence(Conversation& talk) {
  talk.HandshakeAndAck();
  talk.pair().Advance(kCollected);
  const std::size_t before = talk.sent();
  talk.Data(kClient, "later");
  if (talk.sent() == before) return std::nullopt;
  return talk.last();
}

}  // namespace

std::vector<DeviantCase> PolicyDeviations() {
  return {
      {kClientIgnoresEnforce, kClient,
       [](Conversation& talk) {
         talk.Syn();
         return !talk.SynAck().empty();
       },
       kEnforce, ServerIsPlain},
      {kServerIgnoresEnforce, kServer,
       [](Conversation& talk) {
         talk.Syn();
         return !talk.SynAck().empty();
       },
       kEnforce, ClientIsPlain},
      {kRefuseOnce, kClient,
       [](Conversation& talk) {
         talk.Syn();
         const OwnedSegment syn_ack = talk.NextSynAck();
         return talk.Send(kServer, syn_ack).empty() && !talk.Resend(kServer, syn_ack).empty();
       },
       kEnforce, ServerIsPlain},
      {kPassStrays, kClient,
       [](Conversation& talk) {
         return !talk.Forge(kClient, talk.Next(kServer, wire::kPsh | wire::kAck, "stray")).empty();
       },
       kEnforce},
      {kNeverFallBack, kServer, [](Conversation& talk) { return talk.Syn().empty(); }, {}, ClientIsPlain},
      {kAgreeAfterFallback,
       kClient,
       [](Conversation& talk) {
         talk.Syn();
         OwnedSegment late = talk.NextSynAck();
         talk.Send(kServer, late);
         talk.Ack(kClient);
         late->options = MakeSynOptions(late->options, kSomeKey);
         talk.Forge(kClient, late);
         talk.Data(kClient, "in clear");
         return HasTm(talk.last());
       },
       {},
       ServerIsPlain},
      {kOneEntryPerPeer, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         const Numbers first = talk.numbers();
         talk.NewConnection();
         talk.HandshakeAndAck();
         talk.SetNumbers(first);
         return talk.Data(kClient, "hello").at(0).PayloadText() != "hello";  // the application gets ciphertext
       }},
      {kSimultaneousOpenInClear, kClient,
       [](Conversation& talk) {
         talk.Syn();
         OwnedSegment crossing = talk.NextSyn(kServer);
         crossing->options = MakeSynOptions(crossing->options, kSomeKey);
         return !talk.Forge(kClient, crossing).empty();
       },
       kEnforce},
      {kAcceptStaleSynAck, kClient,
       [](Conversation& talk) {
         talk.Syn();
         OwnedSegment stale = talk.NextSynAck();
         stale->acknowledgement -= 5;
         stale->options = MakeSynOptions(stale->options, kSomeKey);
         talk.Forge(kClient, stale);
         talk.SynAck();
         talk.Ack(kClient);
         return talk.Data(kClient, "hello").empty();
       }},
      {kDropStaleSynAck, kClient,
       [](Conversation& talk) {
         talk.Syn();
         OwnedSegment stale = talk.NextSynAck();
         stale->acknowledgement -= 5;
         stale->options = MakeSynOptions(stale->options, kSomeKey);
         return talk.Forge(kClient, stale).empty();
       }},
      {kDieOnRepeatedSynAck, kClient,
       [](Conversation& talk) {
         talk.Syn();
         talk.SynAck();
         const OwnedSegment syn_ack = talk.last();
         talk.Ack(kClient);
         talk.Forge(kClient, syn_ack);
         talk.Data(kClient, "in clear");
         return talk.last().PayloadText() == "in clear";
       }},
      {kReplaceEntryAtOnce, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         OwnedSegment forged = talk.NextSyn();
         forged->sequence += 70000;
         forged->options = MakeSynOptions(forged->options, kSomeKey);
         talk.Forge(kServer, forged);
         return talk.Data(kClient, "hello").at(0).PayloadText() != "hello";  // the application gets ciphertext
       }},
      {kNeverReopen, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         talk.NewConnectionOnSamePorts();
         talk.Syn();
         talk.SynAck();
         return !HasTc(talk.last());
       }},
      {kRepeatedSynChangesAnswer, kServer,
       [](Conversation& talk) {
         const OwnedSegment syn = talk.NextSyn();
         talk.Send(kClient, syn);
         const OwnedSegment syn_ack = talk.NextSynAck();
         talk.Send(kServer, syn_ack);
         const crypto::PublicKey first = *FindTc(talk.last()->options);
         talk.Resend(kClient, syn);
         talk.Resend(kServer, syn_ack);
         return *FindTc(talk.last()->options) != first;
       }},

      {kTableFullInClear, kServer,
       [](Conversation& talk) {
         if (!FindsRoom(talk)) return false;
         talk.SynAck();
         return !HasTc(talk.last());
       },
       kOneConnection},
      {kNoConnectionLimit, kServer,
       [](Conversation& talk) {
         if (!FindsRoom(talk)) return false;
         talk.SynAck();
         return HasTc(talk.last());
       },
       kOneConnection},
      {kFlushFullTable, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         const Numbers first = talk.numbers();
         talk.NewConnection();
         talk.Syn();
         talk.SetNumbers(first);
         return talk.Data(kClient, "hello").at(0).PayloadText() != "hello";
       },
       kOneConnection},
      {kPlainTakesEntry, kServer,
       [](Conversation& talk) {
         talk.Syn();
         talk.NewConnection();
         OwnedSegment offer = talk.NextSyn();
         offer->options = MakeSynOptions(offer->options, kSomeKey);
         return talk.Send(kClient, offer).empty();
       },
       kOneConnection, ClientIsPlain},
      {kNoBlockedLimit,
       kClient,
       [](Conversation& talk) {
         for (int i = 0; i < 2; ++i) {
           talk.NewConnection();
           talk.HandshakeAndAck();
         }
         talk.pair().Advance(kCollected);
         return talk.tcps(kClient).blocked_flows() == 2;
       },
       {.max_blocked = 1}},
      {kHalfOpenFillsTable, kServer,
       [](Conversation& talk) {
         for (int i = 0; i < 4; ++i) {
           talk.Syn();
           talk.NewConnection();
         }
         return talk.Syn().empty();
       },
       kFourConnections},
      {kKeepHalfOpen, kServer,
       [](Conversation& talk) {
         talk.Syn();
         talk.SynAck();
         talk.pair().Advance(100s);
         talk.NewConnection();
         return talk.Syn().empty();
       },
       kOneConnection},
      {kForgetIdleFlows, kClient,
       [](Conversation& talk) {
         const auto sent = DataAfterSilence(talk);
         return sent && sent->PayloadText() == "later";
       }},
      {kShortIdleTime, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         talk.pair().Advance(200s);
         return talk.Data(kClient, "later").empty();
       }},
      {kKeepDead, kClient,
       [](Conversation& talk) {
         talk.Handshake();
         talk.pair().Advance(100s);
         talk.NewConnection();
         return talk.Syn().empty();
       },
       kOneConnection, ServerIsPlain},
      {kKeepClosed, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         talk.Fin(kClient);
         talk.Fin(kServer);
         talk.Ack(kClient);
         talk.pair().Advance(160s);
         talk.NewConnection();
         return talk.Syn().empty();
       },
       kOneConnection},
      {kKeepIdleFlows, kClient,
       [](Conversation& talk) {
         const auto sent = DataAfterSilence(talk);
         return sent && HasTm(*sent);
       }},
      {kIgnoreTraffic, kClient,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         for (int i = 0; i < 4; ++i) {
           talk.pair().Advance(100s);
           talk.Data(kClient, "alive");
         }
         return talk.state(kClient) == State::kBlocked;
       }},
      {kPassFragments, kServer,
       [](Conversation& talk) {
         talk.HandshakeAndAck();
         OwnedSegment forged = talk.Next(kClient, wire::kPsh | wire::kAck, "in clear");
         forged->reassembled = true;
         return !talk.Forge(kServer, forged).empty();
       }},
      {kIgnoreIpv6,
       kClient,
       [](Conversation& talk) {
         talk.Syn();
         return !HasTc(talk.last());
       },
       {},
       [](Hosts& hosts) { hosts.family = wire::Family::kIpv6; }},
  };
}

}  // namespace tcpslab::tcps::test
