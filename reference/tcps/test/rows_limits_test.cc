// The connection limit and the timers: rows R2 and R20 of tcps-dialects.md (spec tcps-wire.md, section 7).
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "reference/tcps/test/key_log_reader.h"

namespace tcpslab::tcps::test {
namespace {

const auto kBothDialects = boost::unit_test::data::make({Dialect::kReadme, Dialect::kLkm});

// The collector runs every 30 s: what is due by `limit` is gone by `limit` + 30 s.
constexpr stack::Duration kCollect = 30s;

std::optional<State> StateAfter(Conversation& talk, Side side, stack::Duration duration) {
  talk.pair().Advance(duration);
  return talk.tcps(side).StateOf(talk.key());
}

}  // namespace

// TCPS-LOG-10
BOOST_DATA_TEST_CASE(R02_OutgoingSynWithAFullTable, kBothDialects* boost::unit_test::data::make({false, true}), dialect,
                     enforce) {
  Conversation talk(Conversation::Both(dialect, {.enforce = enforce, .max_connections = 2}));
  for (int i = 0; i < 2; ++i) {
    talk.HandshakeAndAck();
    talk.NewConnection();
  }
  const std::size_t before = talk.sent();
  const auto got = talk.Syn();
  BOOST_TEST(talk.Count(Side::kClient, EventKind::kTableFull) == 1U);
  BOOST_TEST(talk.tcps(Side::kClient).connections() == 2U);
  BOOST_TEST(talk.state(Side::kClient) == State::kNone);
  if (dialect == Dialect::kReadme) {
    BOOST_TEST(talk.sent() == before);
    return;
  }
  BOOST_TEST((talk.last()->options == LinuxSynOptions()));  // "pass UNCHANGED", also with enforce=1
  BOOST_TEST(got.size() == (enforce ? 0U : 1U));            // it is the server that refuses it
}

// TCPS-LOG-10
BOOST_DATA_TEST_CASE(R02_IncomingSynWithAFullTable, kBothDialects, dialect) {
  Hosts hosts = Conversation::Both(dialect);
  hosts.server.policy.max_connections = 2;
  Conversation talk(hosts);
  for (int i = 0; i < 2; ++i) {
    talk.HandshakeAndAck();
    talk.NewConnection();
  }
  BOOST_TEST(talk.Syn().size() == (dialect == Dialect::kLkm ? 1U : 0U));
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kTableFull) == 1U);
  BOOST_TEST(talk.state(Side::kServer) == State::kNone);
  if (dialect == Dialect::kReadme) return;
  talk.SynAck();
  BOOST_TEST((talk.last()->options == LinuxSynOptions()));
  talk.Ack(Side::kClient);
  BOOST_TEST(talk.Data(Side::kClient, "in clear").at(0).PayloadText() == "in clear");
}

// A new SYN on the ports of an entry takes that entry's place, also in a full table.
BOOST_AUTO_TEST_CASE(R02_ReadmeReplacesAnEntryInAFullTable) {
  Conversation talk(Conversation::Both(Dialect::kReadme, {.max_connections = 1}));
  talk.HandshakeAndAck();
  talk.NewConnectionOnSamePorts();
  talk.HandshakeAndAck();
  BOOST_TEST(talk.Data(Side::kClient, "hello").at(0).PayloadText() == "hello");
  BOOST_TEST(talk.Count(Side::kClient, EventKind::kTableFull) == 0U);
}

// Wire section 7: DEAD: "entry replaced by a fresh one (if the table is not full)"; in SYN with TC: "table full: pass".
BOOST_AUTO_TEST_CASE(R02_LkmDoesNotReplaceADeadEntryInAFullTable) {
  Hosts hosts = Conversation::Both(Dialect::kLkm, {.max_connections = 1});
  hosts.server_speaks = false;
  Conversation talk(hosts);
  talk.Handshake();
  BOOST_TEST(talk.state(Side::kClient) == State::kDead);
  talk.NewConnectionOnSamePorts();
  talk.Syn();
  BOOST_TEST((talk.last()->options == LinuxSynOptions()));
  OwnedSegment offer = talk.NextSyn(Side::kServer);
  offer->options = MakeSynOptions({}, crypto::PublicKey{std::byte{9}});
  BOOST_TEST(talk.Forge(Side::kClient, offer).size() == 1U);
  BOOST_TEST(talk.state(Side::kClient) == State::kDead);
}

