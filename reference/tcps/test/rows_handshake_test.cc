// TC on SYN and SYN-ACK (spec tcps-wire.md, section 2.1) and rows R3, R4, R14, R16, R19, R23 and R24 of
// tcps-dialects.md.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "reference/tcps/test/key_log_reader.h"

namespace tcpslab::tcps::test {
namespace {

const auto kBothDialects = boost::unit_test::data::make({Dialect::kReadme, Dialect::kLkm});
constexpr stack::Policy kEnforce{.enforce = true};

// How many bytes of the option area stand before TC, the whole area, and whether only NOPs stand behind TC.
struct SynOptionCase {
  const char* what;
  std::vector<int> offered;
  std::vector<int> kept;  // expected before TC
  std::size_t nops;       // expected after it
};
std::ostream& operator<<(std::ostream& out, const SynOptionCase& c) { return out << c.what; }

// tcps-wire.md, section 2.1: one option is kept, first; then TC; then NOPs to a multiple of 4.
const std::vector<SynOptionCase> kSynOptions = {
    {"Linux: MSS kept, SACK-permitted, timestamps and window scale lost",
     {2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7},
     {2, 4, 0x05, 0xa0},
     0},
    {"MSS is kept wherever it stands", {3, 3, 7, 4, 2, 1, 2, 4, 0x05, 0xb4}, {2, 4, 0x05, 0xa0}, 0},
    {"MSS 21 becomes 1", {2, 4, 0, 21}, {2, 4, 0, 1}, 0},
    {"MSS 20 stays", {2, 4, 0, 20}, {2, 4, 0, 20}, 0},
    {"MSS 10 stays", {2, 4, 0, 10}, {2, 4, 0, 10}, 0},
    {"SACK-permitted before window scale", {3, 3, 7, 1, 4, 2, 1, 1}, {4, 2}, 2},
    {"window scale alone", {3, 3, 7, 1}, {3, 3, 7}, 1},
    {"timestamps are never kept", {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0}, {}, 0},
    {"nothing offered", {}, {}, 0},
    {"MD5 signature and fast open are lost",
     {19, 18, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 34, 2},
     {},
     0},
};

void CheckSynOptions(const OwnedSegment& segment, const SynOptionCase& c) {
  const std::span<const std::byte> area = segment->options.bytes();
  BOOST_REQUIRE_EQUAL(area.size(), c.kept.size() + kTcSize + c.nops);
  BOOST_TEST(HasTc(segment));
  for (std::size_t i = 0; i < c.kept.size(); ++i) BOOST_TEST(std::to_integer<int>(area[i]) == c.kept[i]);
  BOOST_TEST(std::to_integer<int>(area[c.kept.size()]) == 253);
  for (std::size_t i = c.kept.size() + kTcSize; i < area.size(); ++i) BOOST_TEST(std::to_integer<int>(area[i]) == 1);
}

OwnedSegment WithOptions(OwnedSegment segment, const std::vector<int>& bytes) {
  std::vector<std::byte> area;
  for (const int byte : bytes) area.push_back(static_cast<std::byte>(byte));
  segment->options = *wire::OptionArea::FromBytes(area);
  return segment;
}

}  // namespace

// TCPS-TC-07, TCPS-TC-08, TCPS-TC-09, TCPS-MSS-02
BOOST_DATA_TEST_CASE(TcReplacesTheOptionsOfSynAndSynAck, kBothDialects* boost::unit_test::data::make(kSynOptions),
                     dialect, options) {
  Conversation talk(Conversation::Both(dialect));
  talk.Send(Side::kClient, WithOptions(talk.Next(Side::kClient, wire::kSyn), options.offered));
  CheckSynOptions(talk.last(), options);
  talk.Send(Side::kServer, WithOptions(talk.Next(Side::kServer, wire::kSyn | wire::kAck), options.offered));
  CheckSynOptions(talk.last(), options);
  BOOST_TEST(talk.sent() == 2U);
  BOOST_TEST(*FindTc(talk.pair().wire()[0].second->options) != *FindTc(talk.pair().wire()[1].second->options));
  BOOST_TEST(talk.state(Side::kClient) == State::kEncrypted);
  BOOST_TEST(talk.state(Side::kServer) == State::kEncrypted);
}

// TCPS-TC-12
BOOST_DATA_TEST_CASE(OtherFieldsOfASynStay, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  OwnedSegment syn = talk.NextSyn();
  syn->flags |= wire::kEce | wire::kCwr;
  syn->window = 29200;
  syn->urgent_pointer = 7;
  talk.Send(Side::kClient, syn);
  const OwnedSegment sent = talk.last();
  BOOST_TEST(sent->flags == syn->flags);
  BOOST_TEST(sent->window == 29200U);
  BOOST_TEST(sent->sequence == syn->sequence);
  BOOST_TEST(sent->acknowledgement == 0U);
  BOOST_TEST(sent->urgent_pointer == 7U);
  BOOST_TEST((sent->source == talk.client_end && sent->destination == talk.server_end));
}

// tcps-wire.md, section 7: out SYN in SYN_SENT has the same ephemeral key.
BOOST_DATA_TEST_CASE(RetransmittedSynCarriesTheSameKey, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  const OwnedSegment syn = talk.NextSyn();
  talk.pair().SetPath([](Side, OwnedSegment&) { return false; });
  talk.Send(Side::kClient, syn);
  talk.pair().SetPath({});
  BOOST_TEST(talk.pair().Send(Side::kClient, syn).size() == 1U);
  BOOST_TEST(*FindTc(talk.pair().wire()[0].second->options) == *FindTc(talk.pair().wire()[1].second->options));
  talk.server_acknowledges = syn->sequence + 1;
  talk.SynAck();
  talk.Ack(Side::kClient);
  BOOST_TEST(talk.Data(Side::kClient, "hello").at(0).PayloadText() == "hello");
}

// Section 7, out SYN in SYN_SENT: lkm: "same ephemeral key, client ISN = seq"; readme, R22: "another ISN … fresh key".
BOOST_DATA_TEST_CASE(SynWithAnotherIsnWhileOneIsOut, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.pair().SetPath([](Side, OwnedSegment&) { return false; });
  talk.Syn();
  const crypto::PublicKey first = *FindTc(talk.last()->options);
  talk.pair().SetPath({});
  talk.NewConnectionOnSamePorts();
  talk.Syn();
  BOOST_TEST((*FindTc(talk.last()->options) == first) == (dialect == Dialect::kLkm));
  talk.SynAck();
  talk.Ack(Side::kClient);
  BOOST_TEST(talk.Data(Side::kClient, "hello").at(0).PayloadText() == "hello");
  BOOST_TEST(DecryptAt(LastSessionKeys(talk.pair()).enc_c2s, 0, talk.last()) == "hello");
}

// A connection that fell back stays in clear: its SYN, sent again, makes no offer that nobody could take up.
BOOST_AUTO_TEST_CASE(ReadmeSynSentAgainAfterTheFallBack) {
  Hosts hosts = Conversation::Both(Dialect::kReadme);
  hosts.server_speaks = false;
  Conversation talk(hosts);
  const OwnedSegment syn = talk.NextSyn();
  talk.Send(Side::kClient, syn);
  talk.SynAck();
  talk.Resend(Side::kClient, syn);
  BOOST_TEST((talk.last()->options == LinuxSynOptions()));
  BOOST_TEST(talk.state(Side::kClient) == State::kDead);
}

// Section 7, out SYN in DEAD: "entry replaced by a fresh one".
// TCPS-FALL-04
BOOST_DATA_TEST_CASE(NewConnectionOnTheFlowOfOneThatFellBack, kBothDialects, dialect) {
  Hosts hosts = Conversation::Both(dialect);
  hosts.server_speaks = false;
  Conversation talk(hosts);
  talk.Syn();
  const crypto::PublicKey first = *FindTc(talk.last()->options);
  talk.SynAck();
  talk.Ack(Side::kClient);
  talk.NewConnectionOnSamePorts();
  talk.Syn();
  BOOST_REQUIRE(HasTc(talk.last()));
  BOOST_TEST((*FindTc(talk.last()->options) != first));
}

// Section 9: module on one side only: plaintext both ways; a client's SYN is stripped, a server leaves all as it is.
// TCPS-LOG-16
BOOST_DATA_TEST_CASE(OneSidedTcpsFallsBack, kBothDialects* boost::unit_test::data::make({Side::kClient, Side::kServer}),
                     dialect, speaker) {
  Hosts hosts = Conversation::Both(dialect);
  hosts.client_speaks = speaker == Side::kClient;
  hosts.server_speaks = speaker == Side::kServer;
  Conversation talk(hosts);
  BOOST_TEST(HasTc(talk.Syn().at(0)) == hosts.client_speaks);
  const OwnedSegment answer = talk.SynAck().at(0);
  BOOST_TEST((answer->options == LinuxSynOptions()));
  talk.Ack(Side::kClient);
  BOOST_TEST(talk.last()->options.empty());
  BOOST_TEST(talk.Data(Side::kClient, "in clear").at(0).PayloadText() == "in clear");
  BOOST_TEST(talk.last().PayloadText() == "in clear");
  BOOST_TEST(talk.Data(Side::kServer, "as well").at(0).PayloadText() == "as well");
  BOOST_TEST(talk.last().PayloadText() == "as well");
  BOOST_TEST(talk.Count(speaker, EventKind::kFellBack) == 1U);
  BOOST_TEST(talk.state(speaker) == (speaker == Side::kClient ? State::kDead : State::kNone));
  BOOST_TEST(talk.pair().key_log().empty());
}

// TCPS-LOG-09
BOOST_DATA_TEST_CASE(EnforcingServerDropsEverySynWithoutTc, kBothDialects, dialect) {
  Hosts hosts = Conversation::Both(dialect, kEnforce);
  hosts.client_speaks = false;
  Conversation talk(hosts);
  const OwnedSegment syn = talk.NextSyn();
  BOOST_TEST(talk.Send(Side::kClient, syn).empty());
  BOOST_TEST(talk.Resend(Side::kClient, syn).empty());
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kDowngradeRefused) == 2U);
  // Wire section 7: the TCP client comes first in both hosts' logs.
  BOOST_TEST(ToString(talk.pair().events(Side::kServer).back().flow) == "10.0.0.1:40001 <-> 10.0.0.2:80");
  BOOST_TEST(talk.tcps(Side::kServer).connections() == 0U);
  BOOST_TEST(talk.sent() == 2U);  // no answer of any kind
}

