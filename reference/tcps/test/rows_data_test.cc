// Data, FIN and RST of a protected connection: TM (spec tcps-wire.md, sections 2.2, 4 and 5) and rows R1, R5, R13, R15,
// R17 and R18 of tcps-dialects.md.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "reference/tcps/test/key_log_reader.h"

namespace tcpslab::tcps::test {
namespace {

const auto kBothDialects = boost::unit_test::data::make({Dialect::kReadme, Dialect::kLkm});

OwnedSegment WithNops(OwnedSegment segment, std::size_t nops) {
  const std::vector<std::byte> area(nops, std::byte{wire::kNoOperation});
  segment->options = *wire::OptionArea::FromBytes(area);
  return segment;
}

// Timestamps and one SACK block, as Linux lays them out: 24 bytes.
wire::OptionArea TimestampsAndSack() {
  return Options({1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 8, 1, 1, 5, 10, 0, 0, 1, 0, 0, 0, 2, 0});
}

}  // namespace

// R1 and section 5: the tag covers position, flags and ciphertext, in the dialect's arithmetic.
BOOST_DATA_TEST_CASE(R01_TagArithmetic, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.Handshake();
  const SessionKeys keys = LastSessionKeys(talk.pair());
  std::uint64_t position = 0;
  for (const std::size_t size : {1U, 15U, 16U, 17U, 100U}) {
    talk.Data(Side::kClient, std::string(size, 'x'));
    const OwnedSegment sent = talk.last();
    const crypto::Tag standard = StandardTag(keys.mac_c2s, position, sent);
    const crypto::Tag lkm = LkmTag(keys.mac_c2s, position, sent);
    BOOST_REQUIRE(FindTm(sent->options).has_value());
    BOOST_TEST((*FindTm(sent->options) == (dialect == Dialect::kReadme ? standard : lkm)));
    BOOST_TEST((standard != lkm));
    BOOST_TEST(DecryptAt(keys.enc_c2s, position, sent) == std::string(size, 'x'));
    position += size;
  }
  talk.Fin(Side::kServer);  // no payload: two blocks; its own offset; the other direction's keys
  const crypto::Tag expected =
      dialect == Dialect::kReadme ? StandardTag(keys.mac_s2c, 0, talk.last()) : LkmTag(keys.mac_s2c, 0, talk.last());
  BOOST_TEST((FindTm(talk.last()->options) == expected));
}

BOOST_AUTO_TEST_CASE(R01_TheDialectsDoNotVerifyEachOthersTags) {
  Hosts hosts = Conversation::Both(Dialect::kReadme);
  hosts.server.dialect = Dialect::kLkm;
  Conversation talk(hosts);
  talk.Handshake();
  BOOST_TEST(talk.Data(Side::kClient, "hello").empty());
  BOOST_TEST(talk.Data(Side::kServer, "hello").empty());
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kTagInvalid) == 1U);
  BOOST_TEST(talk.Count(Side::kClient, EventKind::kTagInvalid) == 1U);
}

BOOST_DATA_TEST_CASE(TmStandsOnDataAndFinOnly, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.HandshakeAndAck();
  OwnedSegment data = talk.Next(Side::kClient, wire::kPsh | wire::kAck, "hello");
  data->options = Options({1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 8});
  BOOST_TEST(talk.Send(Side::kClient, data).at(0).PayloadText() == "hello");
  // Section 2.2: directly after the existing bytes, no padding.
  BOOST_TEST(talk.last()->options.size() == 12 + kTmSize);
  BOOST_TEST(HasTm(talk.last()));
  BOOST_TEST((std::ranges::equal(talk.last()->options.bytes().first(12), data->options.bytes())));
  BOOST_TEST(talk.last().PayloadText().size() == 5U);  // the length stays

  talk.Ack(Side::kServer);
  talk.Ack(Side::kServer);
  BOOST_TEST(talk.last()->options.empty());
  talk.Fin(Side::kClient);
  BOOST_TEST(HasTm(talk.last()));
  talk.Reset(Side::kServer);
  BOOST_TEST(talk.last()->options.empty());
  BOOST_TEST(talk.tcps(Side::kClient).Overhead() == 20U);
}

