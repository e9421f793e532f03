// Who is believed to be at the other end: rows R6 to R10 and R21 of tcps-dialects.md (spec tcps-wire.md, section 6).
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "reference/tcps/identity.h"
#include "reference/tcps/test/key_log_reader.h"

namespace tcpslab::tcps::test {
namespace {

const auto kBothDialects = boost::unit_test::data::make({Dialect::kReadme, Dialect::kLkm});
constexpr stack::Policy kLogOnly{.tofu_enforce = false};
const Identity kForged{.key = {std::byte{9}, std::byte{7}}, .proof = {std::byte{1}}};

// The client of this connection (Side::kServer opens) has another identity than the one remembered for its address.
struct AfterRestart : Conversation {
  explicit AfterRestart(Dialect dialect, stack::Policy policy = {}) : Conversation(Both(dialect, policy)) {
    HandshakeAndAck(Side::kServer);
    pair().Restart(Side::kServer, Maker({.dialect = dialect, .policy = policy, .deviations = {}}));
    NewConnection();
    Syn(Side::kServer);
    SynAck(Side::kClient);
  }
};

}  // namespace

// Section 6, first contact: "store key, 'new peer', accept"; a zero tag where the cache has no entry.
BOOST_DATA_TEST_CASE(FirstContactIsTrusted, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.Handshake();
  const std::optional<Identity> shown = FindTi(talk.last()->options);
  BOOST_REQUIRE(shown.has_value());
  BOOST_TEST((shown->key == talk.tcps(Side::kClient).identity()));
  BOOST_TEST(IsZero(shown->proof));
  BOOST_TEST(talk.last()->options.size() == 40U);
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kPeerNew) == 1U);
  BOOST_TEST((talk.tcps(Side::kServer).PeerIdentity(talk.client_end.address) == shown->key));
}

// No proof can be demanded of an all-zero static secret. readme: as R23 has it for TC. lkm: section 6, "no entry: store
// key".
BOOST_DATA_TEST_CASE(LowOrderIdentity, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.Syn();
  talk.SynAck();
  OwnedSegment forged = talk.Next(Side::kClient, wire::kAck);
  forged->options = MakeTiOptions({.key = {std::byte{1}}, .proof = {}});
  talk.Forge(Side::kServer, forged);
  const bool readme = dialect == Dialect::kReadme;
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kLowOrderKey) == (readme ? 1U : 0U));
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kPeerNew) == (readme ? 0U : 1U));
  BOOST_TEST(talk.state(Side::kServer) == (readme ? State::kEncrypted : State::kAuthenticated));
}

// Section 6: four zero bytes "if … DH fails".
// TCPS-TI-10
BOOST_DATA_TEST_CASE(LowOrderIdentityIsAnsweredWithoutProof, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.Syn();
  talk.SynAck();
  talk.Forge(Side::kServer, talk.NextTi(Side::kClient, {.key = {std::byte{1}}, .proof = {}}));
  talk.NewConnection();
  talk.Handshake(Side::kServer);
  const std::optional<Identity> shown = FindTi(talk.last()->options);
  BOOST_REQUIRE(shown.has_value());
  BOOST_TEST((shown->key == talk.tcps(Side::kServer).identity()));
  BOOST_TEST(IsZero(shown->proof));
}

// TCPS-LOG-07, TCPS-LOG-08
BOOST_AUTO_TEST_CASE(R06_ReadmeMismatchBlocksTheFlow) {
  AfterRestart talk(Dialect::kReadme);
  BOOST_TEST(talk.Ack(Side::kServer).empty());  // carries TI
  BOOST_TEST(talk.Count(Side::kClient, EventKind::kMitmSuspected) == 1U);
  BOOST_TEST(talk.Count(Side::kClient, EventKind::kBlocked) == 1U);
  BOOST_TEST(talk.Count(Side::kClient, EventKind::kPeerNew) == 1U);  // of the first connection
  BOOST_TEST(talk.state(Side::kClient) == State::kBlocked);
  BOOST_TEST(talk.tcps(Side::kClient).blocked_flows() == 1U);

  const std::size_t before = talk.sent();
  talk.Data(Side::kClient, "secret");
  talk.Ack(Side::kClient);
  talk.Fin(Side::kClient);
  talk.Reset(Side::kClient);
  talk.SynAck(Side::kClient);
  BOOST_TEST(talk.sent() == before);
  BOOST_TEST(talk.Data(Side::kServer, "genuine").empty());
  BOOST_TEST(talk.Ack(Side::kServer).empty());
  BOOST_TEST(talk.Reset(Side::kServer).empty());
  BOOST_TEST(talk.Forge(Side::kClient, talk.Next(Side::kServer, wire::kPsh | wire::kAck, "in clear")).empty());
  BOOST_TEST(talk.Count(Side::kClient, EventKind::kBlocked) == 1U);
}

