// Attackers on TCP/S that stand in the middle or show false identities: what they do segment by segment, and to two
// hosts on the in-process pair.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "model/path/attacker/tcps-false-identity.h"
#include "model/path/attacker/tcps-key-substitution.h"
#include "model/path/tcps-path-segment.h"
#include "model/test/path_bench.h"
#include "reference/tcps/identity.h"
#include "reference/tcps/test/conversation.h"

namespace tcpslab::model_test {
namespace {

using ns3::Ptr;
using ns3::TcpsFalseIdentity;
using ns3::TcpsKeySubstitution;
using ns3::TcpsPathElement;
using stack::EventKind;
using stack::OwnedSegment;
using stack::Side;
using tcps::Dialect;
using tcps::State;
using tcps::test::Conversation;
using tcps::test::HasTi;
using tcps::test::Hosts;
using wire::Segment;

constexpr auto kDialects = {Dialect::kReadme, Dialect::kLkm};

// Two hosts with TCP/S, and a man in the middle between them.
struct Middle {
  explicit Middle(const Hosts& hosts, const Attributes& attributes = {})
      : talk(hosts), element(Make("ns3::TcpsKeySubstitution", attributes)), bench(element) {
    element->TraceConnectWithoutContext("Read", ns3::MakeCallback(&Middle::Note, this));
    talk.pair().SetPath([this](Side from, OwnedSegment& segment) {
      const std::size_t before = bench.outputs.size();
      bench.Receive(*segment, from == Side::kClient ? kForward : kBackward);
      BOOST_TEST_REQUIRE(bench.outputs.size() == before + 1);
      BOOST_TEST(bench.outputs[before].checksum_valid);
      segment = bench.outputs[before].segment;
      return true;
    });
  }
  Middle(const Middle&) = delete;
  Middle& operator=(const Middle&) = delete;
  ~Middle() = default;

  void Note(const std::vector<std::uint8_t>& bytes) { read.append(bytes.begin(), bytes.end()); }
  [[nodiscard]] TcpsKeySubstitution& attacker() const { return *ns3::DynamicCast<TcpsKeySubstitution>(element); }
  [[nodiscard]] std::size_t Count(EventKind kind) const {
    return talk.Count(Side::kClient, kind) + talk.Count(Side::kServer, kind);
  }
  // The text of the one segment that arrives.
  std::string Said(Side from, std::string_view text) {
    const std::vector<OwnedSegment> arrived = talk.Data(from, text);
    return arrived.size() == 1 ? arrived[0].PayloadText() : "";
  }