// Each change of what the tag covers makes it invalid; nothing answers, and the connection goes on.
// TCPS-LOG-19
BOOST_DATA_TEST_CASE(EditedSegmentsAreDropped, kBothDialects* boost::unit_test::data::make({0, 1, 2, 3, 4}), dialect,
                     edit) {
  Conversation talk(Conversation::Both(dialect));
  talk.HandshakeAndAck();
  talk.pair().SetPath([edit](Side, OwnedSegment& segment) {
    switch (edit) {
      case 0:
        segment->payload[0] ^= std::byte{1};
        break;
      case 1:
        segment->flags ^= wire::kPsh;
        break;
      case 2:
        segment->flags |= wire::kFin;
        break;
      case 3:
        segment->sequence += 1;
        break;
      default:
        segment->payload = segment->payload.first(segment->payload.size() - 1);
    }
    return true;
  });
  const OwnedSegment data = talk.Next(Side::kClient, wire::kPsh | wire::kAck, "hello");
  const std::size_t before = talk.sent();
  BOOST_TEST(talk.Resend(Side::kClient, data).empty());
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kTagInvalid) == 1U);
  BOOST_TEST(talk.sent() == before + 1);
  talk.pair().SetPath({});
  BOOST_TEST(talk.Send(Side::kClient, data).at(0).PayloadText() == "hello");
}

// Section 5: "Nothing else of the header is covered (not ack, window, urgent pointer, options, ports, addresses)."
BOOST_DATA_TEST_CASE(AcknowledgementAndWindowAreNotCovered, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.HandshakeAndAck();
  talk.pair().SetPath([](Side, OwnedSegment& segment) {
    segment->acknowledgement += 5;
    segment->window = 1;
    segment->urgent_pointer = 9;
    return true;
  });
  const auto got = talk.Data(Side::kClient, "hello");
  BOOST_TEST(got.at(0).PayloadText() == "hello");
  BOOST_TEST(got.at(0)->window == 1U);
}

// TCPS-LOG-19
BOOST_DATA_TEST_CASE(DataAndFinWithoutTagAreDropped, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.HandshakeAndAck();
  BOOST_TEST(talk.Forge(Side::kServer, talk.Next(Side::kClient, wire::kPsh | wire::kAck, "forged")).empty());
  BOOST_TEST(talk.Forge(Side::kServer, talk.Next(Side::kClient, wire::kFin | wire::kAck)).empty());
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kTagMissing) == 2U);
  BOOST_TEST(talk.Data(Side::kClient, "genuine").at(0).PayloadText() == "genuine");
}

// Section 5.3: the keystream depends on the position only, so other boundaries give the same ciphertext bytes.
BOOST_DATA_TEST_CASE(RetransmissionWithOtherBoundariesAndFlags, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.HandshakeAndAck();
  talk.pair().SetPath([](Side, OwnedSegment&) { return false; });
  const OwnedSegment first = talk.Next(Side::kClient, wire::kAck, "abcd");
  talk.Send(Side::kClient, first);
  const OwnedSegment second = talk.Next(Side::kClient, wire::kPsh | wire::kAck, "efgh");
  talk.Send(Side::kClient, second);
  const std::string ciphertext = talk.pair().wire()[talk.sent() - 2].second.PayloadText() +
                                 talk.pair().wire()[talk.sent() - 1].second.PayloadText();
  talk.pair().SetPath({});

  OwnedSegment whole = first;
  whole->flags = wire::kPsh | wire::kAck | wire::kFin;
  whole.SetPayload("abcdefgh");
  BOOST_TEST(talk.Resend(Side::kClient, whole).at(0).PayloadText() == "abcdefgh");
  BOOST_TEST(talk.last().PayloadText() == ciphertext);
  OwnedSegment tail = first;
  tail->sequence += 2;
  tail.SetPayload("cde");
  BOOST_TEST(talk.Resend(Side::kClient, tail).at(0).PayloadText() == "cde");
  BOOST_TEST(talk.last().PayloadText() == ciphertext.substr(2, 3));
}

BOOST_AUTO_TEST_CASE(R05_ReadmeStaysProtectedAfterBothFins) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  talk.HandshakeAndAck();
  talk.Data(Side::kServer, "lost data");
  OwnedSegment data = talk.Next(Side::kServer, wire::kPsh | wire::kAck, "again");
  talk.Send(Side::kServer, data);
  talk.Fin(Side::kClient);
  const OwnedSegment fin = talk.Next(Side::kServer, wire::kFin | wire::kAck);
  talk.Send(Side::kServer, fin);
  for (const Side side : {Side::kClient, Side::kServer}) BOOST_TEST(talk.state(side) == State::kAuthenticated);

  BOOST_TEST(talk.Resend(Side::kServer, data).at(0).PayloadText() == "again");
  BOOST_TEST(HasTm(talk.last()));
  BOOST_TEST(talk.last().PayloadText() != "again");
  BOOST_TEST(talk.Resend(Side::kServer, fin).size() == 1U);
  BOOST_TEST(HasTm(talk.last()));
  // "FIN without MAC is also a drop", as is data.
  BOOST_TEST(talk.Forge(Side::kClient, fin).empty());
  BOOST_TEST(talk.Forge(Side::kClient, data).empty());
}