BOOST_DATA_TEST_CASE(R02_HalfOpenEntriesTakeAtMostHalfOfTheTable, kBothDialects, dialect) {
  Hosts hosts = Conversation::Both(dialect);
  hosts.server.policy.max_connections = 4;
  Conversation talk(hosts);
  std::vector<Numbers> connections;
  for (std::size_t i = 0; i < 5; ++i) {
    talk.NewConnection();
    BOOST_TEST(talk.Syn().size() == 1U);
    connections.push_back(talk.numbers());
  }
  BOOST_TEST(talk.tcps(Side::kServer).connections() == (dialect == Dialect::kReadme ? 2U : 4U));
  for (std::size_t i = 0; i < 5; ++i) {
    talk.SetNumbers(connections[i]);
    const bool kept = dialect == Dialect::kReadme ? i >= 3 : i < 4;  // the oldest give way, or the newest is refused
    BOOST_TEST(talk.state(Side::kServer) == (kept ? State::kSynReceived : State::kNone));
  }
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kTableFull) == (dialect == Dialect::kReadme ? 0U : 1U));
}

// TCPS-ENF-02, TCPS-LIM-07, TCPS-TIME-01
BOOST_AUTO_TEST_CASE(R20_Defaults) {
  const stack::Policy policy;
  BOOST_TEST(policy.max_connections == 4096U);
  BOOST_TEST((policy.collect_interval == 30s));
  BOOST_TEST((policy.dead_timeout == 60s));
  BOOST_TEST((policy.half_open_timeout == 60s));
  BOOST_TEST((policy.closed_timeout == 120s));
  BOOST_TEST((policy.idle_timeout == 300s));
  BOOST_TEST(!policy.enforce);
  BOOST_TEST(policy.tofu_enforce);
}

// TCPS-LIM-07
BOOST_DATA_TEST_CASE(R20_DefaultLimitIs4096, kBothDialects, dialect) {
  Hosts hosts = Conversation::Both(dialect);
  hosts.server_speaks = false;
  Conversation talk(hosts);
  talk.client_end.port = 1;
  for (int i = 0; i < 4096; ++i) {
    talk.Syn();
    talk.NewConnection();
  }
  BOOST_TEST(talk.tcps(Side::kClient).connections() == 4096U);
  BOOST_TEST(talk.Count(Side::kClient, EventKind::kTableFull) == 0U);
  talk.Syn();
  BOOST_TEST(talk.Count(Side::kClient, EventKind::kTableFull) == 1U);
}

// TCPS-TIME-01
BOOST_DATA_TEST_CASE(R20_IdleConnection, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.HandshakeAndAck();
  BOOST_TEST((StateAfter(talk, Side::kServer, 300s) == State::kAuthenticated));
  talk.Data(Side::kClient, "still here");  // traffic of either direction keeps it
  BOOST_TEST((StateAfter(talk, Side::kServer, 300s) == State::kAuthenticated));
  const auto after = StateAfter(talk, Side::kServer, kCollect);
  BOOST_TEST((after == (dialect == Dialect::kReadme ? std::optional(State::kBlocked) : std::nullopt)));
}

BOOST_DATA_TEST_CASE(R20_DeadEntry, kBothDialects, dialect) {
  Hosts hosts = Conversation::Both(dialect);
  hosts.server_speaks = false;
  Conversation talk(hosts);
  talk.Handshake();
  BOOST_TEST((StateAfter(talk, Side::kClient, 59s) == State::kDead));
  talk.Data(Side::kClient, "in clear");  // "DEAD is not refreshed"
  BOOST_TEST((StateAfter(talk, Side::kClient, 1s + kCollect) == std::nullopt));
  BOOST_TEST(talk.Count(Side::kClient, EventKind::kFlowExpired) == 0U);
}