// Section 9: "DEAD = silent plaintext downgrade of that side, ciphertext delivered to the application".
BOOST_AUTO_TEST_CASE(R06_LkmMismatchDropsOnePacketAndGoesOnInClear) {
  AfterRestart talk(Dialect::kLkm);
  BOOST_TEST(talk.Ack(Side::kServer).empty());
  BOOST_TEST(talk.Count(Side::kClient, EventKind::kMitmSuspected) == 1U);
  BOOST_TEST(talk.state(Side::kClient) == State::kDead);
  BOOST_TEST(talk.Data(Side::kClient, "secret").empty());  // the other side drops it
  BOOST_TEST(talk.last().PayloadText() == "secret");
  const auto got = talk.Data(Side::kServer, "genuine");
  BOOST_REQUIRE_EQUAL(got.size(), 1U);
  BOOST_TEST(got[0].PayloadText() == talk.last().PayloadText());
  BOOST_TEST(got[0].PayloadText() != "genuine");
}

// TCPS-LOG-07
BOOST_DATA_TEST_CASE(R07_LogOnlyMismatch, kBothDialects, dialect) {
  AfterRestart talk(dialect, kLogOnly);
  BOOST_TEST(talk.Ack(Side::kServer).size() == 1U);
  BOOST_TEST(talk.state(Side::kClient) == (dialect == Dialect::kLkm ? State::kAuthenticated : State::kEncrypted));
  // One suspicion per connection, however many TI follow.
  talk.Forge(Side::kClient, talk.NextTi(Side::kServer, kForged));
  talk.Ack(Side::kServer);
  BOOST_TEST(talk.Count(Side::kClient, EventKind::kMitmSuspected) == 1U);
  BOOST_TEST(talk.state(Side::kClient) == (dialect == Dialect::kLkm ? State::kAuthenticated : State::kEncrypted));
  BOOST_TEST(talk.Data(Side::kClient, "hello").at(0).PayloadText() == "hello");
  BOOST_TEST(HasTm(talk.last()));
  BOOST_TEST(talk.Data(Side::kServer, "hi").at(0).PayloadText() == "hi");
}

// The remembered key stays: the mismatch does not replace it.
BOOST_DATA_TEST_CASE(R07_MismatchDoesNotReplaceTheRememberedKey, kBothDialects, dialect) {
  AfterRestart talk(dialect, kLogOnly);
  const auto before = talk.tcps(Side::kClient).PeerIdentity(talk.server_end.address);
  talk.Ack(Side::kServer);
  BOOST_TEST((talk.tcps(Side::kClient).PeerIdentity(talk.server_end.address) == before));
  BOOST_TEST((before != talk.tcps(Side::kServer).identity()));
}

BOOST_AUTO_TEST_CASE(R08_ReadmeAuthenticatesBothSides) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  talk.Handshake();
  BOOST_TEST(HasTi(talk.last()));
  BOOST_TEST(talk.state(Side::kClient) == State::kEncrypted);
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
  talk.Ack(Side::kServer);
  BOOST_TEST(HasTi(talk.last()));
  BOOST_TEST(talk.state(Side::kClient) == State::kAuthenticated);
  talk.Ack(Side::kServer);
  talk.Ack(Side::kClient);
  BOOST_TEST(!HasTi(talk.last()));
}

// Section 6: "normally only the server becomes AUTHENTICATED … the client never learns or checks the server's key".
BOOST_AUTO_TEST_CASE(R08_LkmAuthenticatesOneSide) {
  Conversation talk(Conversation::Both(Dialect::kLkm));
  talk.HandshakeAndAck();
  BOOST_TEST(!HasTi(talk.last()));
  BOOST_TEST(talk.state(Side::kClient) == State::kEncrypted);
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
  for (int i = 0; i < 3; ++i) {  // "on every pure ACK until a TI arrives"
    talk.Ack(Side::kClient);
    BOOST_TEST(HasTi(talk.last()));
  }
  BOOST_TEST(!talk.tcps(Side::kClient).PeerIdentity(talk.server_end.address).has_value());
}

// Section 9: "third ACK lost or merged into data: server sends TI, client becomes A".
BOOST_AUTO_TEST_CASE(R08_LkmAuthenticatesTheOtherSideIfTheThirdAckIsMergedIntoData) {
  Conversation talk(Conversation::Both(Dialect::kLkm));
  talk.Syn();
  talk.SynAck();
  talk.Data(Side::kClient, "GET /");
  talk.Ack(Side::kServer);
  BOOST_TEST(HasTi(talk.last()));
  BOOST_TEST(talk.state(Side::kClient) == State::kAuthenticated);
  talk.Ack(Side::kClient);
  BOOST_TEST(!HasTi(talk.last()));
  BOOST_TEST(talk.state(Side::kServer) == State::kEncrypted);
}

