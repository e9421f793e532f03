// The observed verdicts of the upstream module (spec tcps-wire.md, section 9) that two hosts on the in-process pair can
// show, in dialect lkm. The cases about attacks are in wire_attacks_test.cc. Each case quotes its row.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "reference/tcps/test/conversation.h"
#include "reference/tcps/test/key_log_reader.h"

namespace tcpslab::tcps::test {
namespace {

const auto kEnforce = boost::unit_test::data::make({false, true});

struct LkmPair : Conversation {
  explicit LkmPair(const stack::Policy& policy = {}) : Conversation(Both(Dialect::kLkm, policy)) {}
};

Hosts OneSpeaks(Side speaker, bool enforce) {
  Hosts hosts = Conversation::Both(Dialect::kLkm, {.enforce = enforce});
  (speaker == Side::kClient ? hosts.server_speaks : hosts.client_speaks) = false;
  return hosts;
}

// The next segments of that side are lost, until SetPath({}).
void Lose(Conversation& talk, Side from) {
  talk.pair().SetPath([from](Side sender, OwnedSegment&) { return sender != from; });
}

// The application's bytes crossed the wire in clear and arrived.
void CheckPlaintext(Conversation& talk, Side from) {
  const auto got = talk.Data(from, "in clear");
  BOOST_TEST_REQUIRE(got.size() == 1U);
  BOOST_TEST(got[0].PayloadText() == "in clear");
  BOOST_TEST(talk.last().PayloadText() == "in clear");
  BOOST_TEST(!HasTm(talk.last()));
}

void CheckProtected(Conversation& talk, Side from) {
  const auto got = talk.Data(from, "protected");
  BOOST_TEST_REQUIRE(got.size() == 1U);
  BOOST_TEST(got[0].PayloadText() == "protected");
  BOOST_TEST(talk.last().PayloadText() != "protected");
  BOOST_TEST(HasTm(talk.last()));
}

void CheckProtectedBothWays(Conversation& talk) {
  CheckProtected(talk, Side::kClient);
  CheckProtected(talk, Side::kServer);
}

}  // namespace

// "module on client only | plaintext both; MSS-20, no SACK/WS/TS"
BOOST_AUTO_TEST_CASE(ModuleOnTheClientOnly) {
  Conversation talk(OneSpeaks(Side::kClient, false));
  const auto syn = talk.Syn();
  BOOST_TEST(syn.at(0)->options.size() == 40U);
  BOOST_TEST((std::ranges::equal(syn.at(0)->options.bytes().first(4), Options({2, 4, 0x05, 0xa0}).bytes())));
  BOOST_TEST((talk.SynAck().at(0)->options == LinuxSynOptions()));
  talk.Ack(Side::kClient);
  CheckPlaintext(talk, Side::kClient);
  CheckPlaintext(talk, Side::kServer);
}

// "server only: untouched"
BOOST_AUTO_TEST_CASE(ModuleOnTheServerOnly) {
  Conversation talk(OneSpeaks(Side::kServer, false));
  talk.Handshake();
  for (const auto& [from, segment] : talk.pair().wire()) {
    BOOST_TEST((segment->options == (segment->Has(wire::kSyn) ? LinuxSynOptions() : wire::OptionArea())));
  }
  CheckPlaintext(talk, Side::kClient);
  CheckPlaintext(talk, Side::kServer);
}

// "enforce=1 server, plain client | SYNs dropped silently"
BOOST_AUTO_TEST_CASE(EnforcingServerAndPlainClient) {
  Conversation talk(OneSpeaks(Side::kServer, true));
  for (int i = 0; i < 4; ++i) BOOST_TEST(talk.Resend(Side::kClient, talk.NextSyn()).empty());
  BOOST_TEST(talk.sent() == 4U);
  BOOST_TEST(talk.state(Side::kServer) == State::kNone);
}

// "enforce=1 client, plain server | first SYN-ACK dropped, entry DEAD; the server's retransmitted SYN-ACK … is
// ACCEPTED, connection runs in plaintext"
BOOST_AUTO_TEST_CASE(EnforcingClientAndPlainServer) {
  Conversation talk(OneSpeaks(Side::kClient, true));
  talk.Syn();
  const OwnedSegment answer = talk.NextSynAck();
  BOOST_TEST(talk.Send(Side::kServer, answer).empty());
  BOOST_TEST(talk.state(Side::kClient) == State::kDead);
  BOOST_TEST(talk.Resend(Side::kServer, answer).size() == 1U);
  talk.Ack(Side::kClient);
  CheckPlaintext(talk, Side::kClient);
  CheckPlaintext(talk, Side::kServer);
}

// "table full (also with enforce=1) | SYN leaves without TC, plaintext connection; nothing dropped"
BOOST_DATA_TEST_CASE(TableFull, kEnforce, enforce) {
  Hosts hosts = OneSpeaks(Side::kClient, enforce);
  hosts.client.policy.max_connections = 1;
  Conversation talk(hosts);
  talk.Syn();
  talk.NewConnection();
  BOOST_TEST((talk.Syn().at(0)->options == LinuxSynOptions()));
  BOOST_TEST(talk.SynAck().size() == 1U);
  BOOST_TEST(talk.Ack(Side::kClient).size() == 1U);
  CheckPlaintext(talk, Side::kClient);
  CheckPlaintext(talk, Side::kServer);
}

// "first SYN lost | retransmission carries TC with the same key; fine"
BOOST_AUTO_TEST_CASE(FirstSynLost) {
  LkmPair talk;
  const OwnedSegment syn = talk.NextSyn();
  Lose(talk, Side::kClient);
  talk.Send(Side::kClient, syn);
  const auto first = FindTc(talk.last()->options);
  talk.pair().SetPath({});
  BOOST_TEST(talk.Send(Side::kClient, syn).size() == 1U);
  BOOST_TEST(first.has_value());
  BOOST_TEST((FindTc(talk.last()->options) == first));
  talk.SynAck();
  talk.Ack(Side::kClient);
  CheckProtectedBothWays(talk);
}

// "first SYN-ACK lost | retransmission has no TC: client DEAD/plaintext, server E: server drops all client data, dead
// connection". Section 7: "a retransmitted SYN-ACK has no TC and the full MSS".
BOOST_AUTO_TEST_CASE(FirstSynAckLost) {
  LkmPair talk;
  talk.Syn();
  const OwnedSegment answer = talk.NextSynAck();
  Lose(talk, Side::kServer);
  talk.Send(Side::kServer, answer);
  BOOST_TEST(HasTc(talk.last()));
  talk.pair().SetPath({});
  BOOST_TEST((talk.Send(Side::kServer, answer).at(0)->options == LinuxSynOptions()));
  talk.Ack(Side::kClient);
  BOOST_TEST(talk.state(Side::kClient) == State::kDead);
  BOOST_TEST(talk.state(Side::kServer) == State::kEncrypted);
  for (int i = 0; i < 3; ++i) BOOST_TEST(talk.Data(Side::kClient, "request").empty());
  BOOST_TEST(talk.last().PayloadText() == "request");
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kTagMissing) == 3U);
}

