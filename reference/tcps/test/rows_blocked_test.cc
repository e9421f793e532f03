// A flow that is blocked, or begun anew: rows R12, R22 and R25 of tcps-dialects.md.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "reference/tcps/test/key_log_reader.h"

namespace tcpslab::tcps::test {
namespace {

const auto kBothDialects = boost::unit_test::data::make({Dialect::kReadme, Dialect::kLkm});
constexpr stack::Policy kEnforce{.enforce = true};

// The same connection, blocked on both hosts after five idle minutes.
struct Blocked : Conversation {
  Blocked() : Conversation(Both(Dialect::kReadme)) {
    HandshakeAndAck();
    pair().Advance(336s);
    BOOST_REQUIRE(state(Side::kClient) == State::kBlocked);
    BOOST_REQUIRE(state(Side::kServer) == State::kBlocked);
  }
  void CheckProtected() {
    for (const Side side : {Side::kClient, Side::kServer}) {
      BOOST_TEST(Data(side, "hello again").at(0).PayloadText() == "hello again");
      BOOST_TEST(last().PayloadText() != "hello again");
      BOOST_TEST(HasTm(last()));
    }
  }
};

}  // namespace

// TCPS-LOG-08, TCPS-LOG-13
BOOST_AUTO_TEST_CASE(R12_ReadmeBlocksAnIdleConnection) {
  Blocked talk;
  for (const Side side : {Side::kClient, Side::kServer}) {
    BOOST_TEST(talk.Count(side, EventKind::kFlowExpired) == 1U);
    BOOST_TEST(talk.Count(side, EventKind::kBlocked) == 1U);
    BOOST_TEST(talk.tcps(side).connections() == 0U);
    const std::size_t before = talk.sent();
    talk.Data(side, "in clear");
    talk.Ack(side);
    talk.Fin(side);
    talk.Reset(side);
    talk.Send(side, talk.NextSynAck(side));
    BOOST_TEST(talk.sent() == before);
    BOOST_TEST(talk.Forge(side, talk.Next(stack::Opposite(side), wire::kAck, "in clear")).empty());
    BOOST_TEST(talk.Forge(side, talk.Next(stack::Opposite(side), wire::kAck)).empty());
    BOOST_TEST(talk.Forge(side, talk.Next(stack::Opposite(side), wire::kRst)).empty());
    BOOST_TEST(talk.Forge(side, talk.NextSyn(stack::Opposite(side))).empty());
  }
}

// Section 9: "after 336 s idle the next data segment left in PLAINTEXT without TM and was accepted".
BOOST_AUTO_TEST_CASE(R12_LkmGoesOnInClear) {
  Conversation talk(Conversation::Both(Dialect::kLkm));
  talk.HandshakeAndAck();
  talk.pair().Advance(336s);
  BOOST_TEST(talk.state(Side::kClient) == State::kNone);
  BOOST_TEST(talk.Data(Side::kClient, "in clear").at(0).PayloadText() == "in clear");
  BOOST_TEST(talk.last().PayloadText() == "in clear");
  BOOST_TEST(talk.last()->options.empty());
  BOOST_TEST(talk.pair().Count(Side::kClient, EventKind::kBlocked) == 0U);
}

// TCPS-LOG-14
BOOST_AUTO_TEST_CASE(R12_FullBlockedSetForgetsTheOldest) {
  Conversation talk(Conversation::Both(Dialect::kReadme, {.max_blocked = 2}));
  std::vector<Numbers> connections;
  for (std::size_t i = 0; i < 3; ++i) {
    talk.NewConnection();
    talk.HandshakeAndAck();
    connections.push_back(talk.numbers());
    talk.pair().Advance(40s);  // so that another run of the collector blocks each
  }
  talk.pair().Advance(400s);
  BOOST_TEST(talk.tcps(Side::kClient).blocked_flows() == 2U);
  BOOST_TEST(talk.Count(Side::kClient, EventKind::kBlocked) == 3U);
  BOOST_REQUIRE_EQUAL(talk.Count(Side::kClient, EventKind::kBlockedSetFull), 1U);
  for (const stack::Event& event : talk.pair().events(Side::kClient)) {
    if (event.kind == EventKind::kBlockedSetFull) BOOST_TEST((event.flow.local == connections[0].client_end));
  }
  for (std::size_t i = 0; i < 3; ++i) {
    talk.SetNumbers(connections[i]);
    BOOST_TEST(talk.state(Side::kClient) == (i == 0 ? State::kNone : State::kBlocked));
  }
}

BOOST_AUTO_TEST_CASE(R22_OutgoingSynWithAnotherIsnRevivesABlockedFlow) {
  Blocked talk;
  const crypto::PublicKey old_key = *FindTc(talk.pair().wire()[0].second->options);
  talk.NewConnectionOnSamePorts();
  BOOST_TEST(talk.Syn().size() == 1U);
  BOOST_TEST(HasTc(talk.last()));
  BOOST_TEST((*FindTc(talk.last()->options) != old_key));
  BOOST_TEST(talk.state(Side::kClient) == State::kSynSent);
  BOOST_TEST(talk.state(Side::kServer) == State::kBlocked);  // the offer is held
  BOOST_TEST(talk.SynAck().size() == 1U);
  BOOST_TEST(HasTc(talk.last()));
  BOOST_TEST(talk.state(Side::kServer) == State::kEncrypted);
  talk.Ack(Side::kClient);
  talk.Ack(Side::kServer);
  talk.CheckProtected();
  BOOST_TEST(talk.tcps(Side::kClient).blocked_flows() + talk.tcps(Side::kServer).blocked_flows() == 0U);
  BOOST_TEST(talk.state(Side::kClient) == State::kAuthenticated);
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
}

BOOST_AUTO_TEST_CASE(R22_TheOldSynDoesNotReviveABlockedFlow) {
  Blocked talk;
  const OwnedSegment old_syn_on_wire = talk.pair().wire()[0].second;
  BOOST_TEST(talk.Forge(Side::kServer, old_syn_on_wire).empty());
  OwnedSegment old_syn = talk.NextSyn();
  old_syn->sequence = old_syn_on_wire->sequence;
  const std::size_t before = talk.sent();
  talk.Resend(Side::kClient, old_syn);
  BOOST_TEST(talk.sent() == before);
  BOOST_TEST(talk.state(Side::kClient) == State::kBlocked);
  BOOST_TEST(talk.state(Side::kServer) == State::kBlocked);
}

// A held offer alone opens nothing: only the host's SYN-ACK to that very SYN.
BOOST_AUTO_TEST_CASE(R22_HeldOfferWaitsForTheHostsAnswer) {
  Blocked talk;
  OwnedSegment offer = talk.NextSyn();
  offer->sequence += 70000;
  offer->options = MakeSynOptions({}, crypto::PublicKey{std::byte{9}});
  offer.SetPayload("in clear");
  const auto got = talk.Forge(Side::kServer, offer);
  BOOST_TEST(got.size() == 1U);  // a closed TCP may answer it
  BOOST_TEST(got.at(0)->payload.empty());
  BOOST_TEST(talk.state(Side::kServer) == State::kBlocked);
  const std::size_t before = talk.sent();
  talk.Ack(Side::kServer);  // a TCP that still has the connection says so: dropped
  talk.Data(Side::kServer, "in clear");
  OwnedSegment answer = talk.NextSynAck();
  answer->acknowledgement = offer->sequence + 2;
  talk.Resend(Side::kServer, answer);
  BOOST_TEST(talk.sent() == before);
  BOOST_TEST(talk.state(Side::kServer) == State::kBlocked);
}

// TCPS-OPEN-07
BOOST_AUTO_TEST_CASE(R22_ReadmeOutgoingSynReplacesALiveEntry) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  talk.HandshakeAndAck();
  const std::string old_secret = LastSecret(talk.pair(), "TCPS_EPHEMERAL_SECRET ");
  const crypto::PublicKey old_key = *FindTc(talk.pair().wire()[0].second->options);
  talk.NewConnectionOnSamePorts();
  talk.Syn();
  BOOST_TEST((*FindTc(talk.last()->options) != old_key));
  BOOST_TEST(talk.state(Side::kClient) == State::kSynSent);
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);  // pending
  talk.SynAck();
  BOOST_TEST(talk.state(Side::kServer) == State::kEncrypted);
  talk.Ack(Side::kClient);
  BOOST_TEST(talk.Data(Side::kClient, "hello").at(0).PayloadText() == "hello");
  BOOST_TEST(talk.Data(Side::kServer, "hi").at(0).PayloadText() == "hi");
  BOOST_TEST(LastSecret(talk.pair(), "TCPS_EPHEMERAL_SECRET ") != old_secret);
  BOOST_TEST(talk.tcps(Side::kServer).connections() == 1U);
}

