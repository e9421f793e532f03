// Offers that are not as they should be: rows R16 (crossing), R19 (cut off) and R23 (low order) of tcps-dialects.md.
#include <array>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "reference/tcps/hex.h"
#include "reference/tcps/test/key_log_reader.h"

namespace tcpslab::tcps::test {
namespace {

constexpr stack::Policy kEnforce{.enforce = true};

// Both SYNs are on the wire before either arrives.
struct Crossing {
  explicit Crossing(Dialect dialect, stack::Policy policy) : talk(Conversation::Both(dialect, policy)) {
    talk.pair().SetPath([](Side, OwnedSegment&) { return false; });
    talk.Syn(Side::kClient);
    client_syn = talk.last();
    talk.Syn(Side::kServer);
    server_syn = talk.last();
    talk.pair().SetPath({});
    talk.client_acknowledges = talk.server_next;
    talk.server_acknowledges = talk.client_next;
  }
  // The SYN-ACK with which TCP answers a SYN while its own is out repeats its own sequence number.
  OwnedSegment SynAckOf(Side from) {
    OwnedSegment segment = talk.NextSynAck(from);
    --segment->sequence;
    return segment;
  }
  Conversation talk;
  OwnedSegment client_syn;
  OwnedSegment server_syn;
};

// 8 NOPs and a TC of which 28 of the 32 key bytes fit into the header; the next bytes of the packet are its payload.
OwnedSegment CutOffSyn(const Conversation& talk) {
  OwnedSegment syn = talk.Next(Side::kClient, wire::kSyn, std::string("\x71\x72\x73\x74\x75", 5));
  syn->options = Options({1,    1,    1,    1,    1,    1,    1,    1,    253,  36,   'T',  'C',  0x50, 0x51,
                          0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x5b, 0x5c, 0x5d, 0x5e, 0x5f,
                          0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b});
  return syn;
}

// Points of small order of Curve25519 (RFC 7748, section 6.1, and the cofactor 8): 0, 1, two of order 8, p-1, p, p+1,
// and one with the ignored highest bit set.
const std::vector<std::string> kLowOrderKeys = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0100000000000000000000000000000000000000000000000000000000000080",
};

wire::OptionArea Offer(const std::string& hex) {
  crypto::PublicKey key{};
  std::string raw;
  boost::algorithm::unhex(hex, std::back_inserter(raw));
  std::ranges::copy(std::as_bytes(std::span(raw)), key.begin());
  return MakeSynOptions({}, key);
}

}  // namespace

// TCPS-LOG-16
BOOST_AUTO_TEST_CASE(R16_ReadmeSimultaneousOpenFallsBack) {
  Crossing crossing(Dialect::kReadme, {});
  Conversation& talk = crossing.talk;
  BOOST_TEST(talk.Forge(Side::kServer, crossing.client_syn).size() == 1U);
  BOOST_TEST(talk.Forge(Side::kClient, crossing.server_syn).size() == 1U);
  for (const Side side : {Side::kClient, Side::kServer}) {
    BOOST_TEST(talk.state(side) == State::kDead);
    BOOST_TEST(talk.Count(side, EventKind::kFellBack) == 1U);
    BOOST_TEST(talk.Resend(side, crossing.SynAckOf(side)).size() == 1U);
    BOOST_TEST((talk.last()->options == LinuxSynOptions()));
  }
  BOOST_TEST(talk.Data(Side::kClient, "in clear").at(0).PayloadText() == "in clear");
  BOOST_TEST(talk.Data(Side::kServer, "as well").at(0).PayloadText() == "as well");
  BOOST_TEST(talk.pair().key_log().empty());
}