// "third ACK lost or merged into data | server sends TI, client becomes A"
BOOST_DATA_TEST_CASE(ThirdAckLostOrMerged, boost::unit_test::data::make({false, true}), merged) {
  LkmPair talk;
  talk.Syn();
  talk.SynAck();
  if (!merged) {
    Lose(talk, Side::kClient);
    talk.Ack(Side::kClient);
    talk.pair().SetPath({});
  }
  CheckProtected(talk, Side::kClient);
  BOOST_TEST(HasTi(talk.Ack(Side::kServer).at(0)));
  BOOST_TEST(talk.state(Side::kClient) == State::kAuthenticated);
  BOOST_TEST(!HasTi(talk.Ack(Side::kClient).at(0)));  // so the server never learns the client's key
  BOOST_TEST(talk.state(Side::kServer) == State::kEncrypted);
  CheckProtectedBothWays(talk);
}

// Section 6: "normally only the server becomes AUTHENTICATED … and then never sends a TI itself"; "repeated on every
// pure ACK until a TI arrives".
BOOST_AUTO_TEST_CASE(OrdinarilyOnlyTheServerAuthenticates) {
  LkmPair talk;
  talk.Handshake();
  for (int i = 0; i < 20; ++i) {
    talk.Ack(Side::kClient);
    BOOST_TEST(HasTi(talk.last()));
    talk.Ack(Side::kServer);
    BOOST_TEST(!HasTi(talk.last()));
  }
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
  BOOST_TEST(talk.state(Side::kClient) == State::kEncrypted);
  BOOST_TEST(!talk.tcps(Side::kClient).PeerIdentity(talk.server_end.address).has_value());
}