// TCPS-LOG-11
BOOST_DATA_TEST_CASE(R09_TiWhenAuthenticated, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.HandshakeAndAck();
  BOOST_TEST(talk.Forge(Side::kServer, talk.NextTi(Side::kClient, kForged)).size() == 1U);
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kTiConflict) == (dialect == Dialect::kReadme ? 1U : 0U));
  // Never the tag.
  const Identity other_proof{.key = talk.tcps(Side::kClient).identity(), .proof = kForged.proof};
  talk.Forge(Side::kServer, talk.NextTi(Side::kClient, other_proof));
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kTiConflict) == (dialect == Dialect::kReadme ? 1U : 0U));
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kMitmSuspected) == 0U);
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
  BOOST_TEST(talk.Data(Side::kClient, "hello").at(0).PayloadText() == "hello");
}

struct WindowCase {
  const char* what;
  std::int32_t sequence;         // from the highest in-order one
  std::int32_t acknowledgement;  // from the highest sent
  bool counts;
};
std::ostream& operator<<(std::ostream& out, const WindowCase& c) { return out << c.what; }

// The server has sent its SYN and 8 bytes: acknowledgements from ISN+1 to ISN+9 are within.
// TCPS-LOG-12
BOOST_DATA_TEST_CASE(R09_TiWindowWhenEncrypted,
                     boost::unit_test::data::make(std::vector<WindowCase>{
                         {"both exact", 0, 0, true},
                         {"sequence at the upper bound", 65535, 0, true},
                         {"sequence beyond it", 65536, 0, false},
                         {"sequence at the lower bound", -65535, 0, true},
                         {"sequence below it", -65536, 0, false},
                         {"acknowledges nothing", 0, -8, true},
                         {"acknowledges the initial sequence number", 0, -9, false},
                         {"acknowledges what was never sent", 0, 1, false}}) *
                         kBothDialects,
                     window, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.pair().SetPath([](Side, OwnedSegment& segment) {
    if (HasTi(segment)) segment->options.clear();
    return true;
  });
  talk.Handshake();
  talk.Data(Side::kClient, std::string(100, 'x'));  // moves what is in order away from the initial numbers
  talk.Data(Side::kServer, "12345678");
  BOOST_TEST(talk.state(Side::kServer) == State::kEncrypted);
  OwnedSegment forged = talk.NextTi(Side::kClient, kForged);
  forged->sequence += static_cast<std::uint32_t>(window.sequence);
  forged->acknowledgement += static_cast<std::uint32_t>(window.acknowledgement);
  BOOST_TEST(talk.Forge(Side::kServer, forged).size() == 1U);  // it is an ACK like any other
  const bool counts = window.counts || dialect == Dialect::kLkm;
  BOOST_TEST(talk.state(Side::kServer) == (counts ? State::kAuthenticated : State::kEncrypted));
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kPeerNew) == (counts ? 1U : 0U));
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kTiOutOfWindow) == (counts ? 0U : 1U));
  if (counts) return;
  talk.pair().SetPath({});
  talk.Ack(Side::kClient);
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
  BOOST_TEST((talk.tcps(Side::kServer).PeerIdentity(talk.client_end.address) == talk.tcps(Side::kClient).identity()));
}

// Section 6: "any segment may carry it; no MAC, no sequence check".
BOOST_DATA_TEST_CASE(TiOnAnotherSegmentThanAPureAck, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.Syn();
  talk.SynAck();
  OwnedSegment forged = talk.NextTi(Side::kClient, kForged);
  forged.SetPayload("data");
  BOOST_TEST(talk.Forge(Side::kServer, forged).empty());
  BOOST_TEST(talk.state(Side::kServer) == (dialect == Dialect::kLkm ? State::kAuthenticated : State::kEncrypted));
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kTagMissing) == 1U);
}

BOOST_AUTO_TEST_CASE(R10_ReadmeSecondVisitIsAuthenticatedByVerifiedTags) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  talk.HandshakeAndAck();
  for (int visit = 2; visit <= 3; ++visit) {
    talk.NewConnection();
    const std::uint32_t client_isn = talk.client_next;
    talk.Handshake();
    const Identity client = *FindTi(talk.last()->options);
    talk.Ack(Side::kServer);
    const Identity server = *FindTi(talk.last()->options);
    // Section 6: neither the server's number nor the sender's role has an influence.
    BOOST_TEST((client.proof == ExpectedAuthTag(talk.pair(), client_isn)));
    BOOST_TEST((server.proof == client.proof));
    BOOST_TEST(talk.state(Side::kClient) == State::kAuthenticated);
    BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
  }
  BOOST_TEST(talk.Count(Side::kClient, EventKind::kMitmSuspected) == 0U);
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kMitmSuspected) == 0U);
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kPeerNew) == 1U);
}