// readme: half-open entries expire after 60 s; lkm: anything idle after 300 s.
BOOST_DATA_TEST_CASE(R20_HalfOpenEntries, kBothDialects, dialect) {
  Hosts hosts = Conversation::Both(dialect);
  Conversation talk(hosts);
  talk.Syn();
  const stack::Duration limit = dialect == Dialect::kReadme ? 60s : 300s;
  BOOST_TEST((StateAfter(talk, Side::kServer, limit) == State::kSynReceived));
  BOOST_TEST((talk.tcps(Side::kClient).StateOf(talk.key()) == State::kSynSent));
  BOOST_TEST((StateAfter(talk, Side::kServer, kCollect) == std::nullopt));
  BOOST_TEST((talk.tcps(Side::kClient).StateOf(talk.key()) == std::nullopt));
  // Nothing was protected yet, so nothing is blocked.
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kBlocked) + talk.Count(Side::kClient, EventKind::kBlocked) == 0U);
}

// Each retransmission of the SYN keeps its entry, hence its key.
BOOST_DATA_TEST_CASE(R20_RetransmittedSynKeepsTheEntry, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.pair().SetPath([](Side, OwnedSegment&) { return false; });
  const OwnedSegment syn = talk.NextSyn();
  const stack::Duration gap = dialect == Dialect::kReadme ? 50s : 250s;
  for (int i = 0; i < 5; ++i) {
    talk.Resend(Side::kClient, syn);
    BOOST_TEST((*FindTc(talk.last()->options) == *FindTc(talk.pair().wire()[0].second->options)));
    BOOST_TEST((StateAfter(talk, Side::kClient, gap) == State::kSynSent));
  }
}

// The SYN-ACK of a SYN flood's connection is never acknowledged: it is half-open, whatever is forged onto it, and
// leaves no blocked flow behind.
BOOST_DATA_TEST_CASE(R20_UnansweredSynAck, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.Syn();
  talk.pair().SetPath([](Side, OwnedSegment&) { return false; });
  talk.SynAck();
  talk.client_acknowledges = talk.server_next;
  OwnedSegment forged = talk.Next(Side::kClient, wire::kAck);
  forged->acknowledgement += 1000;
  talk.Forge(Side::kServer, forged);
  forged->flags = 0;
  talk.Forge(Side::kServer, forged);
  talk.Forge(Side::kServer, talk.Next(Side::kClient, wire::kAck, "forged"));
  OwnedSegment reset = talk.Next(Side::kServer, wire::kRst);  // our TCP's answers to such segments
  reset->sequence = forged->acknowledgement;
  talk.Resend(Side::kServer, reset);
  talk.Ack(Side::kServer);
  // lkm: E until 300 s of idleness; but its own RST has made it DEAD, and that is 60 s as well.
  BOOST_TEST((StateAfter(talk, Side::kServer, 60s + kCollect) == std::nullopt));
  BOOST_TEST(talk.tcps(Side::kServer).blocked_flows() == 0U);
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kFlowExpired) == 0U);
}

BOOST_AUTO_TEST_CASE(R20_ReadmeClosedConnection) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  talk.HandshakeAndAck();
  talk.Fin(Side::kClient);
  talk.Fin(Side::kServer);
  BOOST_TEST((StateAfter(talk, Side::kClient, 120s) == State::kAuthenticated));
  BOOST_TEST((StateAfter(talk, Side::kClient, kCollect) == std::nullopt));
  BOOST_TEST(talk.Count(Side::kClient, EventKind::kBlocked) == 0U);
  BOOST_TEST(talk.Count(Side::kClient, EventKind::kFlowExpired) == 0U);
}

// "Both FINs mean DEAD", so 60 s.
BOOST_AUTO_TEST_CASE(R20_LkmClosedConnection) {
  Conversation talk(Conversation::Both(Dialect::kLkm));
  talk.HandshakeAndAck();
  talk.Fin(Side::kClient);
  talk.Fin(Side::kServer);
  BOOST_TEST((StateAfter(talk, Side::kClient, 60s) == State::kDead));
  BOOST_TEST((StateAfter(talk, Side::kClient, kCollect) == std::nullopt));
}