// TCPS-LOG-09
BOOST_AUTO_TEST_CASE(R03_ReadmeClientRefusesEverySynAckWithoutTcAndWaitsOn) {
  Conversation talk(Conversation::Both(Dialect::kReadme, kEnforce));
  talk.Syn();
  const crypto::PublicKey offered = *FindTc(talk.last()->options);
  talk.pair().SetPath([](Side from, OwnedSegment& segment) {
    if (from == Side::kServer) segment->options = LinuxSynOptions();
    return true;
  });
  const OwnedSegment syn_ack = talk.NextSynAck();
  for (std::size_t i = 1; i <= 3; ++i) {
    BOOST_TEST(talk.Resend(Side::kServer, syn_ack).empty());
    BOOST_TEST(talk.Count(Side::kClient, EventKind::kDowngradeRefused) == i);
    BOOST_TEST(talk.state(Side::kClient) == State::kSynSent);
  }
  talk.pair().SetPath({});
  --talk.client_next;
  talk.Syn();
  BOOST_TEST((*FindTc(talk.last()->options) == offered));
  talk.SynAck();
  talk.Ack(Side::kClient);
  BOOST_TEST(talk.state(Side::kClient) == State::kEncrypted);
  BOOST_TEST(talk.Data(Side::kClient, "hello").at(0).PayloadText() == "hello");
}