// Section 9: "retransmitted IN PLAINTEXT, and accepted (peer is DEAD too)".
BOOST_AUTO_TEST_CASE(R05_LkmIsInClearAfterBothFins) {
  Conversation talk(Conversation::Both(Dialect::kLkm));
  talk.HandshakeAndAck();
  const OwnedSegment data = talk.Next(Side::kServer, wire::kPsh | wire::kAck, "again");
  talk.Send(Side::kServer, data);
  talk.Fin(Side::kClient);
  talk.Fin(Side::kServer);
  for (const Side side : {Side::kClient, Side::kServer}) BOOST_TEST(talk.state(side) == State::kDead);
  BOOST_TEST(talk.Resend(Side::kServer, data).at(0).PayloadText() == "again");
  BOOST_TEST(talk.last().PayloadText() == "again");
  BOOST_TEST(!HasTm(talk.last()));
}

// Section 9: "lost FIN of the second closer: … retransmitted FIN has no TM; peer drops it until timeout".
BOOST_AUTO_TEST_CASE(R05_LkmSecondCloserCannotRepeatItsFin) {
  Conversation talk(Conversation::Both(Dialect::kLkm));
  talk.HandshakeAndAck();
  talk.Fin(Side::kClient);
  talk.pair().SetPath([](Side, OwnedSegment&) { return false; });
  const OwnedSegment fin = talk.Next(Side::kServer, wire::kFin | wire::kAck);
  talk.Resend(Side::kServer, fin);
  BOOST_TEST(HasTm(talk.last()));
  talk.pair().SetPath({});
  BOOST_TEST(talk.Resend(Side::kServer, fin).empty());
  BOOST_TEST(!HasTm(talk.last()));
  BOOST_TEST(talk.Count(Side::kClient, EventKind::kTagMissing) == 1U);
}

BOOST_DATA_TEST_CASE(R13_WhatCameInIpFragments, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.HandshakeAndAck();
  const std::size_t reaches_tcp = dialect == Dialect::kLkm ? 1 : 0;
  OwnedSegment data = talk.Next(Side::kClient, wire::kPsh | wire::kAck, "forged");
  data->reassembled = true;
  BOOST_TEST(talk.Forge(Side::kServer, data).size() == reaches_tcp);
  OwnedSegment reset = talk.Next(Side::kClient, wire::kRst | wire::kAck);
  reset->reassembled = true;
  BOOST_TEST(talk.Forge(Side::kServer, reset).size() == reaches_tcp);
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kTagMissing) == 1 - reaches_tcp);
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kResetIgnored) == 1 - reaches_tcp);
}

// A genuine segment that the path fragmented: readme reads it; lkm hands its ciphertext to TCP.
BOOST_DATA_TEST_CASE(R13_GenuineDataInIpFragments, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.HandshakeAndAck();
  talk.pair().SetPath([](Side, OwnedSegment& segment) {
    segment->reassembled = true;
    return true;
  });
  const std::string got = talk.Data(Side::kClient, "genuine").at(0).PayloadText();
  BOOST_TEST(got == (dialect == Dialect::kReadme ? "genuine" : talk.last().PayloadText()));
}

// Section 2.2: "20 bytes of NOPs + TM passes, 24 drops".
// TCPS-OPT-12, TCPS-OPT-14, TCPS-OPT-15, TCPS-LOG-15
BOOST_DATA_TEST_CASE(R15_RoomForTm, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.HandshakeAndAck();
  const OwnedSegment data = talk.Next(Side::kClient, wire::kPsh | wire::kAck, "hello");
  const std::size_t before = talk.sent();
  BOOST_TEST(talk.Resend(Side::kClient, WithNops(data, 24)).empty());
  BOOST_TEST(talk.sent() == before);
  BOOST_TEST(talk.Count(Side::kClient, EventKind::kNoRoom) == 1U);
  BOOST_TEST(talk.Resend(Side::kClient, WithNops(data, 20)).at(0).PayloadText() == "hello");
  BOOST_TEST(talk.last()->options.size() == 40U);
}