  Conversation talk;
  Ptr<TcpsPathElement> element;
  Bench bench;
  std::string read;
};

tcps::Identity LastIdentityShown(const Middle& middle) {
  std::optional<tcps::Identity> last;
  for (const auto& output : middle.bench.outputs) {
    if (const auto shown = tcps::FindTi(output.segment->options)) last = shown;
  }
  BOOST_TEST_REQUIRE(last.has_value());
  return *last;
}

BOOST_AUTO_TEST_SUITE(key_substitution)

// tcps-dialects.md, weakness 1.
BOOST_AUTO_TEST_CASE(ReadsWhatBothSidesTakeForAuthenticated) {
  for (const Dialect dialect : kDialects) {
    for (const wire::Family family : {wire::Family::kIpv4, wire::Family::kIpv6}) {
      if (dialect == Dialect::kLkm && family == wire::Family::kIpv6) continue;  // tcps-wire.md, section 1
      for (const Side opener : {Side::kClient, Side::kServer}) {
        Hosts hosts = Conversation::Both(dialect);
        hosts.family = family;
        Middle middle(hosts);
        middle.talk.HandshakeAndAck(opener);
        BOOST_TEST(middle.Said(Side::kClient, "a question") == "a question");
        BOOST_TEST(middle.Said(Side::kServer, "an answer") == "an answer");
        middle.talk.Fin(Side::kClient);
        BOOST_TEST(middle.talk.Fin(Side::kServer).size() == 1U);
        BOOST_TEST(middle.read == "a questionan answer");
        BOOST_TEST(middle.attacker().GetNSubstituted() == 1U);
        BOOST_TEST(middle.element->HasAchieved());
        const std::size_t authenticated = dialect == Dialect::kReadme ? 2 : 1;
        BOOST_TEST(middle.Count(EventKind::kAuthenticated) == authenticated);
        for (const EventKind alarm : {EventKind::kMitmSuspected, EventKind::kTagInvalid, EventKind::kTagMissing}) {
          BOOST_TEST(middle.Count(alarm) == 0U);
        }
      }
    }
  }
}

// The ends do not share a secret: what arrives is neither what was sent nor its plaintext.
BOOST_AUTO_TEST_CASE(EachSideHasAnotherKey) {
  Middle middle(Conversation::Both(Dialect::kReadme));
  middle.talk.Handshake();
  middle.talk.Data(Side::kClient, "0123456789abcdef");
  const OwnedSegment sent = middle.talk.last();
  const auto& passed = middle.bench.outputs.back().segment;
  BOOST_TEST(sent.PayloadText() != passed.PayloadText());
  BOOST_TEST(passed.PayloadText() != "0123456789abcdef");
  BOOST_TEST(sent->sequence == passed->sequence);
  BOOST_TEST(sent->options.size() == passed->options.size());
}

// "Same length": only the key and the checksum of a SYN change.
BOOST_AUTO_TEST_CASE(ReplacesTheKeyInPlace) {
  Bench bench(Make("ns3::TcpsKeySubstitution"));
  OwnedSegment syn = Travelling(kForward, wire::kSyn, 1000);
  crypto::PublicKey key{};
  key[0] = std::byte{9};
  syn->options = tcps::MakeSynOptions(tcps::test::LinuxSynOptions(), key);
  for (const std::uint32_t isn : {1000U, 1000U, 2000U}) {
    syn->sequence = isn;
    bench.Receive(*syn, kForward);
  }
  BOOST_TEST_REQUIRE(bench.outputs.size() == 3U);
  std::vector<crypto::PublicKey> keys;
  for (const auto& output : bench.outputs) {
    BOOST_TEST(output.checksum_valid);
    BOOST_TEST(output.bytes.size() == PacketOf(*syn).GetSize());
    keys.push_back(*tcps::FindTc(output.segment->options));
    BOOST_TEST((output.segment->options == tcps::MakeSynOptions(tcps::test::LinuxSynOptions(), keys.back())));
  }
  BOOST_TEST((keys[0] != key));
  BOOST_TEST((keys[0] == keys[1]));  // a retransmission
  BOOST_TEST((keys[0] != keys[2]));  // another connection
}

BOOST_AUTO_TEST_CASE(RetransmissionsAreTheSameAndReadOnce) {
  for (const Dialect dialect : kDialects) {
    Middle middle(Conversation::Both(dialect), {{"Text", "XY"}, {"Offset", "1"}});
    middle.talk.Handshake();
    const OwnedSegment data = middle.talk.Next(Side::kClient, wire::kPsh | wire::kAck, "abcd");
    middle.talk.Send(Side::kClient, data);
    const std::vector<std::uint8_t> first = middle.bench.outputs.back().bytes;
    const auto again = middle.talk.Resend(Side::kClient, data);
    BOOST_TEST(middle.bench.outputs.back().bytes == first, boost::test_tools::per_element());
    BOOST_TEST_REQUIRE(again.size() == 1U);
    BOOST_TEST(again[0].PayloadText() == "aXYd");
    BOOST_TEST(middle.read == "abcd");
  }
}

BOOST_AUTO_TEST_CASE(EditsAcrossSegmentsInItsDirection) {
  for (const auto& [towards, to_server, to_client] :
       {std::tuple("server", "abcDEFghi", "abcdefghi"), std::tuple("client", "abcdefghi", "abcDEFghi"),
        std::tuple("both", "abcDEFghi", "abcDEFghi")}) {
    Middle middle(Conversation::Both(Dialect::kReadme), {{"Text", "DEF"}, {"Offset", "3"}, {"Towards", towards}});
    middle.talk.Handshake();
    std::string arrived[2];
    for (const char* part : {"ab", "cde", "f", "ghi"}) {
      arrived[0] += middle.Said(Side::kClient, part);
      arrived[1] += middle.Said(Side::kServer, part);
    }
    BOOST_TEST(arrived[0] == to_server);
    BOOST_TEST(arrived[1] == to_client);
  }
}

BOOST_AUTO_TEST_CASE(HoldsSeveralConnections) {
  Middle middle(Conversation::Both(Dialect::kReadme));
  middle.talk.HandshakeAndAck();
  const tcps::test::Numbers first = middle.talk.numbers();
  middle.talk.NewConnection();
  middle.talk.HandshakeAndAck();
  BOOST_TEST(middle.Said(Side::kClient, "two") == "two");
  const tcps::test::Numbers second = middle.talk.numbers();
  middle.talk.SetNumbers(first);
  BOOST_TEST(middle.Said(Side::kServer, "one") == "one");
  middle.talk.SetNumbers(second);
  middle.talk.NewConnectionOnSamePorts();
  middle.talk.HandshakeAndAck();
  BOOST_TEST(middle.Said(Side::kClient, "three") == "three");
  BOOST_TEST(middle.attacker().GetNSubstituted() == 3U);
  BOOST_TEST(middle.Count(EventKind::kMitmSuspected) == 0U);
}

// A SYN that nobody answers does not end the connection on the same ports.
BOOST_AUTO_TEST_CASE(AnUnansweredSynChangesNothing) {
  Middle middle(Conversation::Both(Dialect::kReadme));
  middle.talk.HandshakeAndAck();
  OwnedSegment stray = middle.talk.NextSyn();
  stray->sequence += 12345;
  stray->options = tcps::MakeSynOptions(stray->options, crypto::PublicKey{std::byte{9}});
  middle.bench.Receive(*stray, kForward);
  BOOST_TEST(middle.Said(Side::kClient, "still here") == "still here");
}

BOOST_AUTO_TEST_CASE(WithTheOtherDialectItReadsNothing) {
  Middle middle(Conversation::Both(Dialect::kReadme), {{"Dialect", "lkm"}});
  middle.talk.HandshakeAndAck();
  BOOST_TEST(middle.Said(Side::kClient, "secret") == "");
  BOOST_TEST(middle.talk.Count(Side::kServer, EventKind::kTagInvalid) == 1U);
  BOOST_TEST(middle.read == "");
}

BOOST_AUTO_TEST_CASE(ReadsAndEditsPlainConnections) {
  Hosts hosts;
  hosts.client_speaks = hosts.server_speaks = false;
  Middle middle(hosts, {{"Text", "X"}, {"Offset", "1"}});
  middle.talk.Handshake();
  BOOST_TEST(middle.Said(Side::kClient, "abc") == "aXc");
  BOOST_TEST(middle.Said(Side::kServer, "abc") == "abc");
  BOOST_TEST(middle.read == "abcabc");
  BOOST_TEST(middle.attacker().GetNSubstituted() == 0U);
}

BOOST_AUTO_TEST_CASE(EverythingElsePassesUntouched) {
  Bench bench(Make("ns3::TcpsKeySubstitution", {{"Text", "X"}, {"Identity", "own"}}));
  std::vector<std::vector<std::uint8_t>> sent;
  const auto pass = [&](const ns3::TcpsPathPacket& packet) {
    sent.push_back(packet.GetBytes());
    bench.Receive(packet);
  };
  pass(Numbered(7));  // of a connection whose SYN it did not see
  pass(PacketOf(*Travelling(kForward, wire::kSyn, 1, 0, {}, true)));
  std::vector<std::uint8_t> fragment = Numbered(8).GetBytes();
  fragment[6] = 0x20;  // more fragments
  pass(ns3::TcpsPathPacket(fragment));
  std::vector<std::uint8_t> datagram = Numbered(9).GetBytes();
  datagram[9] = 17;  // UDP
  pass(ns3::TcpsPathPacket(datagram));
  BOOST_TEST_REQUIRE(bench.outputs.size() == sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i) {
    BOOST_TEST(bench.outputs[i].bytes == sent[i], boost::test_tools::per_element());
  }
}

// A segment whose tag is wrong already is the receiver's to refuse.
BOOST_AUTO_TEST_CASE(ForgedSegmentsPassAsTheyAre) {
  Middle middle(Conversation::Both(Dialect::kReadme));
  middle.talk.HandshakeAndAck();
  OwnedSegment forged = middle.talk.Next(Side::kClient, wire::kPsh | wire::kAck, "forged");
  tcps::AppendTm(forged->options, {});
  middle.bench.Receive(*forged, kForward);
  BOOST_TEST(middle.bench.outputs.back().bytes == PacketOf(*forged).GetBytes(), boost::test_tools::per_element());
  BOOST_TEST(middle.read == "");
}

// RFC 9293: each end sees one consistent connection, whatever numbers the other one uses.
BOOST_AUTO_TEST_CASE(OwnSequenceNumbersAreTranslatedBothWays) {
  Bench bench(Make("ns3::TcpsKeySubstitution", {{"OwnSequence", "true"}}));
  const auto pass = [&](const OwnedSegment& segment, TcpsPathElement::Direction direction) {
    bench.Receive(*segment, direction);
    return bench.outputs.back().segment;
  };
  const OwnedSegment syn = pass(Travelling(kForward, wire::kSyn, 1000), kForward);
  BOOST_TEST(syn->sequence != 1000U);
  BOOST_TEST(syn->acknowledgement == 0U);  // no ACK, no number to translate
  const OwnedSegment answer = pass(Travelling(kBackward, kSynAck, 5000, syn->sequence + 1), kBackward);
  BOOST_TEST(answer->acknowledgement == 1001U);
  BOOST_TEST(answer->sequence != 5000U);
  const OwnedSegment data = pass(Travelling(kForward, wire::kAck, 1001, answer->sequence + 1, "hello"), kForward);
  BOOST_TEST(data->sequence == syn->sequence + 1);
  BOOST_TEST(data->acknowledgement == 5001U);
  BOOST_TEST(data.PayloadText() == "hello");
  const OwnedSegment reset = pass(Travelling(kBackward, wire::kRst, 5001), kBackward);
  BOOST_TEST(reset->sequence == answer->sequence + 1);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(identities)

// Each mode on a first and a second connection of the same hosts (readme, so that both sides verify).
BOOST_AUTO_TEST_CASE(WhatTheHostsMakeOfThem) {
  struct Case {
    const char* mode;
    bool genuine;        // what the server remembers
    bool second_passes;  // without an alarm
  };
  for (const Case& expected : {Case{"relay", true, true}, Case{"own", false, true}, Case{"zero", false, true},
                               Case{"guessed", true, false}, Case{"forged", true, true}}) {
    Middle middle(Conversation::Both(Dialect::kReadme), {{"Identity", expected.mode}});
    middle.talk.HandshakeAndAck();
    BOOST_TEST_CONTEXT(expected.mode) {
      BOOST_TEST(middle.Count(EventKind::kMitmSuspected) == 0U);
      BOOST_TEST((middle.talk.state(Side::kServer) == State::kAuthenticated));
      const auto remembered = middle.talk.tcps(Side::kServer).PeerIdentity(middle.talk.client_end.address);
      BOOST_TEST((*remembered == middle.talk.tcps(Side::kClient).identity()) == expected.genuine);
      middle.talk.NewConnection();
      middle.talk.HandshakeAndAck();
      BOOST_TEST((middle.Count(EventKind::kMitmSuspected) == 0U) == expected.second_passes);
    }
  }
}

// tcps-dialects.md, weakness 2.
BOOST_AUTO_TEST_CASE(RemovedOnesAreNotMissed) {
  for (const Dialect dialect : kDialects) {
    Middle middle(Conversation::Both(dialect), {{"Identity", "none"}});
    middle.talk.HandshakeAndAck();
    BOOST_TEST(middle.Said(Side::kClient, "text") == "text");
    for (const auto& output : middle.bench.outputs) BOOST_TEST(!HasTi(output.segment));
    BOOST_TEST((middle.talk.state(Side::kClient) == State::kEncrypted));
    BOOST_TEST((middle.talk.state(Side::kServer) == State::kEncrypted));
  }
}

BOOST_AUTO_TEST_CASE(OwnIsProvenToThoseWhoShowedTheirKey) {
  Middle middle(Conversation::Both(Dialect::kReadme), {{"Identity", "own"}});
  middle.talk.Handshake();
  BOOST_TEST(tcps::IsZero(LastIdentityShown(middle).proof));  // to the server, which has not shown its own yet
  middle.talk.Ack(Side::kServer);
  BOOST_TEST(!tcps::IsZero(LastIdentityShown(middle).proof));  // to the client, which has
}

// tcps-dialects.md, weakness 3; tcps-wire.md, section 6.
BOOST_AUTO_TEST_CASE(OneProofGivesThoseOfAllConnections) {
  crypto::SeededRandom random(5);
  const auto client = crypto::KeyPair::Generate(random);
  const auto server = crypto::KeyPair::Generate(random);
  const auto shared = crypto::Agree(client.private_key, server.public_key);
  const wire::Address a = *wire::ParseAddress("10.0.0.1");
  const wire::Address b = *wire::ParseAddress("10.0.0.2");
  TcpsFalseIdentity attacker(random);
  TcpsFalseIdentity::Passing seen{.shown = {.key = client.public_key, .proof = {}},
                                  .sender = a,
                                  .receiver = b,
                                  .clientIsnAtSender = 0x12345678,
                                  .clientIsnAtReceiver = 0x9abcdef0};
  attacker.Learn(seen);
  BOOST_TEST(tcps::IsZero(attacker.Forge(seen).proof));  // nothing to be learnt from a zero tag
  seen.shown.proof = tcps::ComputeAuthTag(*shared, seen.clientIsnAtSender);
  attacker.Learn(seen);
  BOOST_TEST((attacker.Forge(seen).proof == tcps::ComputeAuthTag(*shared, 0x9abcdef0)));
  BOOST_TEST((attacker.Forge(seen).key == client.public_key));
  // The other way, too.
  const TcpsFalseIdentity::Passing back{.shown = {.key = server.public_key, .proof = {}},
                                        .sender = b,
                                        .receiver = a,
                                        .clientIsnAtSender = 0,
                                        .clientIsnAtReceiver = 7};
  BOOST_TEST((attacker.Forge(back).proof == tcps::ComputeAuthTag(*shared, 7)));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(identity_forger)

// A handshake passes; what came out, the forged ACK among it.
std::vector<Bench::Output> ForgedIn(const Attributes& attributes, bool ipv6 = false) {
  Bench bench(Make("ns3::TcpsIdentityForger", attributes));
  bench.Receive(*Travelling(kForward, wire::kSyn, 1000, 0, {}, ipv6), kForward);
  bench.Receive(*Travelling(kBackward, kSynAck, 5000, 1001, {}, ipv6), kBackward);
  bench.Receive(*Travelling(kForward, wire::kAck, 1001, 5001, {}, ipv6), kForward);
  bench.Numbers();
  return bench.outputs;
}

BOOST_AUTO_TEST_CASE(ShowsItsKeyBeforeTheGenuineOne) {
  for (const bool ipv6 : {false, true}) {
    const auto outputs = ForgedIn({{"Before", "true"}}, ipv6);
    BOOST_TEST_REQUIRE(outputs.size() == 4U);
    const OwnedSegment& forged = outputs[2].segment;
    const OwnedSegment& genuine = outputs[3].segment;
    BOOST_TEST(outputs[2].checksum_valid);
    BOOST_TEST(HasTi(forged));
    BOOST_TEST(!HasTi(genuine));
    BOOST_TEST(tcps::IsZero(tcps::FindTi(forged->options)->proof));
    BOOST_TEST(forged->IsPureAck());
    BOOST_TEST((forged->source == genuine->source && forged->destination == genuine->destination));
    BOOST_TEST(forged->sequence == 1001U);
    BOOST_TEST(forged->acknowledgement == 5001U);
  }
}

BOOST_AUTO_TEST_CASE(ChoosesKeysAndNumbers) {
  const auto keys = [](const char* kind) {
    std::vector<crypto::PublicKey> shown;
    for (const auto& output : ForgedIn({{"Key", kind}, {"Count", "2"}})) {
      if (const auto identity = tcps::FindTi(output.segment->options)) shown.push_back(identity->key);
    }
    BOOST_TEST_REQUIRE(shown.size() == 2U);
    return shown;
  };
  const auto own = keys("own");
  BOOST_TEST((own[0] == own[1]));
  const auto random = keys("random");
  BOOST_TEST((random[0] != random[1]));
  BOOST_TEST(crypto::IsLowOrder(keys("low-order")[0]));
  BOOST_TEST(!crypto::IsLowOrder(own[0]));

  const auto outputs = ForgedIn({{"SequenceOffset", "-2000"}, {"AcknowledgementOffset", "7"}, {"Towards", "client"}});
  BOOST_TEST_REQUIRE(outputs.size() == 4U);
  BOOST_TEST(outputs[3].direction == kBackward);
  BOOST_TEST(outputs[3].segment->sequence == 3001U);
  BOOST_TEST(outputs[3].segment->acknowledgement == 1008U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::model_test
