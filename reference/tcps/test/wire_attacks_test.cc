// What attacks did to the upstream module (spec tcps-wire.md, sections 6 and 9), in dialect lkm. Each case quotes its
// row.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "reference/tcps/identity.h"
#include "reference/tcps/test/conversation.h"
#include "reference/tcps/test/key_log_reader.h"

namespace tcpslab::tcps::test {
namespace {

const auto kSides = boost::unit_test::data::make({Side::kClient, Side::kServer});
constexpr std::uint8_t kData = wire::kPsh | wire::kAck;

struct LkmPair : Conversation {
  explicit LkmPair(const stack::Policy& policy = {}) : Conversation(Both(Dialect::kLkm, policy)) {}

  // Data of each side is encrypted on the wire and arrives.
  void CheckGoesOn() {
    for (const Side from : {Side::kClient, Side::kServer}) {
      const auto got = Data(from, "genuine");
      BOOST_TEST_REQUIRE(got.size() == 1U);
      BOOST_TEST(got[0].PayloadText() == "genuine");
      BOOST_TEST(last().PayloadText() != "genuine");
    }
  }
};

const Identity kStranger = {.key = {std::byte{0x42}}, .proof = {}};

}  // namespace

// "forged RST, exact sequence, either side | dropped, session continues"
BOOST_DATA_TEST_CASE(ForgedReset, kSides, victim) {
  LkmPair talk;
  talk.Handshake();
  for (const int flags : std::initializer_list<int>{wire::kRst, wire::kRst | wire::kAck}) {
    BOOST_TEST(talk.Forge(victim, talk.Next(stack::Opposite(victim), static_cast<std::uint8_t>(flags))).empty());
  }
  talk.CheckGoesOn();
}

// "the same RST in two IP fragments | accepted, connection reset"
BOOST_DATA_TEST_CASE(ForgedResetInFragments, kSides, victim) {
  LkmPair talk;
  talk.Handshake();
  OwnedSegment reset = talk.Next(stack::Opposite(victim), wire::kRst | wire::kAck);
  reset->reassembled = true;
  BOOST_TEST(talk.Forge(victim, reset).size() == 1U);
}

// "forged data / FIN, no TM or bad TM | dropped + log"
BOOST_DATA_TEST_CASE(ForgedDataAndFin, kSides, victim) {
  LkmPair talk;
  talk.Handshake();
  for (OwnedSegment forged : {talk.Next(stack::Opposite(victim), kData, "forged"),
                              talk.Next(stack::Opposite(victim), wire::kFin | wire::kAck)}) {
    BOOST_TEST(talk.Forge(victim, forged).empty());
    AppendTm(forged->options, crypto::Tag{std::byte{1}});
    BOOST_TEST(talk.Forge(victim, forged).empty());
  }
  BOOST_TEST(talk.Count(victim, EventKind::kTagMissing) == 2U);
  BOOST_TEST(talk.Count(victim, EventKind::kTagInvalid) == 2U);
  talk.CheckGoesOn();
}

// "forged plaintext data in IP fragments | ACCEPTED and delivered to the application"
BOOST_DATA_TEST_CASE(ForgedDataInFragments, kSides, victim) {
  LkmPair talk;
  talk.Handshake();
  OwnedSegment forged = talk.Next(stack::Opposite(victim), kData, "forged");
  forged->reassembled = true;
  BOOST_TEST(talk.Forge(victim, forged).at(0).PayloadText() == "forged");
  BOOST_TEST(talk.Count(victim, EventKind::kTagMissing) == 0U);
}

// "one forged segment far ahead, bad TM | all later genuine segments fail; connection dead". Section 4: "offset >= 2^31
// + current position".
BOOST_DATA_TEST_CASE(ForgedSegmentFarAhead, kSides, victim) {
  LkmPair talk;
  talk.Handshake();
  talk.CheckGoesOn();
  OwnedSegment forged = talk.Next(stack::Opposite(victim), kData, "forged");
  AppendTm(forged->options, crypto::Tag{});
  forged->sequence += 0x80000001;
  BOOST_TEST(talk.Forge(victim, forged).empty());
  for (int i = 0; i < 3; ++i) BOOST_TEST(talk.Data(stack::Opposite(victim), "genuine").empty());
  BOOST_TEST(talk.Count(victim, EventKind::kTagInvalid) == 4U);
}

// A forged segment less far ahead does no harm: what follows is not taken for the next span.
BOOST_DATA_TEST_CASE(ForgedSegmentNotSoFarAhead, kSides, victim) {
  LkmPair talk;
  talk.Handshake();
  OwnedSegment forged = talk.Next(stack::Opposite(victim), kData, "forged");
  AppendTm(forged->options, crypto::Tag{});
  forged->sequence += 0x7fffffff;
  BOOST_TEST(talk.Forge(victim, forged).empty());
  talk.CheckGoesOn();
}

// "forged TI | section 6": "A single forged bare ACK with TI (right 4-tuple, any sequence number) to a side in
// ENCRYPTED: stores the attacker's key (empty cache) …"
BOOST_AUTO_TEST_CASE(ForgedTiPoisonsAnEmptyCache) {
  LkmPair talk;
  talk.Syn();
  talk.SynAck();
  OwnedSegment forged = talk.NextTi(Side::kClient, kStranger);
  forged->sequence += 0x12345678;
  BOOST_TEST(talk.Forge(Side::kServer, forged).size() == 1U);
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
  BOOST_TEST((talk.tcps(Side::kServer).PeerIdentity(talk.client_end.address) == kStranger.key));
  talk.Ack(Side::kClient);  // the genuine TI comes too late
  BOOST_TEST((talk.tcps(Side::kServer).PeerIdentity(talk.client_end.address) == kStranger.key));

  // From now on the genuine client is the man in the middle.
  talk.NewConnection();
  talk.Syn();
  talk.SynAck();
  BOOST_TEST(talk.Ack(Side::kClient).empty());
  BOOST_TEST(talk.state(Side::kServer) == State::kDead);
}

// "… or turns the entry DEAD, after which that side sends plaintext." With "entry | no | – | MITM (key mismatch)".
BOOST_AUTO_TEST_CASE(ForgedTiDowngrades) {
  LkmPair talk;
  talk.Handshake();  // the server knows the client
  talk.NewConnection();
  talk.Syn();
  talk.SynAck();
  BOOST_TEST(talk.Forge(Side::kServer, talk.NextTi(Side::kClient, kStranger)).empty());
  BOOST_TEST(talk.state(Side::kServer) == State::kDead);
  const stack::Event& event = talk.pair().events(Side::kServer).back();
  BOOST_TEST(ToString(event.kind) == "mitm-suspected");
  BOOST_TEST(event.detail == "static key mismatch for peer 10.0.0.1: expected " +
                                 Fingerprint(talk.tcps(Side::kClient).identity()) + ", got 4200000000000000");
  talk.Data(Side::kServer, "secret");
  BOOST_TEST(talk.last().PayloadText() == "secret");
  BOOST_TEST(!HasTm(talk.last()));
}

// R10, lkm. Section 6, second connection in the same direction: "sends a zero tag -> auth_tag mismatch, server DEAD.
// The server application then receives the client's ciphertext as data and its replies leave in plaintext (dropped by
// the client)." Section 9: "MITM verdict with tofu_enforce=1 | DEAD = silent plaintext downgrade of that side,
// ciphertext delivered to the application".
BOOST_AUTO_TEST_CASE(SecondConnectionWithTofuEnforce) {
  LkmPair talk;
  talk.Handshake();
  talk.NewConnection();
  talk.Syn();
  talk.SynAck();
  BOOST_TEST(talk.Ack(Side::kClient).empty());
  BOOST_TEST(IsZero(FindTi(talk.last()->options)->proof));
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kMitmSuspected) == 1U);
  BOOST_TEST(talk.pair().events(Side::kServer).back().detail == "auth_tag mismatch for peer 10.0.0.1");
  BOOST_TEST(talk.state(Side::kServer) == State::kDead);

  const auto got = talk.Data(Side::kClient, "request");
  BOOST_TEST(got.at(0).PayloadText() == talk.last().PayloadText());
  BOOST_TEST(got.at(0).PayloadText() != "request");
  BOOST_TEST(talk.Data(Side::kServer, "response").empty());
  BOOST_TEST(talk.last().PayloadText() == "response");
  BOOST_TEST(talk.Count(Side::kClient, EventKind::kTagMissing) == 1U);
}