// Wire section 7: out SYN in E/A: "pass unchanged"; in SYN with TC in E/A: "pass, no change".
// TCPS-OPEN-17
BOOST_AUTO_TEST_CASE(R22_LkmLeavesALiveEntryAsItIs) {
  Conversation talk(Conversation::Both(Dialect::kLkm));
  talk.HandshakeAndAck();
  talk.NewConnectionOnSamePorts();
  talk.Syn();
  BOOST_TEST((talk.last()->options == LinuxSynOptions()));
  BOOST_TEST(talk.state(Side::kClient) == State::kEncrypted);
  OwnedSegment offer = talk.NextSyn();
  offer->options = MakeSynOptions({}, crypto::PublicKey{std::byte{9}});
  BOOST_TEST(talk.Forge(Side::kServer, offer).size() == 1U);
  talk.SynAck();
  BOOST_TEST((talk.last()->options == LinuxSynOptions()));
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
}

// An attacker's SYN, held, does not disturb the connection that it names.
BOOST_DATA_TEST_CASE(R22_ForgedSynLeavesTheConnectionAlone, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.HandshakeAndAck();
  OwnedSegment offer = talk.NextSyn();
  offer->sequence += 70000;
  offer->options = MakeSynOptions({}, crypto::PublicKey{std::byte{9}});
  talk.Forge(Side::kServer, offer);
  talk.Forge(Side::kClient, offer);
  BOOST_TEST(talk.Data(Side::kClient, "hello").at(0).PayloadText() == "hello");
  BOOST_TEST(talk.Data(Side::kServer, "hi").at(0).PayloadText() == "hi");
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
}