// TCPS-OPT-13, TCPS-OPT-15
BOOST_DATA_TEST_CASE(R15_SackBlocksGiveWay, kBothDialects, dialect) {
  Conversation talk(Conversation::Both(dialect));
  talk.HandshakeAndAck();
  OwnedSegment data = talk.Next(Side::kClient, wire::kPsh | wire::kAck, "hello");
  data->options = TimestampsAndSack();
  const auto got = talk.Send(Side::kClient, data);
  BOOST_TEST(talk.Count(Side::kClient, EventKind::kNoRoom) == (dialect == Dialect::kLkm ? 1U : 0U));
  if (dialect == Dialect::kLkm) {
    BOOST_TEST(got.empty());
    return;
  }
  BOOST_TEST(got.at(0).PayloadText() == "hello");
  BOOST_TEST(talk.last()->options.Find(wire::kTimestamps).has_value());
  BOOST_TEST(!talk.last()->options.Find(wire::kSack).has_value());
  BOOST_TEST(talk.last()->options.size() <= 40U);
}

// TCPS-LOOP-01, TCPS-LOOP-02
BOOST_DATA_TEST_CASE(R17_TrafficOfAHostWithItself,
                     kBothDialects* boost::unit_test::data::make({"10.0.0.1 10.0.0.1", "127.0.0.1 127.0.0.1",
                                                                  "127.0.0.1 127.0.0.2", "10.0.0.1 127.0.0.1"}),
                     dialect, addresses) {
  Conversation talk(Conversation::Both(dialect, {.enforce = true}));
  const std::string both = addresses;
  talk.client_end.address = *wire::ParseAddress(both.substr(0, both.find(' ')));
  talk.server_end.address = *wire::ParseAddress(both.substr(both.find(' ') + 1));
  Tcps& host = talk.tcps(Side::kClient);  // both ends are on this host
  const auto crosses = [&](OwnedSegment segment) {
    return host.Outbound(*segment, talk.pair().now()) == stack::Verdict::kPass &&
           host.Inbound(*segment, talk.pair().now()) == stack::Verdict::kPass;
  };
  OwnedSegment syn = talk.NextSyn();
  BOOST_TEST((host.Outbound(*syn, talk.pair().now()) == stack::Verdict::kPass));
  BOOST_TEST(HasTc(syn) == (dialect == Dialect::kLkm));
  BOOST_TEST((host.Inbound(*syn, talk.pair().now()) == stack::Verdict::kPass));
  // Section 9, loopback: "enforce=1: connection attempts break (SYN-ACK dropped …)".
  BOOST_TEST(crosses(talk.NextSynAck()) == (dialect == Dialect::kReadme));
  if (dialect == Dialect::kLkm) return;
  BOOST_TEST(crosses(talk.Next(Side::kClient, wire::kPsh | wire::kAck, "hello")));
  BOOST_TEST(crosses(talk.Next(Side::kServer, wire::kRst | wire::kAck)));
  BOOST_TEST(host.connections() == 0U);
  BOOST_TEST(talk.pair().events(Side::kClient).empty());
}

BOOST_AUTO_TEST_CASE(R18_ReadmeProtectsIpv6) {
  Hosts hosts = Conversation::Both(Dialect::kReadme);
  hosts.family = wire::Family::kIpv6;
  Conversation talk(hosts);
  talk.HandshakeAndAck();
  BOOST_TEST(talk.Data(Side::kClient, "hello").at(0).PayloadText() == "hello");
  BOOST_TEST(HasTm(talk.last()));
  BOOST_TEST(talk.last().PayloadText() != "hello");
  BOOST_TEST(talk.state(Side::kClient) == State::kAuthenticated);
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
  BOOST_TEST((talk.tcps(Side::kClient).PeerIdentity(talk.server_end.address) == talk.tcps(Side::kServer).identity()));
  BOOST_TEST(!talk.tcps(Side::kClient).PeerIdentity(*wire::ParseAddress("10.0.0.2")).has_value());
}

BOOST_DATA_TEST_CASE(R18_LkmLeavesIpv6Alone, boost::unit_test::data::make({false, true}), enforce) {
  Hosts hosts = Conversation::Both(Dialect::kLkm, {.enforce = enforce});
  hosts.family = wire::Family::kIpv6;
  Conversation talk(hosts);
  talk.HandshakeAndAck();
  BOOST_TEST((talk.pair().wire()[0].second->options == LinuxSynOptions()));
  BOOST_TEST(talk.Data(Side::kClient, "hello").at(0).PayloadText() == "hello");
  BOOST_TEST(talk.last().PayloadText() == "hello");
  BOOST_TEST(talk.tcps(Side::kClient).connections() + talk.tcps(Side::kServer).connections() == 0U);
}

}  // namespace tcpslab::tcps::test
