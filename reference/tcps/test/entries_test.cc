// Which connections a host knows: what Connections() lists is what the state changes tell, from the first to the last;
// and flows that were protected before a restart (R25 of spec tcps-dialects.md).
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <map>
#include <string>

#include "reference/tcps/test/conversation.h"

namespace tcpslab::tcps::test {
namespace {

const auto kBothDialects = boost::unit_test::data::make({Dialect::kReadme, Dialect::kLkm});

// Follows the state of every flow by what a host tells.
class Ledger final : public stack::EventSink, public stack::SegmentSink {
 public:
  void OnEvent(const stack::Event& event) override {
    if (event.kind == EventKind::kBlocked) ++blocked_events;
  }
  void OnStateChange(const stack::StateChange& change) override {
    const std::string flow = NameOf(change.flow);
    const auto found = states.find(flow);
    BOOST_TEST(change.from == (found == states.end() ? "NONE" : found->second));
    BOOST_TEST(change.to != change.from);
    states[flow] = change.to;
    if (change.to == "NONE") {
      states.erase(flow);
      ++gone;
    }
  }
  void ToNetwork(const Segment& /*segment*/) override {}
  void ToHost(const Segment& /*segment*/) override {}
  static std::string NameOf(const stack::Flow& flow) {
    return ToString(stack::Flow{.local = flow.local, .remote = flow.remote});
  }
  std::map<std::string, std::string> states;
  std::size_t gone = 0;
  std::size_t blocked_events = 0;
};

// The server's host tells the ledger.
struct Told : Conversation {
  explicit Told(Dialect dialect = Dialect::kReadme, stack::Policy policy = {}) : Conversation(Both(dialect, policy)) {
    pair().Restart(Side::kServer, [this, dialect, policy](const stack::Services&) {
      return std::make_unique<Tcps>(Config{.dialect = dialect, .policy = policy, .deviations = {}},
                                    stack::Services{.segments = ledger, .events = ledger, .random = random});
    });
  }
  Tcps& server() { return tcps(Side::kServer); }
  [[nodiscard]] stack::Flow flow(stack::Role role = stack::Role::kServer) const {
    return {.local = server_end, .remote = client_end, .role = role};
  }
  void CheckConnections() {
    std::map<std::string, std::string> listed;
    for (const ConnectionStatus& status : server().Connections()) {
      listed.emplace(Ledger::NameOf(status.flow), ToString(status.state));
    }
    BOOST_TEST((listed == ledger.states));
    BOOST_TEST(listed.size() == server().connections() + server().blocked_flows());
  }
  void CheckGone(std::size_t count) {
    BOOST_TEST(ledger.gone == count);
    CheckConnections();
  }
  Ledger ledger;
  crypto::SeededRandom random{7};
};

}  // namespace

BOOST_DATA_TEST_CASE(ConnectionsAreListed, kBothDialects, dialect) {
  Told talk(dialect);
  BOOST_TEST(talk.server().Connections().empty());
  talk.pair().Advance(5s);
  talk.HandshakeAndAck();
  const std::vector<ConnectionStatus> all = talk.server().Connections();
  BOOST_REQUIRE_EQUAL(all.size(), 1U);
  BOOST_TEST((all[0].flow.local == talk.server_end));
  BOOST_TEST((all[0].flow.remote == talk.client_end));
  BOOST_TEST((all[0].flow.role == stack::Role::kServer));
  BOOST_TEST(all[0].state == State::kAuthenticated);
  BOOST_TEST((all[0].last_active.time_since_epoch() == 5s));
  talk.NewConnection();
  talk.Syn();
  talk.CheckConnections();
  BOOST_TEST(talk.ledger.states.size() == 2U);
}

BOOST_AUTO_TEST_CASE(BlockedFlowsAreListed) {
  Told talk;
  talk.HandshakeAndAck();
  talk.pair().Advance(336s);
  const std::vector<ConnectionStatus> all = talk.server().Connections();
  BOOST_REQUIRE_EQUAL(all.size(), 1U);
  BOOST_TEST(all[0].state == State::kBlocked);
  BOOST_TEST((all[0].flow.role == stack::Role::kServer));
  BOOST_TEST(
      (all[0].last_active.time_since_epoch() == 330s));  // the first run of the collector after five idle minutes
  talk.CheckGone(0);
}

BOOST_DATA_TEST_CASE(HalfOpenEntryExpires, kBothDialects, dialect) {
  Told talk(dialect);
  talk.Syn();
  talk.pair().Advance(400s);
  talk.CheckGone(1);
}

BOOST_DATA_TEST_CASE(ClosedConnectionExpires, kBothDialects, dialect) {
  Told talk(dialect);
  talk.HandshakeAndAck();
  talk.Fin(Side::kClient);
  talk.Fin(Side::kServer);
  talk.Ack(Side::kClient);
  talk.pair().Advance(400s);
  talk.CheckGone(1);
  BOOST_TEST(talk.server().Connections().empty());
}

// R2
BOOST_AUTO_TEST_CASE(HalfOpenEntryGivesWay) {
  Told talk(Dialect::kReadme, {.max_connections = 2});
  talk.Syn();
  talk.NewConnection();
  talk.Syn();
  talk.CheckGone(1);
  talk.HandshakeAndAck();
  talk.CheckConnections();
}

// R22: by an offer that our TCP answers, and by our own SYN.
BOOST_AUTO_TEST_CASE(EntryIsReplaced) {
  Told talk;
  talk.HandshakeAndAck();
  talk.NewConnectionOnSamePorts();
  talk.Syn();
  talk.CheckGone(0);
  talk.SynAck();
  talk.CheckGone(1);
  talk.NewConnectionOnSamePorts();
  talk.Handshake(Side::kServer);
  talk.CheckGone(2);
  BOOST_TEST(talk.ledger.states.size() == 1U);
}

BOOST_AUTO_TEST_CASE(BlockedFlowBeginsAnew) {
  for (const Side opener : {Side::kClient, Side::kServer}) {
    Told talk;
    talk.HandshakeAndAck();
    talk.pair().Advance(336s);
    talk.NewConnectionOnSamePorts();
    talk.HandshakeAndAck(opener);
    talk.CheckGone(1);
    BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
  }
}

// TCPS-LOG-14
BOOST_AUTO_TEST_CASE(ForgottenBlockedFlowIsGone) {
  Told talk(Dialect::kReadme, {.max_blocked = 1});
  for (int i = 0; i < 2; ++i) {
    talk.HandshakeAndAck();
    talk.NewConnection();
  }
  talk.pair().Advance(336s);
  talk.CheckGone(1);
  BOOST_TEST(talk.server().blocked_flows() == 1U);
}

// R6 and R16: the entry goes, the flow stays.
BOOST_AUTO_TEST_CASE(FlowThatIsBlockedIsNotGone) {
  Told stranger;
  stranger.HandshakeAndAck();
  stranger.NewConnection();
  stranger.Syn();
  stranger.SynAck();
  stranger.Forge(Side::kServer, stranger.NextTi(Side::kClient, {.key = {std::byte{9}}, .proof = {}}));
  BOOST_TEST(stranger.state(Side::kServer) == State::kBlocked);
  stranger.CheckGone(0);

  Told crossing(Dialect::kReadme, {.enforce = true});
  crossing.Resend(Side::kServer, crossing.NextSyn(Side::kServer));
  crossing.Forge(Side::kServer, [&] {
    OwnedSegment syn = crossing.NextSyn();
    syn->options = MakeSynOptions({}, crypto::PublicKey{std::byte{9}});
    return syn;
  }());
  BOOST_TEST(crossing.state(Side::kServer) == State::kBlocked);
  crossing.CheckGone(0);
}

// "so that after a restart they are blocked, not continued in clear"
// TCPS-ENF-10, TCPS-ENF-11
BOOST_DATA_TEST_CASE(R25_FlowOfBeforeARestartIsBlocked, boost::unit_test::data::make({false, true}), enforce) {
  Told talk(Dialect::kReadme, {.enforce = enforce});
  talk.pair().Advance(3s);
  talk.server().Block(talk.flow(), talk.pair().now());
  talk.server().Block(talk.flow(), talk.pair().now());
  talk.CheckConnections();
  BOOST_TEST(talk.ledger.blocked_events == 1U);
  BOOST_TEST((talk.server().Connections().at(0).last_active.time_since_epoch() == 3s));
  BOOST_TEST(talk.state(Side::kServer) == State::kBlocked);
  for (const std::uint8_t flags :
       std::vector<std::uint8_t>{wire::kAck, wire::kAck | wire::kPsh, wire::kAck | wire::kFin, wire::kAck | wire::kRst,
                                 wire::kSyn | wire::kAck}) {
    const char* payload = (flags & wire::kPsh) != 0 ? "in clear" : "";
    const std::size_t before = talk.sent();
    talk.Resend(Side::kServer, talk.Next(Side::kServer, flags, payload));
    BOOST_TEST(talk.sent() == before);
    BOOST_TEST(talk.Forge(Side::kServer, talk.Next(Side::kClient, flags, payload)).empty());
  }
}

// R22. Whatever the initial sequence numbers are: those of the old connection are not known.
BOOST_DATA_TEST_CASE(R25_BlockedFlowBeginsAnew,
                     boost::unit_test::data::make({Side::kClient, Side::kServer}) *
                         boost::unit_test::data::make({0U, 1U, 4711U}),
                     opener, initial_sequence) {
  Told talk;
  talk.server().Block(talk.flow(), talk.pair().now());
  talk.client_next = talk.server_next = initial_sequence;
  talk.HandshakeAndAck(opener);
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
  BOOST_TEST(talk.Data(Side::kClient, "hello").at(0).PayloadText() == "hello");
  BOOST_TEST(HasTm(talk.last()));
  talk.CheckGone(1);
}

// A connection that began before the daemon read what was protected.
BOOST_AUTO_TEST_CASE(R25_LiveConnectionIsNotBlocked) {
  Told talk;
  talk.HandshakeAndAck();
  talk.server().Block(talk.flow(stack::Role::kClient), talk.pair().now());
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
  BOOST_TEST(talk.Data(Side::kClient, "hello").size() == 1U);
  talk.CheckGone(0);
}

BOOST_AUTO_TEST_CASE(R25_BlockedSetIsBounded) {
  Told talk(Dialect::kReadme, {.max_blocked = 2});
  for (int i = 0; i < 3; ++i) {
    talk.NewConnection();
    talk.server().Block(talk.flow(), talk.pair().now());
  }
  BOOST_TEST(talk.server().blocked_flows() == 2U);
  BOOST_TEST(talk.server().counters().Of(EventKind::kBlockedSetFull) == 1U);
  talk.CheckGone(1);
}

// "passes": the module knows no blocked flows.
BOOST_AUTO_TEST_CASE(R25_LkmBlocksNothing) {
  Told talk(Dialect::kLkm);
  talk.server().Block(talk.flow(), talk.pair().now());
  BOOST_TEST(talk.server().Connections().empty());
  BOOST_TEST(talk.Forge(Side::kServer, talk.Next(Side::kClient, wire::kAck, "in clear")).size() == 1U);
}

}  // namespace tcpslab::tcps::test