// No payload reaches a protected flow's TCP without a valid tag, not on a SYN or SYN-ACK either (R14).
BOOST_AUTO_TEST_CASE(R22_ReadmeForgedSynBringsNoPayload) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  talk.HandshakeAndAck();
  for (const std::uint8_t flags : std::vector<std::uint8_t>{wire::kSyn, wire::kSyn | wire::kAck}) {
    for (const bool offers : {false, true}) {
      OwnedSegment forged = talk.Next(Side::kClient, flags, "in clear");
      if (offers) forged->options = MakeSynOptions({}, crypto::PublicKey{std::byte{9}});
      for (const OwnedSegment& got : talk.Forge(Side::kServer, forged)) BOOST_TEST(got->payload.empty());
      forged->flags |= wire::kFin;
      BOOST_TEST(talk.Forge(Side::kServer, forged).empty());
      forged->flags |= wire::kRst;
      BOOST_TEST(talk.Forge(Side::kServer, forged).empty());
    }
  }
  BOOST_TEST(talk.Data(Side::kClient, "hello").at(0).PayloadText() == "hello");
}

// Wire section 7: '"SYN" = SYN set, ACK clear; "SYN-ACK" = both', whatever else is set; both "pass" in A.
BOOST_AUTO_TEST_CASE(R22_LkmTakesSynWithFinOrResetForASyn) {
  Conversation talk(Conversation::Both(Dialect::kLkm));
  talk.HandshakeAndAck();
  for (const std::uint8_t flags : std::vector<std::uint8_t>{wire::kSyn, wire::kSyn | wire::kAck}) {
    OwnedSegment forged = talk.Next(Side::kClient, static_cast<std::uint8_t>(flags | wire::kFin), "in clear");
    BOOST_TEST(talk.Forge(Side::kServer, forged).at(0).PayloadText() == "in clear");
    forged->flags = static_cast<std::uint8_t>(flags | wire::kRst);
    BOOST_TEST(talk.Forge(Side::kServer, forged).size() == 1U);
  }
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kResetIgnored) == 0U);
}