BOOST_AUTO_TEST_CASE(R16_ReadmeSimultaneousOpenIsBlockedUnderEnforce) {
  Crossing crossing(Dialect::kReadme, kEnforce);
  Conversation& talk = crossing.talk;
  BOOST_TEST(talk.Forge(Side::kServer, crossing.client_syn).empty());
  BOOST_TEST(talk.Forge(Side::kClient, crossing.server_syn).empty());
  for (const Side side : {Side::kClient, Side::kServer}) {
    BOOST_TEST(talk.state(side) == State::kBlocked);
    BOOST_TEST(talk.Count(side, EventKind::kBlocked) == 1U);
    talk.Resend(side, crossing.SynAckOf(side));
    talk.Data(side, "in clear");
  }
  BOOST_TEST(talk.sent() == 2U);  // the two SYNs
}

// Section 9: "SYN-ACKs carry no TC, both sides DEAD, plaintext".
BOOST_AUTO_TEST_CASE(R16_LkmSimultaneousOpenDiesOnTheSynAcks) {
  Crossing crossing(Dialect::kLkm, {});
  Conversation& talk = crossing.talk;
  talk.Forge(Side::kServer, crossing.client_syn);
  talk.Forge(Side::kClient, crossing.server_syn);
  BOOST_TEST(talk.state(Side::kClient) == State::kSynSent);
  for (const Side side : {Side::kClient, Side::kServer}) {
    BOOST_TEST(talk.Resend(side, crossing.SynAckOf(side)).size() == 1U);
    BOOST_TEST((talk.last()->options == LinuxSynOptions()));
    BOOST_TEST(talk.state(stack::Opposite(side)) == State::kDead);
  }
  BOOST_TEST(talk.Data(Side::kClient, "in clear").at(0).PayloadText() == "in clear");
}

BOOST_AUTO_TEST_CASE(R16_LkmSimultaneousOpenUnderEnforceIsInClearAllTheSame) {
  Crossing crossing(Dialect::kLkm, kEnforce);
  Conversation& talk = crossing.talk;
  talk.Forge(Side::kServer, crossing.client_syn);
  talk.Forge(Side::kClient, crossing.server_syn);
  BOOST_TEST(talk.Resend(Side::kClient, crossing.SynAckOf(Side::kClient)).empty());
  BOOST_TEST(talk.Resend(Side::kClient, crossing.SynAckOf(Side::kClient)).size() == 1U);
  BOOST_TEST(talk.Data(Side::kServer, "in clear").at(0).PayloadText() == "in clear");
}

// Not an offer but a bare SYN crosses ours.
BOOST_AUTO_TEST_CASE(R16_ReadmeBareSynThatCrossesIsRefusedUnderEnforce) {
  Conversation talk(Conversation::Both(Dialect::kReadme, kEnforce));
  talk.Syn();
  BOOST_TEST(talk.Forge(Side::kClient, talk.NextSyn(Side::kServer)).empty());
  BOOST_TEST(talk.Count(Side::kClient, EventKind::kDowngradeRefused) == 1U);
  talk.SynAck();
  BOOST_TEST(talk.state(Side::kClient) == State::kEncrypted);
}

// TCPS-LOG-17
BOOST_AUTO_TEST_CASE(R19_ReadmeIgnoresAnOfferThatTheHeaderCutsOff) {
  Hosts hosts = Conversation::Both(Dialect::kReadme);
  hosts.client_speaks = false;
  Conversation talk(hosts);
  BOOST_TEST(talk.Send(Side::kClient, CutOffSyn(talk)).size() == 1U);
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kMalformedOption) == 1U);
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kFellBack) == 1U);
  BOOST_TEST(talk.state(Side::kServer) == State::kNone);
}

BOOST_AUTO_TEST_CASE(R19_ReadmeRefusesACutOffOfferUnderEnforce) {
  Hosts hosts = Conversation::Both(Dialect::kReadme, kEnforce);
  hosts.client_speaks = false;
  Conversation talk(hosts);
  BOOST_TEST(talk.Send(Side::kClient, CutOffSyn(talk)).empty());
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kDowngradeRefused) == 1U);
}

