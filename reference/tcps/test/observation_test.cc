// What a host shows of itself: events, counters, key log, and the same bytes for the same seed (design, sections 2 and
// 7).
#include <fmt/format.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <regex>

#include "reference/tcps/hex.h"
#include "reference/tcps/test/key_log_reader.h"

namespace tcpslab::tcps::test {
namespace {

const auto kBothDialects = boost::unit_test::data::make({Dialect::kReadme, Dialect::kLkm});

std::vector<EventKind> Kinds(const std::vector<stack::Event>& events) {
  std::vector<EventKind> kinds;
  for (const stack::Event& event : events) kinds.push_back(event.kind);
  return kinds;
}

// Every byte that two visits put on the wire, timers included.
std::string WireBytes(Dialect dialect, std::uint64_t seed) {
  Hosts hosts = Conversation::Both(dialect);
  hosts.seed = seed;
  Conversation talk(hosts);
  for (int visit = 0; visit < 2; ++visit) {
    talk.HandshakeAndAck();
    talk.Data(Side::kClient, "request");
    talk.Data(Side::kServer, "response");
    talk.pair().Advance(1s);
    talk.NewConnection();
  }
  std::string bytes;
  for (const auto& [side, segment] : talk.pair().wire()) {
    bytes += fmt::format("{} {}\n", ToHex(segment->options.bytes()), ToHex(segment->payload));
  }
  return bytes;
}

// A host of its own, which notes state changes.
struct Watcher final : stack::EventSink, stack::SegmentSink {
  void OnEvent(const stack::Event& /*event*/) override {}
  void OnStateChange(const stack::StateChange& change) override {
    BOOST_TEST(change.from == state);
    state = change.to;
    passed += fmt::format(" {}", change.to);
  }
  void OnIdentitySent(const stack::Flow& flow, stack::Instant time) override {
    identities_sent.push_back(fmt::format("{} {}", time.time_since_epoch().count(), ToString(flow)));
  }
  void ToNetwork(const Segment& /*segment*/) override {}
  void ToHost(const Segment& /*segment*/) override {}
  std::string state = "NONE";
  std::string passed;
  std::vector<std::string> identities_sent;
};

}  // namespace

BOOST_AUTO_TEST_CASE(StateChanges) {
  Watcher watcher;
  crypto::SeededRandom random(1);
  Hosts hosts = Conversation::Both(Dialect::kReadme);
  Conversation talk(hosts);
  talk.pair().Restart(Side::kServer, [&](const stack::Services&) {
    return std::make_unique<Tcps>(hosts.server,
                                  stack::Services{.segments = watcher, .events = watcher, .random = random});
  });
  talk.HandshakeAndAck();
  BOOST_TEST(watcher.passed == " SYN_RECV ENCRYPTED AUTHENTICATED");
  talk.pair().Advance(400s);
  BOOST_TEST(watcher.state == "BLOCKED");
}

// However often it is sent, the log has one line of it.
// TCPS-LOG-04
BOOST_AUTO_TEST_CASE(FirstIdentityOfAConnectionIsTold) {
  for (const Dialect dialect : {Dialect::kReadme, Dialect::kLkm}) {
    Watcher watcher;
    crypto::SeededRandom random(1);
    const Hosts hosts = Conversation::Both(dialect);
    Conversation talk(hosts);
    talk.pair().Restart(Side::kClient, [&](const stack::Services&) {
      return std::make_unique<Tcps>(hosts.client,
                                    stack::Services{.segments = watcher, .events = watcher, .random = random});
    });
    talk.pair().Advance(5s);
    talk.Syn();
    talk.SynAck();
    BOOST_TEST(watcher.identities_sent.empty());
    for (int i = 0; i < 3; ++i) talk.Ack(Side::kClient);
    const std::string told = "5000000000 10.0.0.1:40001 <-> 10.0.0.2:80";
    BOOST_TEST(watcher.identities_sent == std::vector{told});
  }
}

// TCPS-LOG-02
BOOST_AUTO_TEST_CASE(EventsOfAFirstVisit) {
  Conversation talk;
  talk.pair().Advance(5s);
  talk.HandshakeAndAck();
  const std::vector<EventKind> expected = {EventKind::kEncrypted, EventKind::kPeerNew, EventKind::kAuthenticated};
  for (const Side side : {Side::kClient, Side::kServer}) {
    const std::vector<stack::Event>& events = talk.pair().events(side);
    BOOST_TEST((Kinds(events) == expected));
    for (const stack::Event& event : events) {
      BOOST_TEST((event.time.time_since_epoch() == 5s));
      BOOST_TEST((event.flow.client() == talk.client_end));
      BOOST_TEST((event.flow.server() == talk.server_end));
      BOOST_TEST((event.flow.role == (side == Side::kClient ? stack::Role::kClient : stack::Role::kServer)));
    }
    const Side other = stack::Opposite(side);
    const std::string fingerprint = ToHex(std::span(talk.tcps(other).identity()).first<8>());
    const std::string address = other == Side::kClient ? "10.0.0.1" : "10.0.0.2";
    BOOST_TEST(events[1].detail == fmt::format("{} fingerprint {}", address, fingerprint));
  }
}

BOOST_DATA_TEST_CASE(CountersCountEventsAndVerdicts, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.HandshakeAndAck();
  talk.Data(Side::kClient, "hello");
  talk.Forge(Side::kServer, talk.Next(Side::kClient, wire::kPsh | wire::kAck, "forged"));
  talk.Forge(Side::kServer, talk.Next(Side::kClient, wire::kRst));
  OwnedSegment full = talk.Next(Side::kServer, wire::kAck, "no room");
  full->options = *wire::OptionArea::FromBytes(std::vector<std::byte>(24, std::byte{wire::kNoOperation}));
  talk.Resend(Side::kServer, full);
  const stack::Counters& server = talk.tcps(Side::kServer).counters();
  BOOST_TEST(server.inbound_passed == 3U);    // SYN, ACK, data
  BOOST_TEST(server.inbound_dropped == 2U);   // the forged ones
  BOOST_TEST(server.outbound_passed == 2U);   // SYN-ACK, ACK
  BOOST_TEST(server.outbound_dropped == 1U);  // the one without room
  BOOST_TEST(server.Of(EventKind::kTagMissing) == 1U);
  BOOST_TEST(server.Of(EventKind::kResetIgnored) == 1U);
  BOOST_TEST(server.Of(EventKind::kNoRoom) == 1U);
  for (std::size_t i = 0; i < stack::kEventKinds; ++i) {
    const auto kind = static_cast<EventKind>(i);
    BOOST_TEST(server.Of(kind) == talk.Count(Side::kServer, kind));
  }
}

// Design, section 7.
BOOST_DATA_TEST_CASE(KeyLogLines, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.HandshakeAndAck(Side::kServer);
  talk.NewConnection();
  talk.HandshakeAndAck(Side::kClient);
  const std::regex line(
      "TCPS_EPHEMERAL_SECRET [0-9a-f]{64} [0-9a-f]{64}|"
      "TCPS_STATIC_SECRET [0-9a-f]{64} [0-9a-f]{64} [0-9a-f]{64}");
  for (const std::string& text : talk.pair().key_log()) BOOST_TEST(std::regex_match(text, line));

  // Named by the client's ephemeral key as it stood on the wire; both hosts say the same.
  std::vector<std::string> ephemeral;
  for (const std::string& text : talk.pair().key_log()) {
    if (text.starts_with("TCPS_EPHEMERAL_SECRET ")) ephemeral.push_back(text);
  }
  BOOST_REQUIRE_EQUAL(ephemeral.size(), 4U);
  BOOST_TEST(ephemeral[0] == ephemeral[1]);
  BOOST_TEST(ephemeral[2] == ephemeral[3]);
  std::vector<std::string> offers;
  for (const auto& [side, segment] : talk.pair().wire()) {
    if (segment->IsSyn()) offers.push_back(ToHex(*FindTc(segment->options)));
  }
  BOOST_TEST(ephemeral[0].substr(22, 64) == offers.at(0));
  BOOST_TEST(ephemeral[2].substr(22, 64) == offers.at(1));

  // Lower public key first.
  const auto [low, high] = std::minmax(talk.tcps(Side::kClient).identity(), talk.tcps(Side::kServer).identity());
  BOOST_TEST(CountLines(talk.pair(), fmt::format("TCPS_STATIC_SECRET {} {} ", ToHex(low), ToHex(high))) ==
             CountLines(talk.pair(), "TCPS_STATIC_SECRET "));
  BOOST_TEST(CountLines(talk.pair(), "TCPS_STATIC_SECRET ") >= 1U);
}

BOOST_DATA_TEST_CASE(SameSeedSameBytes, kBothDialects, dialect) {
  BOOST_TEST(WireBytes(dialect, 1) == WireBytes(dialect, 1));
  BOOST_TEST(WireBytes(dialect, 1) != WireBytes(dialect, 2));
}

BOOST_AUTO_TEST_CASE(EachConnectionHasItsOwnKeys) {
  Conversation talk;
  talk.HandshakeAndAck();
  talk.Data(Side::kClient, "the same words");
  const OwnedSegment first = talk.last();
  talk.NewConnection();
  talk.HandshakeAndAck();
  talk.Data(Side::kClient, "the same words");
  BOOST_TEST(talk.last().PayloadText() != first.PayloadText());
  // Neither direction uses the other's keystream.
  talk.Data(Side::kServer, "the same words");
  BOOST_TEST(talk.last().PayloadText() != talk.pair().wire()[talk.sent() - 2].second.PayloadText());
}

// A restart renews the identity and forgets the peers ("Lost during rmmod").
// TCPS-TOFU-09
BOOST_DATA_TEST_CASE(RestartRenewsTheIdentity, kBothDialects, dialect) {
  const Hosts hosts = Conversation::Both(dialect);
  Conversation talk(hosts);
  talk.HandshakeAndAck();
  const crypto::PublicKey before = talk.tcps(Side::kServer).identity();
  talk.pair().Restart(Side::kServer, Conversation::Maker(hosts.server));
  BOOST_TEST((talk.tcps(Side::kServer).identity() != before));
  BOOST_TEST(!talk.tcps(Side::kServer).PeerIdentity(talk.client_end.address).has_value());
}

// "Takes effect with the next segment; connections keep their state."
// TCPS-ENF-03
BOOST_DATA_TEST_CASE(PolicyCanChange, kBothDialects, dialect) {
  Hosts hosts = Conversation::Both(dialect);
  hosts.client_speaks = false;
  Conversation talk(hosts);
  BOOST_TEST(talk.Syn().size() == 1U);
  talk.tcps(Side::kServer).SetPolicy({.enforce = true});
  BOOST_TEST(talk.tcps(Side::kServer).policy().enforce);
  talk.NewConnection();
  BOOST_TEST(talk.Syn().empty());
}

}  // namespace tcpslab::tcps::test
