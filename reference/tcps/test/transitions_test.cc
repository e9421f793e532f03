// The whole state machine of dialect readme, cell by cell: what a host does with each kind of segment in each state.
// Expectations are those of tcps-dialects.md. (Dialect lkm: wire_transitions_test.cc.)
#include "reference/tcps/transitions.h"

#include <array>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "reference/tcps/test/conversation.h"

namespace tcpslab::tcps::test {
namespace {

// A cell says what becomes of the segment and, behind '>', the next state where it is another one:
//   p  passes unchanged          t  leaves with TC          d  dropped
//   m  leaves encrypted with TM  i  leaves with TI
using Row = std::array<const char*, kStates>;  // NONE, SYN_SENT, SYN_RECV, ENCRYPTED, AUTHENTICATED, DEAD, BLOCKED
using Table = std::array<Row, kInputs>;        // in the order of Input

// clang-format off
constexpr Table kReadme = {{
    {"t>SYN_SENT", "t",           "t>SYN_SENT",  "t>SYN_SENT", "t>SYN_SENT", "t>SYN_SENT", "t>SYN_SENT"},  // out SYN: R22
    {"p",          "p",           "t>ENCRYPTED", "p>DEAD",     "p>DEAD",     "p",          "d"},           // out SYN-ACK
    {"p",          "p",           "p",           "p",          "p",          "p",          "d"},           // out RST
    {"p",          "p",           "p",           "m",          "m",          "p",          "d"},           // out data
    {"p",          "p",           "p",           "i",          "p",          "p",          "d"},           // out ACK
    {"p>SYN_RECV", "p>DEAD",      "p",           "p",          "p",          "p>SYN_RECV", "p"},           // in SYN with TC: R16, R22
    {"p",          "p>DEAD",      "p",           "p",          "p",          "p",          "d"},           // in SYN: R16
    {"p",          "p>ENCRYPTED", "p",           "p",          "p",          "p",          "d"},           // in SYN-ACK with TC
    {"p",          "p>DEAD",      "p",           "p",          "p",          "p",          "d"},           // in SYN-ACK
    {"p",          "p",           "p",           "d",          "d",          "p",          "d"},           // in RST
    {"p",          "p",           "p",           "d",          "d",          "p",          "d"},           // in data, no TM
    {"p",          "p",           "p",           "p",          "p",          "p",          "d"},           // in ACK
}};

// enforce=1: no data and no connection in clear. DEAD: the policy changed after the connection fell back.
constexpr Table kReadmeEnforcing = {{
    {"t>SYN_SENT", "t",           "t>SYN_SENT",  "t>SYN_SENT", "t>SYN_SENT", "t>SYN_SENT", "t>SYN_SENT"},  // out SYN
    {"d",          "d",           "t>ENCRYPTED", "d",          "d",          "p",          "d"},           // out SYN-ACK: R25
    {"p",          "p",           "p",           "p",          "p",          "p",          "d"},           // out RST: R25
    {"d",          "d",           "d",           "m",          "m",          "p",          "d"},           // out data: R25
    {"d",          "p",           "p",           "i",          "p",          "p",          "d"},           // out ACK: R25
    {"p>SYN_RECV", "d>BLOCKED",   "p",           "p",          "p",          "p>SYN_RECV", "p"},           // in SYN with TC: R16
    {"d",          "d",           "d",           "d",          "d",          "d",          "d"},           // in SYN
    {"d",          "p>ENCRYPTED", "p",           "p",          "p",          "p",          "d"},           // in SYN-ACK with TC: R25
    {"d",          "d",           "p",           "p",          "p",          "p",          "d"},           // in SYN-ACK: R3, R25
    {"p",          "p",           "p",           "d",          "d",          "p",          "d"},           // in RST: R25
    {"d",          "d",           "d",           "d",          "d",          "p",          "d"},           // in data: R25
    {"d",          "p",           "p",           "p",          "p",          "p",          "d"},           // in ACK: R25
}};
// clang-format on

constexpr Side kHost = Side::kClient;  // the one under test
constexpr Side kPeer = Side::kServer;

wire::OptionArea Offer() { return MakeSynOptions({}, crypto::PublicKey{std::byte{9}}); }

// Brings the host into `state`.
void Enter(Conversation& talk, State state) {
  switch (state) {
    case State::kNone:
      return;
    case State::kSynSent:
      talk.Syn();
      return;
    case State::kSynReceived: {
      OwnedSegment offer = talk.NextSyn(kPeer);
      offer->options = Offer();
      talk.Forge(kHost, offer);
      talk.client_acknowledges = ++talk.server_next;
      return;
    }
    case State::kEncrypted:
      talk.Handshake();
      return;
    case State::kAuthenticated:
      talk.HandshakeAndAck();
      return;
    case State::kDead:
      talk.Syn();
      talk.Forge(kHost, talk.NextSynAck(kPeer));
      return;
    case State::kBlocked:
      talk.HandshakeAndAck();
      talk.pair().Advance(336s);
      return;
  }
}

// SYNs are those of another connection: their initial sequence numbers are new.
OwnedSegment Make(const Conversation& talk, Input input) {
  switch (input) {
    case Input::kOutSyn:
    case Input::kInSyn:
    case Input::kInSynWithTc: {
      OwnedSegment syn = talk.NextSyn(input == Input::kOutSyn ? kHost : kPeer);
      syn->sequence += 70000;
      if (input == Input::kInSynWithTc) syn->options = Offer();
      return syn;
    }
    case Input::kOutSynAck:
      return talk.NextSynAck(kHost);
    case Input::kOutRst:
      return talk.Next(kHost, wire::kRst | wire::kAck);
    case Input::kOutData:
      return talk.Next(kHost, wire::kPsh | wire::kAck, "in clear");
    case Input::kOutAck:
      return talk.Next(kHost, wire::kAck);
    case Input::kInSynAckWithTc:
    case Input::kInSynAck: {
      OwnedSegment syn_ack = talk.NextSynAck(kPeer);
      if (input == Input::kInSynAckWithTc) syn_ack->options = Offer();
      return syn_ack;
    }
    case Input::kInRst:
      return talk.Next(kPeer, wire::kRst | wire::kAck);
    case Input::kInData:
      return talk.Next(kPeer, wire::kPsh | wire::kAck, "in clear");
    case Input::kInAck:
      break;
  }
  return talk.Next(kPeer, wire::kAck);
}

char Describe(const OwnedSegment& before, const OwnedSegment& after) {
  if (after->options == before->options && after.PayloadText() == before.PayloadText()) return 'p';
  if (HasTc(after)) return 't';
  if (HasTi(after)) return 'i';
  return HasTm(after) && after.PayloadText() != before.PayloadText() ? 'm' : '?';
}

// What became of the segment, and the next state if it is another one.
std::string Outcome(Conversation& talk, Input input) {
  const State state = talk.state(kHost);
  const OwnedSegment segment = Make(talk, input);
  const std::size_t before = talk.sent();
  std::string outcome = "d";
  if (input <= Input::kOutAck) {
    talk.Resend(kHost, segment);
    if (talk.sent() > before) outcome = Describe(segment, talk.last());
  } else if (const auto got = talk.Forge(kHost, segment); !got.empty()) {
    outcome = Describe(segment, got[0]);
  }
  const State next = talk.state(kHost);
  if (next != state) outcome.append(">").append(ToString(next));
  return outcome;
}

void Check(bool enforce, const Table& table, std::size_t input, std::size_t column) {
  const auto state = static_cast<State>(column);
  const std::string expected = table[input][column];
  Conversation talk(Conversation::Both(Dialect::kReadme));
  Enter(talk, state);
  BOOST_REQUIRE(talk.state(kHost) == state);
  talk.tcps(kHost).SetPolicy({.enforce = enforce});
  BOOST_TEST_CONTEXT(ToString(static_cast<Input>(input)) << " in " << state << (enforce ? ", enforcing" : "")) {
    BOOST_TEST(Outcome(talk, static_cast<Input>(input)) == expected);
  }
}

const auto kCells = boost::unit_test::data::xrange(kInputs) * boost::unit_test::data::xrange(kStates);

}  // namespace

BOOST_DATA_TEST_CASE(Readme, kCells, input, state) { Check(false, kReadme, input, state); }
BOOST_DATA_TEST_CASE(ReadmeEnforcing, kCells, input, state) { Check(true, kReadmeEnforcing, input, state); }

}  // namespace tcpslab::tcps::test