// "tofu_enforce=0, mismatch | logged, session continues as A"
BOOST_AUTO_TEST_CASE(SecondConnectionWithoutTofuEnforce) {
  LkmPair talk({.tofu_enforce = false});
  talk.Handshake();
  talk.NewConnection();
  talk.Handshake();
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kMitmSuspected) == 1U);
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
  talk.CheckGoesOn();
}

// Section 6: "A verified reconnect needs one connection in the opposite direction first"; "entry | yes | equal to
// computed | accept".
BOOST_AUTO_TEST_CASE(VerifiedAfterAConnectionInTheOppositeDirection) {
  LkmPair talk;
  talk.Handshake();
  talk.NewConnection();
  talk.Handshake(Side::kServer);
  BOOST_TEST(talk.Count(Side::kClient, EventKind::kPeerNew) == 1U);
  talk.NewConnection();
  const std::uint32_t client_isn = talk.client_next;
  talk.Handshake();
  const AuthTag proof = FindTi(talk.last()->options)->proof;
  BOOST_TEST(!IsZero(proof));
  BOOST_TEST((proof == ExpectedAuthTag(talk.pair(), client_isn)));
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kMitmSuspected) == 0U);
  talk.CheckGoesOn();
}

// Section 6: "One observed tag therefore reveals the mask and lets anyone forge the tag for every later connection of
// that host pair, both directions."
BOOST_AUTO_TEST_CASE(OneObservedProofForgesTheNext) {
  LkmPair talk;
  talk.Handshake();
  talk.NewConnection();
  std::uint32_t observed_isn = talk.server_next;
  talk.Handshake(Side::kServer);
  const Identity observed = *FindTi(talk.last()->options);
  BOOST_TEST(!IsZero(observed.proof));

  // A connection of the other direction, in which the attacker speaks for the client's host.
  talk.NewConnection();
  const std::uint32_t client_isn = talk.client_next;
  talk.Syn();
  talk.SynAck();
  Identity forged{.key = talk.tcps(Side::kClient).identity(), .proof = observed.proof};
  for (std::size_t i = 0; i < forged.proof.size(); ++i) {
    forged.proof[i] ^= static_cast<std::byte>((observed_isn ^ client_isn) >> (24 - 8 * i));
  }
  BOOST_TEST(talk.Forge(Side::kServer, talk.NextTi(Side::kClient, forged)).size() == 1U);
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kMitmSuspected) == 0U);
}

// Section 5: "Nothing else of the header is covered (not ack, window, urgent pointer, options, ports, addresses)."
BOOST_DATA_TEST_CASE(UncoveredFieldsCanBeEdited, kSides, victim) {
  LkmPair talk;
  talk.Handshake();
  talk.pair().SetPath([](Side, OwnedSegment& segment) {
    segment->acknowledgement ^= 0x55;
    segment->window = 0;
    segment->urgent_pointer = 7;
    return true;
  });
  const auto got = talk.Data(stack::Opposite(victim), "genuine");
  BOOST_TEST(got.at(0).PayloadText() == "genuine");
  BOOST_TEST(got.at(0)->window == 0U);
}

}  // namespace tcpslab::tcps::test