// The other side of R22: what our TCP begins on a protected flow's ports without an offer to answer.
BOOST_DATA_TEST_CASE(R22_PlainClientOnTheSamePorts, boost::unit_test::data::make({false, true}), enforce) {
  Conversation talk(Conversation::Both(Dialect::kReadme, {.enforce = enforce}));
  talk.HandshakeAndAck();
  const OwnedSegment bare = [&] {
    OwnedSegment syn = talk.NextSyn();
    syn->sequence += 70000;
    return syn;
  }();
  BOOST_TEST(talk.Forge(Side::kServer, bare).empty() == enforce);
  OwnedSegment answer = talk.NextSynAck();
  answer->acknowledgement = bare->sequence + 1;
  const std::size_t before = talk.sent();
  talk.Resend(Side::kServer, answer);
  BOOST_TEST(talk.sent() == before + (enforce ? 0 : 1));
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kFellBack) == (enforce ? 0U : 1U));
  BOOST_TEST(talk.state(Side::kServer) == (enforce ? State::kAuthenticated : State::kDead));
}

// The offer came while the old connection was alive, the host's answer after it was blocked.
BOOST_AUTO_TEST_CASE(R22_OfferThatWasHeldWhenTheFlowWasBlocked) {
  Hosts hosts = Conversation::Both(Dialect::kReadme);
  hosts.server.policy = {.collect_interval = 1s, .idle_timeout = 5s};
  Conversation talk(hosts);
  talk.HandshakeAndAck();
  talk.NewConnectionOnSamePorts();
  talk.Syn();
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
  talk.pair().Advance(6s);
  BOOST_TEST(talk.state(Side::kServer) == State::kBlocked);
  talk.SynAck();
  BOOST_TEST(HasTc(talk.last()));
  BOOST_TEST(talk.state(Side::kServer) == State::kEncrypted);
  talk.Ack(Side::kClient);
  BOOST_TEST(talk.Data(Side::kClient, "hello").at(0).PayloadText() == "hello");
  BOOST_TEST(HasTm(talk.last()));
}

// A flow that fell back is protected when its other end opens it anew, with an offer.
BOOST_DATA_TEST_CASE(R22_OfferOnAFlowThatFellBack, kBothDialects, dialect) {
  Hosts hosts = Conversation::Both(dialect);
  hosts.server_speaks = false;
  Conversation talk(hosts);
  talk.Handshake();
  BOOST_TEST(talk.state(Side::kClient) == State::kDead);
  talk.pair().Restart(Side::kServer, Conversation::Maker(hosts.server));
  talk.NewConnectionOnSamePorts();
  talk.Handshake(Side::kServer);
  for (const Side side : {Side::kClient, Side::kServer}) {
    BOOST_TEST(talk.Data(side, "hello").at(0).PayloadText() == "hello");
    BOOST_TEST(HasTm(talk.last()));
  }
}

// The server's TCP forgot a SYN and answers its retransmission with another initial sequence number: fresh key, TC.
BOOST_DATA_TEST_CASE(R22_ReadmeServerAnswersARetransmittedSynAnew, boost::unit_test::data::make({false, true}),
                     enforce) {
  Conversation talk(Conversation::Both(Dialect::kReadme, {.enforce = enforce}));
  talk.pair().SetPath([](Side from, OwnedSegment&) { return from == Side::kClient; });
  const OwnedSegment syn = talk.NextSyn();
  talk.Send(Side::kClient, syn);
  talk.SynAck();
  const OwnedSegment first = talk.last();
  talk.pair().SetPath({});
  talk.Resend(Side::kClient, syn);
  talk.server_next += 90000;
  talk.SynAck();
  BOOST_TEST(HasTc(talk.last()));
  BOOST_TEST((*FindTc(talk.last()->options) != *FindTc(first->options)));
  talk.Ack(Side::kClient);
  talk.Ack(Side::kServer);
  BOOST_TEST(talk.Data(Side::kClient, "hello").at(0).PayloadText() == "hello");
  BOOST_TEST(talk.Data(Side::kServer, "hi").at(0).PayloadText() == "hi");
  BOOST_TEST(talk.state(Side::kClient) == State::kAuthenticated);
}