// Section 9: "first SYN-ACK dropped, entry DEAD; the server's retransmitted SYN-ACK is ACCEPTED, … in plaintext".
BOOST_AUTO_TEST_CASE(R03_LkmClientRefusesOnlyTheFirstBareSynAck) {
  Hosts hosts = Conversation::Both(Dialect::kLkm, kEnforce);
  hosts.server_speaks = false;
  Conversation talk(hosts);
  talk.Syn();
  const OwnedSegment syn_ack = talk.NextSynAck();
  BOOST_TEST(talk.Resend(Side::kServer, syn_ack).empty());
  BOOST_TEST(talk.state(Side::kClient) == State::kDead);
  BOOST_TEST(talk.Send(Side::kServer, syn_ack).size() == 1U);
  talk.Ack(Side::kClient);
  BOOST_TEST(talk.Data(Side::kClient, "in clear").at(0).PayloadText() == "in clear");
}

BOOST_AUTO_TEST_CASE(R04_ReadmeRetransmittedSynAckCarriesTheSameTc) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  talk.Syn();
  talk.pair().SetPath([](Side, OwnedSegment&) { return false; });
  const OwnedSegment syn_ack = talk.NextSynAck();
  talk.Resend(Side::kServer, syn_ack);
  const OwnedSegment first = talk.last();
  talk.pair().SetPath({});
  talk.Send(Side::kServer, syn_ack);
  BOOST_TEST(HasTc(first));
  BOOST_TEST((talk.last()->options == first->options));
  talk.Ack(Side::kClient);
  BOOST_TEST(talk.Data(Side::kClient, "hello").at(0).PayloadText() == "hello");
  BOOST_TEST(talk.Data(Side::kServer, "hi").at(0).PayloadText() == "hi");
  BOOST_TEST(CountLines(talk.pair(), "TCPS_EPHEMERAL_SECRET ") == 2U);  // one for each host: derived once
}