// TCPS-LIM-08
BOOST_AUTO_TEST_CASE(R20_TimersAreConfigurable) {
  Conversation talk(Conversation::Both(Dialect::kReadme, {.collect_interval = 1s, .idle_timeout = 5s}));
  talk.HandshakeAndAck();
  BOOST_TEST((StateAfter(talk, Side::kClient, 5s) == State::kAuthenticated));
  BOOST_TEST((StateAfter(talk, Side::kClient, 1s) == State::kBlocked));
}

// TCPS-LIM-08
BOOST_AUTO_TEST_CASE(R20_AShorterTimerTakesEffectAtOnce) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  talk.HandshakeAndAck();
  talk.pair().Advance(6s);
  talk.tcps(Side::kClient).SetPolicy({.collect_interval = 1s, .idle_timeout = 5s});
  BOOST_TEST((StateAfter(talk, Side::kClient, 1ms) == State::kBlocked));
  BOOST_TEST((StateAfter(talk, Side::kServer, 1ms) == State::kAuthenticated));
}

BOOST_AUTO_TEST_CASE(NoTimerRunsWithoutAnEntry) {
  Conversation talk;
  BOOST_TEST((talk.tcps(Side::kClient).NextDeadline() == stack::kNever));
  talk.HandshakeAndAck();
  BOOST_TEST((talk.tcps(Side::kClient).NextDeadline() != stack::kNever));
  talk.pair().Advance(600s);
  BOOST_TEST((talk.tcps(Side::kClient).NextDeadline() == stack::kNever));
}

// Wire section 9: a forged RST is dropped and the session goes on; so does a genuine one, until a timeout.
BOOST_DATA_TEST_CASE(InboundResetIsIgnored, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.HandshakeAndAck();
  for (const Side side : {Side::kClient, Side::kServer}) {
    BOOST_TEST(talk.Forge(side, talk.Next(stack::Opposite(side), wire::kRst)).empty());
    BOOST_TEST(talk.Forge(side, talk.Next(stack::Opposite(side), wire::kRst | wire::kAck)).empty());
    BOOST_TEST(talk.Count(side, EventKind::kResetIgnored) == 2U);
    BOOST_TEST(talk.Data(side, "hello").at(0).PayloadText() == "hello");
  }
}

// Before there are keys a RST is what says that nobody listens.
BOOST_DATA_TEST_CASE(ResetBeforeTheHandshakeReachesTcp, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.Syn();
  BOOST_TEST(talk.Reset(Side::kServer).size() == 1U);
}

BOOST_DATA_TEST_CASE(OwnReset, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.HandshakeAndAck();
  BOOST_TEST(talk.Reset(Side::kClient).empty());
  BOOST_TEST(talk.last()->options.empty());
  const bool lkm = dialect == Dialect::kLkm;
  BOOST_TEST(talk.state(Side::kClient) == (lkm ? State::kDead : State::kAuthenticated));
  // lkm: the sender is dead, so what follows is in clear and is dropped; readme: never in clear.
  BOOST_TEST(talk.Data(Side::kClient, "more").empty() == lkm);
  BOOST_TEST((talk.last().PayloadText() == "more") == lkm);
}

// A RST of ours may answer a stray segment: whatever else our TCP sends shows that the connection goes on.
BOOST_AUTO_TEST_CASE(ReadmeConnectionThatGoesOnAfterItsResetIsNotCutShort) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  talk.HandshakeAndAck();
  OwnedSegment reset = talk.Next(Side::kClient, wire::kRst);
  reset->sequence += 0x10000000;
  talk.Resend(Side::kClient, reset);
  talk.Data(Side::kClient, "going on");
  BOOST_TEST((StateAfter(talk, Side::kClient, 300s) == State::kAuthenticated));
}

BOOST_DATA_TEST_CASE(ReadmeConnectionAfterItsResetIsBlockedInTheEnd, boost::unit_test::data::make({false, true}),
                     authenticated) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  talk.Handshake();
  if (authenticated) talk.Ack(Side::kServer);
  talk.pair().SetPath([](Side, OwnedSegment&) { return false; });
  talk.Reset(Side::kClient);
  BOOST_TEST((StateAfter(talk, Side::kClient, 60s + kCollect) == State::kBlocked));
  const std::size_t before = talk.sent();
  talk.Data(Side::kClient, "in clear");
  BOOST_TEST(talk.sent() == before);
}

}  // namespace tcpslab::tcps::test