// Section 6: "Both only if two TIs cross."
BOOST_AUTO_TEST_CASE(BothAuthenticateIfTwoTiCross) {
  LkmPair talk;
  talk.Syn();
  talk.SynAck();
  Lose(talk, Side::kClient);
  talk.Ack(Side::kClient);
  const OwnedSegment crossing = talk.last();
  talk.pair().SetPath({});
  talk.Ack(Side::kServer);
  BOOST_TEST(HasTi(talk.last()));
  talk.Forge(Side::kServer, crossing);
  BOOST_TEST(talk.state(Side::kClient) == State::kAuthenticated);
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
}

// "simultaneous open | SYN-ACKs carry no TC, both sides DEAD, plaintext"
BOOST_AUTO_TEST_CASE(SimultaneousOpen) {
  LkmPair talk;
  Lose(talk, Side::kClient);
  talk.Syn(Side::kClient);
  const OwnedSegment crossing = talk.last();
  talk.pair().SetPath({});
  BOOST_TEST(HasTc(talk.Syn(Side::kServer).at(0)));
  BOOST_TEST(HasTc(talk.Forge(Side::kServer, crossing).at(0)));
  for (const Side side : {Side::kClient, Side::kServer}) {
    OwnedSegment answer = talk.NextSynAck(side);
    --answer->sequence;  // that of the SYN
    BOOST_TEST((talk.Resend(side, answer).at(0)->options == LinuxSynOptions()));
  }
  BOOST_TEST(talk.state(Side::kClient) == State::kDead);
  BOOST_TEST(talk.state(Side::kServer) == State::kDead);
  CheckPlaintext(talk, Side::kClient);
  CheckPlaintext(talk, Side::kServer);
}

// "loopback | plaintext with warning (enforce=0); enforce=1: connection attempts break (SYN-ACK dropped, …)": one host
// sees every segment twice.
// TCPS-LOOP-02
BOOST_DATA_TEST_CASE(Loopback, kEnforce, enforce) {
  LkmPair talk({.enforce = enforce});
  talk.server_end.address = talk.client_end.address;
  Tcps& host = talk.tcps(Side::kClient);
  const stack::Instant now = talk.pair().now();
  const auto through = [&host, now](OwnedSegment segment) -> std::optional<OwnedSegment> {
    if (host.Outbound(*segment, now) == stack::Verdict::kDrop) return std::nullopt;
    if (host.Inbound(*segment, now) == stack::Verdict::kDrop) return std::nullopt;
    return OwnedSegment(*segment);
  };
  BOOST_TEST(through(talk.NextSyn()).has_value());
  BOOST_TEST(through(talk.NextSynAck()).has_value() == !enforce);
  BOOST_TEST(talk.state(Side::kClient) == State::kDead);
  if (!enforce) {
    const auto got = through(talk.Next(Side::kClient, wire::kPsh | wire::kAck, "in clear"));
    BOOST_TEST((got.has_value() && got->PayloadText() == "in clear"));
    BOOST_TEST(talk.Count(Side::kClient, EventKind::kFellBack) == 1U);
  }
}