// Section 9: "client DEAD/plaintext, server E: server drops all client data, dead connection".
BOOST_AUTO_TEST_CASE(R04_LkmRetransmittedSynAckLeavesAsItIs) {
  Conversation talk(Conversation::Both(Dialect::kLkm));
  talk.Syn();
  talk.pair().SetPath([](Side, OwnedSegment&) { return false; });
  const OwnedSegment syn_ack = talk.NextSynAck();
  talk.Resend(Side::kServer, syn_ack);
  talk.pair().SetPath({});
  talk.Send(Side::kServer, syn_ack);
  BOOST_TEST((talk.last()->options == LinuxSynOptions()));
  BOOST_TEST(talk.state(Side::kClient) == State::kDead);
  BOOST_TEST(talk.state(Side::kServer) == State::kEncrypted);
  talk.Ack(Side::kClient);
  BOOST_TEST(talk.Data(Side::kClient, "in clear").empty());
  BOOST_TEST(talk.last().PayloadText() == "in clear");
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kTagMissing) == 1U);
}

// TCPS-SYN-01
BOOST_AUTO_TEST_CASE(R14_ReadmeRemovesTheSynPayload) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  OwnedSegment syn = talk.NextSyn();
  syn.SetPayload("early data");
  BOOST_TEST(talk.Resend(Side::kClient, syn).at(0).PayloadText().empty());
  BOOST_TEST(talk.last().PayloadText().empty());
  talk.client_next = syn->sequence + 1;
  talk.server_acknowledges = syn->sequence + 1;
  OwnedSegment syn_ack = talk.NextSynAck();
  syn_ack.SetPayload("early answer");
  BOOST_TEST(talk.Resend(Side::kServer, syn_ack).at(0).PayloadText().empty());
  BOOST_TEST(talk.last().PayloadText().empty());

  // "TCP sends it again after the handshake": at the first position of the stream.
  talk.server_next = syn_ack->sequence + 1;
  talk.client_acknowledges = talk.server_next;
  talk.Ack(Side::kClient);
  BOOST_TEST(talk.Data(Side::kClient, "early data").at(0).PayloadText() == "early data");
  BOOST_TEST(DecryptAt(LastSessionKeys(talk.pair()).enc_c2s, 0, talk.last()) == "early data");
}