// SYN_RECV without an answer of our TCP, and then our own SYN: the old offer does not stand in its way.
BOOST_DATA_TEST_CASE(R22_OwnSynAfterAnUnansweredOffer, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.Syn();
  BOOST_TEST(talk.state(Side::kServer) == State::kSynReceived);
  talk.Send(Side::kServer, talk.NextSyn(Side::kServer));
  BOOST_TEST(HasTc(talk.last()) == (dialect == Dialect::kReadme));
  BOOST_TEST(talk.state(Side::kServer) == (dialect == Dialect::kReadme ? State::kSynSent : State::kSynReceived));
}

// Another SYN with TC before the answer: the newer ISN and key count. The same ISN with another key is taken for a
// retransmission by readme.
// TCPS-OPEN-15
BOOST_DATA_TEST_CASE(R22_OfferIsReplacedBeforeTheAnswer, kBothDialects* boost::unit_test::data::make({false, true}),
                     dialect, same_isn) {
  Conversation talk(Conversation::Both(dialect));
  OwnedSegment forged = talk.NextSyn();
  forged->options = MakeSynOptions({}, crypto::PublicKey{std::byte{9}});
  if (!same_isn) forged->sequence += 5;
  talk.Forge(Side::kServer, forged);
  talk.Syn();
  talk.SynAck();
  talk.Ack(Side::kClient);
  const bool usable = dialect == Dialect::kLkm || !same_isn;
  BOOST_TEST(talk.Data(Side::kClient, "hello").size() == (usable ? 1U : 0U));
  BOOST_TEST(HasTm(talk.last()));
}

// TCPS-ENF-08, TCPS-ENF-09
BOOST_DATA_TEST_CASE(R25_SegmentsWithoutAnEntry, kBothDialects* boost::unit_test::data::make({false, true}), dialect,
                     enforce) {
  Conversation talk(Conversation::Both(dialect, {.enforce = enforce}));
  const bool passes = dialect == Dialect::kLkm || !enforce;
  for (const Side side : {Side::kClient, Side::kServer}) {
    for (const std::uint8_t flags :
         std::vector<std::uint8_t>{wire::kAck, wire::kAck | wire::kPsh, wire::kAck | wire::kFin}) {
      const OwnedSegment segment = talk.Next(side, flags, (flags & wire::kPsh) != 0 ? "in clear" : "");
      const std::size_t before = talk.sent();
      talk.Resend(side, segment);
      BOOST_TEST(talk.sent() == before + (passes ? 1 : 0));
      BOOST_TEST(talk.Forge(stack::Opposite(side), segment).size() == (passes ? 1U : 0U));
    }
    const OwnedSegment reset = talk.Next(side, wire::kRst | wire::kAck);
    BOOST_TEST(talk.Resend(side, reset).size() == 1U);
    BOOST_TEST(talk.tcps(side).connections() == 0U);
  }
}

// A SYN-ACK for which no entry waits would begin a connection in clear.
BOOST_DATA_TEST_CASE(R25_SynAckWithoutAnEntry, boost::unit_test::data::make({false, true}), enforce) {
  Conversation talk(Conversation::Both(Dialect::kReadme, {.enforce = enforce}));
  OwnedSegment bare = talk.NextSynAck();
  BOOST_TEST(talk.Forge(Side::kClient, bare).empty() == enforce);
  BOOST_TEST(talk.Resend(Side::kServer, bare).empty() == enforce);
}

}  // namespace tcpslab::tcps::test