// "loopback | enforce=1: … later confused self-session, MAC failures": when the SYN-ACK's timer is the first of the
// two, its segment is refused before the new SYN comes in, which then finds a DEAD entry (section 7: "new entry (server
// role)"). One entry serves both ends, so that each verifies with the keys for the other direction.
// TCPS-LOOP-02
BOOST_AUTO_TEST_CASE(LoopbackSelfSession) {
  LkmPair talk({.enforce = true});
  talk.server_end.address = talk.client_end.address;
  Tcps& host = talk.tcps(Side::kClient);
  const stack::Instant now = talk.pair().now();
  const auto leaves = [&host, now](OwnedSegment segment) {
    BOOST_TEST((host.Outbound(*segment, now) == stack::Verdict::kPass));
    return OwnedSegment(*segment);
  };
  const auto enters = [&host, now](const OwnedSegment& segment) {
    OwnedSegment copy = segment;
    return host.Inbound(*copy, now) == stack::Verdict::kPass;
  };
  const OwnedSegment syn = talk.NextSyn();
  BOOST_TEST(enters(leaves(syn)));
  const OwnedSegment answer = talk.NextSynAck();
  BOOST_TEST(!enters(leaves(answer)));
  BOOST_TEST(talk.state(Side::kClient) == State::kDead);

  const OwnedSegment second_answer = leaves(answer);
  const OwnedSegment second_syn = leaves(syn);
  BOOST_TEST(!HasTc(second_answer));
  BOOST_TEST(!enters(second_answer));
  BOOST_TEST(enters(second_syn));
  const OwnedSegment third_answer = leaves(answer);
  BOOST_TEST(HasTc(third_answer));
  BOOST_TEST(enters(third_answer));
  BOOST_TEST(talk.state(Side::kClient) == State::kEncrypted);

  const OwnedSegment ack = leaves(talk.Next(Side::kClient, wire::kAck));
  BOOST_TEST(HasTi(ack));
  BOOST_TEST(enters(ack));
  BOOST_TEST(talk.state(Side::kClient) == State::kAuthenticated);
  for (const Side from : {Side::kClient, Side::kServer}) {
    const OwnedSegment data = leaves(talk.Next(from, wire::kPsh | wire::kAck, "to myself"));
    BOOST_TEST(HasTm(data));
    BOOST_TEST(!enters(data));
  }
  BOOST_TEST(talk.Count(Side::kClient, EventKind::kTagInvalid) == 2U);
}

// "genuine abort (RST) | peer drops it; peer hangs until its own timeouts; sender is DEAD and answers further data with
// RSTs that are dropped"
BOOST_AUTO_TEST_CASE(GenuineAbort) {
  LkmPair talk;
  talk.Handshake();
  BOOST_TEST(talk.Reset(Side::kClient).empty());
  BOOST_TEST(talk.state(Side::kClient) == State::kDead);
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
  BOOST_TEST(talk.Data(Side::kServer, "are you there?").at(0).PayloadText() != "are you there?");  // ciphertext
  BOOST_TEST(talk.Reset(Side::kClient).empty());
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kResetIgnored) == 2U);
}

// "lost FIN of the second closer | sender already DEAD: retransmitted FIN has no TM; peer drops it until timeout"
BOOST_AUTO_TEST_CASE(LostFinOfTheSecondCloser) {
  LkmPair talk;
  talk.Handshake();
  talk.Fin(Side::kClient);
  const OwnedSegment fin = talk.Next(Side::kServer, wire::kFin | wire::kAck);
  Lose(talk, Side::kServer);
  talk.Send(Side::kServer, fin);
  BOOST_TEST(HasTm(talk.last()));
  BOOST_TEST(talk.state(Side::kServer) == State::kDead);
  talk.pair().SetPath({});
  for (int i = 0; i < 3; ++i) BOOST_TEST(talk.Resend(Side::kServer, fin).empty());
  BOOST_TEST(!HasTm(talk.last()));
  BOOST_TEST(talk.state(Side::kClient) == State::kEncrypted);
}

// "data lost after the second FIN was sent | retransmitted IN PLAINTEXT, and accepted (peer is DEAD too)"
BOOST_AUTO_TEST_CASE(DataLostBeforeTheSecondFin) {
  LkmPair talk;
  talk.Handshake();
  talk.Fin(Side::kClient);
  const OwnedSegment data = talk.Next(Side::kServer, wire::kPsh | wire::kAck, "the last bytes");
  Lose(talk, Side::kServer);
  talk.Send(Side::kServer, data);
  BOOST_TEST(talk.last().PayloadText() != "the last bytes");
  talk.pair().SetPath({});
  BOOST_TEST(talk.Fin(Side::kServer).size() == 1U);
  BOOST_TEST(talk.Resend(Side::kServer, data).at(0).PayloadText() == "the last bytes");
  BOOST_TEST(talk.last().PayloadText() == "the last bytes");
  BOOST_TEST(!HasTm(talk.last()));
}