BOOST_AUTO_TEST_CASE(R14_ReadmeTakesNoPayloadFromASynEither) {
  Hosts hosts = Conversation::Both(Dialect::kReadme);
  hosts.client_speaks = false;
  Conversation talk(hosts);
  OwnedSegment syn = talk.Next(Side::kClient, wire::kSyn, "in clear");
  syn->options = MakeSynOptions({}, crypto::PublicKey{std::byte{9}});
  BOOST_TEST(talk.Send(Side::kClient, syn).at(0)->payload.empty());
}

// Section 2.1: "8 bytes of data after a 24-byte header came out as zeros". "When the header length happens not to
// change, payload stays, in clear."
// TCPS-SYN-03, TCPS-SYN-04
BOOST_AUTO_TEST_CASE(R14_LkmGrowsTheHeaderOverTheSynPayload) {
  Conversation talk(Conversation::Both(Dialect::kLkm));
  OwnedSegment syn = talk.Next(Side::kClient, wire::kSyn, "12345678");
  syn->options = Options({2, 4, 5, 0xb4});
  talk.Send(Side::kClient, syn);
  BOOST_TEST(talk.last().PayloadText() == std::string(8, '\0'));

  talk.NewConnection();
  syn = talk.Next(Side::kClient, wire::kSyn, "12345678");
  syn->options = MakeSynOptions(Options({2, 4, 5, 0xb4}), crypto::PublicKey{});  // 40 bytes, as after the change
  talk.Send(Side::kClient, syn);
  BOOST_TEST(talk.last().PayloadText() == "12345678");
}

BOOST_AUTO_TEST_CASE(R24_ReadmeIgnoresASynAckForAnotherSyn) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  talk.Syn();
  OwnedSegment forged = talk.NextSynAck();
  forged->acknowledgement += 1;
  forged->options = MakeSynOptions({}, crypto::PublicKey{std::byte{9}});
  BOOST_TEST(talk.Forge(Side::kClient, forged).size() == 1U);  // TCP refuses it
  BOOST_TEST(talk.state(Side::kClient) == State::kSynSent);
  forged->options.clear();
  BOOST_TEST(talk.Forge(Side::kClient, forged).size() == 1U);
  BOOST_TEST(talk.state(Side::kClient) == State::kSynSent);
  BOOST_TEST(talk.pair().events(Side::kClient).empty());
  talk.SynAck();
  talk.Ack(Side::kClient);
  BOOST_TEST(talk.Data(Side::kClient, "hello").at(0).PayloadText() == "hello");
}

BOOST_AUTO_TEST_CASE(R24_LkmTakesASynAckForAnotherSyn) {
  Conversation talk(Conversation::Both(Dialect::kLkm));
  talk.Syn();
  OwnedSegment forged = talk.NextSynAck();
  forged->acknowledgement += 1;
  forged->options = MakeSynOptions({}, crypto::PublicKey{std::byte{9}});
  BOOST_TEST(talk.Forge(Side::kClient, forged).size() == 1U);
  BOOST_TEST(talk.state(Side::kClient) == State::kEncrypted);
}

}  // namespace tcpslab::tcps::test