// Section 6: "A verified reconnect needs one connection in the opposite direction first".
BOOST_AUTO_TEST_CASE(R10_LkmVisitAfterOneInTheOtherDirectionIsVerified) {
  Conversation talk(Conversation::Both(Dialect::kLkm));
  talk.HandshakeAndAck();
  talk.NewConnection();
  talk.HandshakeAndAck(Side::kServer);
  BOOST_TEST(talk.state(Side::kClient) == State::kAuthenticated);
  talk.NewConnection();
  const std::uint32_t client_isn = talk.client_next;
  talk.Handshake();
  BOOST_TEST((FindTi(talk.last()->options)->proof == ExpectedAuthTag(talk.pair(), client_isn)));
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
}

// A wrong proof with the right key is a mismatch even before anything was proven: only a zero one is first contact.
BOOST_DATA_TEST_CASE(R21_WrongNonZeroProofIsAMismatch, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.HandshakeAndAck();
  talk.NewConnection();
  talk.Syn();
  talk.SynAck();
  const Identity wrong{.key = talk.tcps(Side::kClient).identity(), .proof = kForged.proof};
  BOOST_TEST(talk.Forge(Side::kServer, talk.NextTi(Side::kClient, wrong)).empty());
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kMitmSuspected) == 1U);
  BOOST_TEST(talk.state(Side::kServer) == (dialect == Dialect::kReadme ? State::kBlocked : State::kDead));
}

// "Parallel first connections … are not attacks."
BOOST_DATA_TEST_CASE(R21_ParallelFirstConnections, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.Syn();
  talk.SynAck();
  const Numbers first = talk.numbers();
  talk.NewConnection();
  talk.Syn();
  talk.SynAck();
  const Numbers second = talk.numbers();
  talk.SetNumbers(first);
  talk.Ack(Side::kClient);
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
  talk.SetNumbers(second);
  talk.Ack(Side::kClient);
  BOOST_TEST(IsZero(FindTi(talk.last()->options)->proof));
  BOOST_TEST(talk.state(Side::kServer) == (dialect == Dialect::kReadme ? State::kAuthenticated : State::kDead));
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kMitmSuspected) == (dialect == Dialect::kReadme ? 0U : 1U));
}

// "… and a lost last TI": the client never learned the server's key and shows a zero proof again.
BOOST_DATA_TEST_CASE(R21_LostLastTi, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.Handshake();  // the server's TI never comes
  talk.NewConnection();
  talk.HandshakeAndAck();
  BOOST_TEST(talk.state(Side::kServer) == (dialect == Dialect::kReadme ? State::kAuthenticated : State::kDead));
  if (dialect == Dialect::kReadme) BOOST_TEST(talk.state(Side::kClient) == State::kAuthenticated);
}

// A SYN that was held (R22) counts from when it was seen.
BOOST_AUTO_TEST_CASE(R21_ReadmeHeldSynCameBeforeTheProof) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  talk.HandshakeAndAck();
  talk.NewConnectionOnSamePorts();
  talk.Syn();
  const Numbers held = talk.numbers();
  talk.NewConnection();
  talk.Handshake();
  BOOST_TEST(!IsZero(FindTi(talk.last()->options)->proof));
  talk.SetNumbers(held);
  talk.SynAck();
  BOOST_TEST(talk.state(Side::kServer) == State::kEncrypted);
  const Identity zero{.key = talk.tcps(Side::kClient).identity(), .proof = {}};
  BOOST_TEST(talk.Forge(Side::kServer, talk.NextTi(Side::kClient, zero)).size() == 1U);
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kMitmSuspected) == 0U);
}

BOOST_AUTO_TEST_CASE(R21_ReadmeZeroProofAfterTheProof) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  talk.HandshakeAndAck();
  // Its SYN comes before the client proves itself on the next connection, its zero proof after.
  talk.NewConnection();
  talk.Syn();
  talk.SynAck();
  const Numbers early = talk.numbers();
  talk.NewConnection();
  talk.Handshake();
  BOOST_TEST(!IsZero(FindTi(talk.last()->options)->proof));
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);

  const Identity zero{.key = talk.tcps(Side::kClient).identity(), .proof = {}};
  talk.SetNumbers(early);
  BOOST_TEST(talk.Forge(Side::kServer, talk.NextTi(Side::kClient, zero)).size() == 1U);
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kMitmSuspected) == 0U);

  talk.NewConnection();
  talk.client_end.port = 50000;
  talk.Syn();
  talk.SynAck();
  BOOST_TEST(talk.Forge(Side::kServer, talk.NextTi(Side::kClient, zero)).empty());
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kMitmSuspected) == 1U);
  BOOST_TEST(talk.state(Side::kServer) == State::kBlocked);
}

}  // namespace tcpslab::tcps::test