// "SYN with MD5/TFO option | option removed", and on the SYN-ACK as well.
// TCPS-TC-09
BOOST_AUTO_TEST_CASE(Md5AndFastOpenAreRemoved) {
  for (const wire::OptionArea& present :
       {Options({2, 4, 5, 0xb4, 34, 10, 1, 2, 3, 4, 5, 6, 7, 8}),
        Options({2, 4, 5, 0xb4, 19, 18, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})}) {
    LkmPair talk;
    for (const Side side : {Side::kClient, Side::kServer}) {
      OwnedSegment segment = side == Side::kClient ? talk.NextSyn() : talk.NextSynAck();
      segment->options = present;
      talk.Send(side, segment);
      BOOST_TEST(HasTc(talk.last()));
      BOOST_TEST(!talk.last()->options.Find(wire::kMd5Signature).has_value());
      BOOST_TEST(!talk.last()->options.Find(wire::kFastOpen).has_value());
    }
    talk.Ack(Side::kClient);
    CheckProtectedBothWays(talk);
  }
}

// Section 2.1: "8 bytes of data after a 24-byte header came out as zeros"; "When the header length happens not to
// change, payload stays, in clear."
// TCPS-SYN-03, TCPS-SYN-04
BOOST_AUTO_TEST_CASE(PayloadOfASyn) {
  LkmPair talk;
  OwnedSegment syn = talk.NextSyn();
  syn->options = Options({2, 4, 5, 0xb4});
  syn.SetPayload("12345678");
  talk.Resend(Side::kClient, syn);
  BOOST_TEST(talk.last().PayloadText() == std::string(8, '\0'));
  std::vector<std::byte> nops(40, std::byte{wire::kNoOperation});
  std::ranges::copy(Options({2, 4, 5, 0xb4}).bytes(), nops.begin());
  syn->options = *wire::OptionArea::FromBytes(nops);
  talk.Resend(Side::kClient, syn);
  BOOST_TEST(HasTc(talk.last()));
  BOOST_TEST(talk.last().PayloadText() == "12345678");
}

// "header + TM > 60 | local drop, EPERM". Section 2.2: "20 bytes of NOPs + TM passes, 24 drops".
// TCPS-OPT-12, TCPS-OPT-15
BOOST_AUTO_TEST_CASE(NoRoomForTm) {
  LkmPair talk;
  talk.Handshake();
  OwnedSegment data = talk.Next(Side::kClient, wire::kPsh | wire::kAck, "data");
  const std::size_t before = talk.sent();
  data->options = *wire::OptionArea::FromBytes(std::vector<std::byte>(24, std::byte{wire::kNoOperation}));
  BOOST_TEST(talk.Resend(Side::kClient, data).empty());
  BOOST_TEST(talk.sent() == before);
  BOOST_TEST(talk.Count(Side::kClient, EventKind::kNoRoom) == 1U);
  data->options = *wire::OptionArea::FromBytes(std::vector<std::byte>(20, std::byte{wire::kNoOperation}));
  BOOST_TEST(talk.Resend(Side::kClient, data).at(0).PayloadText() == "data");
}

// "SACK blocks on a pure ACK while TI is pending | replaced by TI"
BOOST_AUTO_TEST_CASE(SackBlocksAreReplacedByTi) {
  LkmPair talk;
  talk.Handshake();
  OwnedSegment ack = talk.Next(Side::kClient, wire::kAck);
  ack->options = Options({1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2});
  talk.Send(Side::kClient, ack);
  BOOST_TEST(HasTi(talk.last()));
  BOOST_TEST(!talk.last()->options.Find(wire::kSack).has_value());
}