// TCPS-OPT-10
BOOST_AUTO_TEST_CASE(R19_LkmReadsOnBehindTheHeader) {
  Hosts hosts = Conversation::Both(Dialect::kLkm);
  hosts.client_speaks = false;
  Conversation talk(hosts);
  talk.Send(Side::kClient, CutOffSyn(talk));
  BOOST_TEST(talk.state(Side::kServer) == State::kSynReceived);
  talk.SynAck();
  BOOST_TEST(HasTc(talk.last()));
  BOOST_REQUIRE_EQUAL(CountLines(talk.pair(), "TCPS_EPHEMERAL_SECRET "), 1U);
  // 28 bytes from the header and 4 from the payload.
  const std::string key = "505152535455565758595a5b5c5d5e5f606162636465666768696a6b71727374";
  BOOST_TEST(talk.pair().key_log()[0].starts_with("TCPS_EPHEMERAL_SECRET " + key + " "));
}

// TCPS-LOG-18
BOOST_DATA_TEST_CASE(R23_ReadmeServerTakesALowOrderOfferForNone,
                     boost::unit_test::data::make(kLowOrderKeys) * boost::unit_test::data::make({false, true}), key,
                     enforce) {
  Hosts hosts = Conversation::Both(Dialect::kReadme, {.enforce = enforce});
  hosts.client_speaks = false;
  Conversation talk(hosts);
  OwnedSegment syn = talk.Next(Side::kClient, wire::kSyn);
  syn->options = Offer(key);
  BOOST_TEST(talk.Send(Side::kClient, syn).empty() == enforce);
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kLowOrderKey) == 1U);
  BOOST_TEST(talk.Count(Side::kServer, enforce ? EventKind::kDowngradeRefused : EventKind::kFellBack) == 1U);
  BOOST_TEST(talk.state(Side::kServer) == State::kNone);
}

// TCPS-LOG-18
BOOST_DATA_TEST_CASE(R23_ReadmeClientTakesALowOrderAnswerForNone, boost::unit_test::data::make({false, true}),
                     enforce) {
  Hosts hosts = Conversation::Both(Dialect::kReadme, {.enforce = enforce});
  hosts.server_speaks = false;
  Conversation talk(hosts);
  talk.Syn();
  OwnedSegment syn_ack = talk.NextSynAck();
  syn_ack->options = Offer(kLowOrderKeys[0]);
  BOOST_TEST(talk.Send(Side::kServer, syn_ack).empty() == enforce);
  BOOST_TEST(talk.Count(Side::kClient, EventKind::kLowOrderKey) == 1U);
  BOOST_TEST(talk.state(Side::kClient) == (enforce ? State::kSynSent : State::kDead));
}

// Wire sections 3 and 7: all-zero result: entry DEAD, in clear, whatever `enforce` says.
BOOST_DATA_TEST_CASE(R23_LkmServerDiesOnALowOrderOffer, boost::unit_test::data::make(kLowOrderKeys), key) {
  Hosts hosts = Conversation::Both(Dialect::kLkm, kEnforce);
  hosts.client_speaks = false;
  Conversation talk(hosts);
  OwnedSegment syn = talk.Next(Side::kClient, wire::kSyn);
  syn->options = Offer(key);
  talk.Send(Side::kClient, syn);
  BOOST_TEST(talk.state(Side::kServer) == State::kSynReceived);
  talk.SynAck();
  BOOST_TEST(talk.state(Side::kServer) == State::kDead);
  BOOST_TEST(talk.Data(Side::kServer, "in clear").at(0).PayloadText() == "in clear");
}

BOOST_AUTO_TEST_CASE(R23_LkmClientDiesOnALowOrderAnswer) {
  Hosts hosts = Conversation::Both(Dialect::kLkm, kEnforce);
  hosts.server_speaks = false;
  Conversation talk(hosts);
  talk.Syn();
  OwnedSegment syn_ack = talk.NextSynAck();
  syn_ack->options = Offer(kLowOrderKeys[1]);
  BOOST_TEST(talk.Send(Side::kServer, syn_ack).size() == 1U);
  BOOST_TEST(talk.state(Side::kClient) == State::kDead);
  BOOST_TEST(talk.Data(Side::kClient, "in clear").at(0).PayloadText() == "in clear");
}

}  // namespace tcpslab::tcps::test
