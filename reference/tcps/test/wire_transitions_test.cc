// The state machine of the upstream module (spec tcps-wire.md, section 7), row by row: the rows are written down here
// once more, and what the engine does in dialect lkm is compared with them from outside.
#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reference/tcps/test/key_log_reader.h"
#include "reference/tcps/test/probe.h"

namespace tcpslab::tcps::test {
namespace {

const std::vector<Start> kPlain = {Start::kNone, Start::kSynSent, Start::kSynReceived, Start::kDeadClient,
                                   Start::kDeadServer};
const std::vector<Start> kEncrypted = {Start::kEncryptedClient, Start::kEncryptedServer};
const std::vector<Start> kAuthenticated = {Start::kAuthenticatedClient, Start::kAuthenticatedServer};
const std::vector<Start> kDead = {Start::kDeadClient, Start::kDeadServer};
const std::vector<Start> kNothing = {Start::kNone};
const std::vector<Start> kSynSent = {Start::kSynSent};
const std::vector<Start> kSynReceived = {Start::kSynReceived};

std::vector<Start> operator+(std::vector<Start> a, const std::vector<Start>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
const std::vector<Start> kProtected = kEncrypted + kAuthenticated;
const std::vector<Start> kAny = kPlain + kProtected;

struct Row {
  std::string quote;
  Event event;
  std::vector<Start> starts;
  Fate fate;
  std::optional<State> next;           // nothing: the same
  std::vector<EventKind> log = {};     // log lines
  std::optional<Fate> enforcing = {};  // fate with enforce=1 where it is another one
};

const std::vector<Row> kRows = {
    {"out SYN | none | new entry+keys, client ISN = seq, insert TC | SYN_SENT", Event::kOutSyn, kNothing,
     Fate::kTcOfFreshKey, State::kSynSent},
    {"out SYN | SYN_SENT | same ephemeral key, client ISN = seq, insert TC | SYN_SENT", Event::kOutSyn, kSynSent,
     Fate::kTcOfSameKey, State::kSynSent},
    {"out SYN | DEAD | entry replaced by a fresh one | SYN_SENT", Event::kOutSyn, kDead, Fate::kTcOfFreshKey,
     State::kSynSent},
    {"out SYN | SYN_RECV, E, A | pass unchanged | same",
     Event::kOutSyn,
     kSynReceived + kProtected,
     Fate::kUnchanged,
     {}},
    {"in SYN with TC | none / DEAD | new entry (server role), client ISN, peer key | SYN_RECV", Event::kInSynWithTc,
     kNothing + kDead, Fate::kUnchanged, State::kSynReceived},
    {"in SYN with TC | SYN_RECV | update ISN and peer key | SYN_RECV", Event::kInSynWithTc, kSynReceived,
     Fate::kUnchanged, State::kSynReceived},
    {"in SYN with TC | SYN_SENT, E, A | pass, no change | same",
     Event::kInSynWithTc,
     kSynSent + kProtected,
     Fate::kUnchanged,
     {}},
    {"in SYN without TC | any | enforce=1: drop silently; else pass | same",
     Event::kInSyn,
     kAny,
     Fate::kUnchanged,
     {},
     {},
     Fate::kDropped},
    {"out SYN-ACK | SYN_RECV | insert TC, server ISN = seq, derive | E",
     Event::kOutSynAck,
     kSynReceived,
     Fate::kTcOfFreshKey,
     State::kEncrypted,
     {EventKind::kEncrypted}},
    {"out SYN-ACK | other | pass unchanged | same",
     Event::kOutSynAck,
     kNothing + kSynSent + kProtected + kDead,
     Fate::kUnchanged,
     {}},
    {"in SYN-ACK with TC | SYN_SENT | server ISN = seq, derive | E",
     Event::kInSynAckWithTc,
     kSynSent,
     Fate::kUnchanged,
     State::kEncrypted,
     {EventKind::kEncrypted}},
    {"in SYN-ACK without TC | SYN_SENT | log; enforce=1: drop, else pass | DEAD",
     Event::kInSynAck,
     kSynSent,
     Fate::kUnchanged,
     State::kDead,
     {EventKind::kFellBack},
     Fate::kDropped},
    {"in SYN-ACK | other | pass (even with enforce=1) | same",
     Event::kInSynAck,
     kNothing + kSynReceived + kProtected + kDead,
     Fate::kUnchanged,
     {}},
    {"in SYN-ACK | other | pass (even with enforce=1) | same",
     Event::kInSynAckWithTc,
     kNothing + kSynReceived + kProtected + kDead,
     Fate::kUnchanged,
     {}},
    {"out other | none, SYN_*, DEAD | pass unchanged, in clear | same", Event::kOutRst, kPlain, Fate::kUnchanged, {}},
    {"out other | none, SYN_*, DEAD | pass unchanged, in clear | same", Event::kOutAck, kPlain, Fate::kUnchanged, {}},
    {"out other | none, SYN_*, DEAD | pass unchanged, in clear | same", Event::kOutData, kPlain, Fate::kUnchanged, {}},
    {"out other | none, SYN_*, DEAD | pass unchanged, in clear | same", Event::kOutFin, kPlain, Fate::kUnchanged, {}},
    {"in other | none, SYN_*, DEAD | pass unchanged, in clear | same", Event::kInRst, kPlain, Fate::kUnchanged, {}},
    {"in other | none, SYN_*, DEAD | pass unchanged, in clear | same", Event::kInAck, kPlain, Fate::kUnchanged, {}},
    {"in other | none, SYN_*, DEAD | pass unchanged, in clear | same",
     Event::kInAckWithTi,
     kPlain,
     Fate::kUnchanged,
     {}},
    {"in other | none, SYN_*, DEAD | pass unchanged, in clear | same",
     Event::kInDataWithoutTm,
     kPlain,
     Fate::kUnchanged,
     {}},
    {"in other | none, SYN_*, DEAD | pass unchanged, in clear | same",
     Event::kInFinWithoutTm,
     kPlain,
     Fate::kUnchanged,
     {}},
    {"in other | none, SYN_*, DEAD | pass unchanged, in clear | same",
     Event::kInDataWithBadTm,
     kPlain,
     Fate::kUnchanged,
     {}},
    {"out RST | E, A | pass unchanged (no MAC) | DEAD", Event::kOutRst, kProtected, Fate::kUnchanged, State::kDead},
    {"in RST | E, A | drop, no log | same", Event::kInRst, kProtected, Fate::kDropped, {}},
    {"out pure ACK | E, no TI received | replace options by TI | E", Event::kOutAck, kEncrypted,
     Fate::kOptionsReplacedByTi, State::kEncrypted},
    {"out pure ACK | A | pass unchanged | A", Event::kOutAck, kAuthenticated, Fate::kUnchanged, State::kAuthenticated},
    {"out payload/FIN | E, A | encrypt, MAC, TM | same", Event::kOutData, kProtected, Fate::kEncryptedAndTagged, {}},
    {"out payload/FIN | E, A | encrypt, MAC, TM | same", Event::kOutFin, kProtected, Fate::kEncryptedAndTagged, {}},
    {"in any with TI | E | section 6 | A",
     Event::kInAckWithTi,
     kEncrypted,
     Fate::kUnchanged,
     State::kAuthenticated,
     {EventKind::kPeerNew, EventKind::kAuthenticated}},
    {"section 6: Receiver: only in ENCRYPTED and only until the first TI",
     Event::kInAckWithTi,
     kAuthenticated,
     Fate::kUnchanged,
     {}},
    {"in payload/FIN, no TM | E, A | log, drop | same",
     Event::kInDataWithoutTm,
     kProtected,
     Fate::kDropped,
     {},
     {EventKind::kTagMissing}},
    {"in payload/FIN, no TM | E, A | log, drop | same",
     Event::kInFinWithoutTm,
     kProtected,
     Fate::kDropped,
     {},
     {EventKind::kTagMissing}},
    {"in payload/FIN, bad TM | E, A | log, drop (no reply) | same",
     Event::kInDataWithBadTm,
     kProtected,
     Fate::kDropped,
     {},
     {EventKind::kTagInvalid}},
    {"in payload/FIN, good TM | E, A | decrypt in place, TM left in the header | same",
     Event::kInDataWithGoodTm,
     kProtected,
     Fate::kDecrypted,
     {}},
    {"in pure ACK | E, A | pass, unauthenticated | same", Event::kInAck, kProtected, Fate::kUnchanged, {}},
};

std::vector<std::string> LogOf(const Row& row, bool enforce) {
  std::vector<std::string> log;
  for (EventKind kind : row.log) {
    // The same line, "SYN+ACK in without TCPS option", stands for both.
    if (enforce && kind == EventKind::kFellBack) kind = EventKind::kDowngradeRefused;
    log.emplace_back(ToString(kind));
  }
  return log;
}

}  // namespace

BOOST_AUTO_TEST_CASE(TheRowsCoverEveryEventInEveryStateOnce) {
  std::map<std::pair<Event, Start>, int> covered;
  for (const Row& row : kRows) {
    for (const Start start : row.starts) ++covered[{row.event, start}];
  }
  for (int event = 0; event < kEvents; ++event) {
    for (const Start start : kAny) {
      // Without keys no tag is good.
      const bool possible =
          event != static_cast<int>(Event::kInDataWithGoodTm) || std::ranges::count(kProtected, start) != 0;
      BOOST_TEST((covered[{static_cast<Event>(event), start}]) == (possible ? 1 : 0),
                 "event " << event << " in " << StateOf(start));
    }
  }
}

BOOST_DATA_TEST_CASE(EveryRowOfSection7, boost::unit_test::data::make({false, true}), enforce) {
  for (const Row& row : kRows) {
    for (const Start start : row.starts) {
      BOOST_TEST_CONTEXT(row.quote << " (start " << static_cast<int>(start) << ", " << StateOf(start) << ")") {
        Probe probe(start, enforce);
        const Fate fate = probe.Run(row.event);
        BOOST_TEST(fate == (enforce ? row.enforcing.value_or(row.fate) : row.fate));
        BOOST_TEST(probe.MyState() == row.next.value_or(StateOf(start)));
        BOOST_TEST(probe.Log() == LogOf(row, enforce), boost::test_tools::per_element());
      }
    }
  }
}

// "Table full: pass UNCHANGED", "table full: pass", and of DEAD: "(if the table is not full)".
BOOST_DATA_TEST_CASE(FullTable, boost::unit_test::data::make({false, true}), enforce) {
  for (const Start start : {Start::kNone, Start::kDeadClient}) {
    for (const Event event : {Event::kOutSyn, Event::kInSynWithTc}) {
      Probe probe(start, enforce);
      probe.tcps(Side::kClient).SetPolicy({.enforce = enforce, .max_connections = start == Start::kNone ? 0U : 1U});
      BOOST_TEST(probe.Run(event) == Fate::kUnchanged);
      BOOST_TEST(probe.MyState() == StateOf(start));
    }
  }
}

// "out SYN | SYN_SENT | same ephemeral key, client ISN = seq" and "in SYN with TC | SYN_RECV | update ISN and peer
// key": both ends go by the last SYN, or their positions would differ.
BOOST_AUTO_TEST_CASE(ARepeatedSynSetsTheInitialSequenceNumber) {
  Conversation talk(Conversation::Both(Dialect::kLkm));
  talk.Syn();
  talk.NewConnectionOnSamePorts();
  talk.Handshake();
  BOOST_TEST(talk.Data(Side::kClient, "hello").at(0).PayloadText() == "hello");
  BOOST_TEST((FindTm(talk.last()->options) == LkmTag(LastSessionKeys(talk.pair()).mac_c2s, 0, talk.last())));
  BOOST_TEST(talk.Data(Side::kServer, "hello").at(0).PayloadText() == "hello");
}

BOOST_AUTO_TEST_CASE(ARepeatedOfferReplacesThePeerKey) {
  Conversation talk(Conversation::Both(Dialect::kLkm));
  OwnedSegment forged = talk.NextSyn();
  forged->options = MakeSynOptions(forged->options, crypto::PublicKey{std::byte{9}});
  talk.Forge(Side::kServer, forged);
  talk.Handshake();
  BOOST_TEST(talk.Data(Side::kClient, "hello").at(0).PayloadText() == "hello");
}

// "out SYN-ACK | SYN_RECV | … DEAD if DH is zero", "in SYN-ACK with TC | SYN_SENT | derive | E / DEAD".
BOOST_AUTO_TEST_CASE(AnAllZeroSecretIsDead) {
  for (const Start start : {Start::kSynReceived, Start::kSynSent}) {
    Probe probe(start, true);
    const bool server = start == Start::kSynReceived;
    OwnedSegment offer = server ? probe.NextSyn() : probe.NextSynAck();
    offer->options = MakeSynOptions(offer->options, crypto::PublicKey{});
    BOOST_TEST(probe.Forge(probe.me(), offer).size() == 1U);
    if (server) probe.SynAck();
    BOOST_TEST(probe.MyState() == State::kDead);
    BOOST_TEST((probe.Log() == std::vector<std::string>{"low-order-key"}));
  }
}

// "in SYN-ACK with TC | SYN_SENT | server ISN = seq, derive (ack number not checked)".
BOOST_AUTO_TEST_CASE(TheAcknowledgementOfASynAckIsNotChecked) {
  Probe probe(Start::kSynSent, false);
  OwnedSegment answer = probe.NextSynAck();
  answer->acknowledgement += 12345;
  answer->options = MakeSynOptions(answer->options, crypto::PublicKey{std::byte{9}});
  probe.Forge(Side::kClient, answer);
  BOOST_TEST(probe.MyState() == State::kEncrypted);
}

// "out payload/FIN … FIN: fin_out, DEAD if fin_in" and "in payload/FIN, good TM … FIN: fin_in, DEAD if fin_out".
BOOST_AUTO_TEST_CASE(TheSecondFinIsTheEnd) {
  for (const Side first : {Side::kClient, Side::kServer}) {
    Conversation talk(Conversation::Both(Dialect::kLkm));
    talk.Handshake();
    const Side second = stack::Opposite(first);
    const State before[] = {talk.state(first), talk.state(second)};
    BOOST_TEST(talk.Fin(first).size() == 1U);
    BOOST_TEST(talk.state(first) == before[0]);
    BOOST_TEST(talk.state(second) == before[1]);
    BOOST_TEST(talk.Fin(second).size() == 1U);
    BOOST_TEST(HasTm(talk.last()));
    BOOST_TEST(talk.state(first) == State::kDead);
    BOOST_TEST(talk.state(second) == State::kDead);
  }
}

// "in any with TI | E": also a data segment, which is dropped for want of a tag all the same.
BOOST_AUTO_TEST_CASE(TiCountsOnAnySegment) {
  for (const Start start : kEncrypted) {
    Probe probe(start, false);
    OwnedSegment forged = probe.Next(stack::Opposite(probe.me()), wire::kPsh | wire::kAck, "forged");
    forged->options = MakeTiOptions({.key = {std::byte{0x42}}, .proof = {}});
    BOOST_TEST(probe.Forge(probe.me(), forged).empty());
    BOOST_TEST(probe.MyState() == State::kAuthenticated);
  }
}

}  // namespace tcpslab::tcps::test