// "retransmission with other size/flags | same one-time MAC key"
BOOST_AUTO_TEST_CASE(OneTimeKeyIsReused) {
  LkmPair talk;
  talk.Handshake();
  const crypto::ChaCha20Key mac_key = LastSessionKeys(talk.pair()).mac_c2s.Clone();
  OwnedSegment segment = talk.Next(Side::kClient, wire::kPsh | wire::kAck, "four");
  std::vector<crypto::Tag> tags;
  for (const auto& [text, flags] : std::vector<std::pair<std::string, std::uint8_t>>{
           {"four", wire::kPsh | wire::kAck}, {"four and four", wire::kAck}, {"four", wire::kFin | wire::kAck}}) {
    segment.SetPayload(text);
    segment->flags = flags;
    BOOST_TEST(talk.Resend(Side::kClient, segment).at(0).PayloadText() == text);
    tags.push_back(FindTm(talk.last()->options).value());
    // Under position 0 each time, hence under one (r, s).
    BOOST_TEST((tags.back() == LkmTag(mac_key, 0, talk.last())));
  }
  BOOST_TEST((tags[0] != tags[1]));
  BOOST_TEST((tags[0] != tags[2]));
}

// "position beyond 2^32 | section 4": the measured sequence, on a live connection.
BOOST_AUTO_TEST_CASE(PositionBeyond32Bits) {
  LkmPair talk;
  talk.Handshake();
  const crypto::ChaCha20Key mac_key = LastSessionKeys(talk.pair()).mac_c2s.Clone();
  const std::uint32_t first_byte = talk.client_next;
  const std::vector<std::pair<std::uint32_t, std::uint64_t>> steps = {
      {0xfffffff0, 0x0fffffff0}, {0x10, 0x100000010}, {0xffffff00, 0x1ffffff00}, {0x60, 0x200000060}};
  for (const auto& [offset, position] : steps) {
    OwnedSegment segment = talk.Next(Side::kClient, wire::kPsh | wire::kAck, "data");
    segment->sequence = first_byte + offset;
    // Both ends make the same mistake as long as both see the same segments.
    BOOST_TEST(talk.Resend(Side::kClient, segment).at(0).PayloadText() == "data");
    BOOST_TEST((FindTm(talk.last()->options) == LkmTag(mac_key, position, talk.last())), "position " << position);
  }
}

// "idle > 300 s | both ends forget the entry (collected between 300 and 330 s); after 336 s idle the next data segment
// left in PLAINTEXT without TM and was accepted"
BOOST_AUTO_TEST_CASE(IdleConnection) {
  LkmPair talk;
  talk.Handshake();
  CheckProtectedBothWays(talk);
  talk.pair().Advance(299s);
  BOOST_TEST(talk.state(Side::kClient) == State::kEncrypted);
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
  talk.pair().Advance(37s);
  BOOST_TEST(talk.state(Side::kClient) == State::kNone);
  BOOST_TEST(talk.state(Side::kServer) == State::kNone);
  CheckPlaintext(talk, Side::kClient);
}

// Section 7: "In and out traffic in E/A refreshes last_active, also for dropped packets; DEAD is not refreshed."
BOOST_AUTO_TEST_CASE(WhatKeepsAnEntryAlive) {
  LkmPair talk;
  talk.Handshake();
  for (int i = 0; i < 4; ++i) {
    talk.pair().Advance(290s);
    BOOST_TEST(talk.Forge(Side::kServer, talk.Next(Side::kClient, wire::kPsh | wire::kAck, "forged")).empty());
  }
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
  BOOST_TEST(talk.state(Side::kClient) == State::kNone);

  talk.Reset(Side::kServer);
  BOOST_TEST(talk.state(Side::kServer) == State::kDead);
  for (int i = 0; i < 9; ++i) {  // collected between 60 and 90 s
    if (i <= 6) BOOST_TEST(talk.state(Side::kServer) == State::kDead);
    talk.Data(Side::kServer, "more");
    talk.pair().Advance(10s);
  }
  talk.pair().Advance(1s);
  BOOST_TEST(talk.state(Side::kServer) == State::kNone);
}

}  // namespace tcpslab::tcps::test
