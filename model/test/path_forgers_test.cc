// Forged acknowledgements and SYNs, damaged options, replaced keys, replayed connections: what leaves the element.
#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/test/path_bench.h"
#include "model/test/path_conversation.h"
#include "ns3/string.h"
#include "reference/crypto/x25519.h"
#include "reference/tcps/options.h"

namespace tcpslab::model_test {
namespace {

using ns3::Ptr;
using ns3::TcpsPathElement;
using Output = Bench::Output;

wire::OptionArea Area(const std::vector<int>& bytes) {
  std::vector<std::byte> raw(bytes.size());
  std::ranges::transform(bytes, raw.begin(), [](int byte) { return static_cast<std::byte>(byte); });
  return *wire::OptionArea::FromBytes(raw);
}

BOOST_AUTO_TEST_SUITE(ack_injector)

Output ForgedAck(const Attributes& attributes, bool ipv6 = false) {
  Attributes all{{"When", "data"}, {"Nth", "2"}};
  all.insert(all.end(), attributes.begin(), attributes.end());
  PathConversation conversation(Make("ns3::TcpsAckInjector", all), ipv6);
  conversation.Whole();
  const std::vector<Output> forged = conversation.Forged();
  BOOST_TEST(conversation.AllPassed());
  BOOST_TEST_REQUIRE(forged.size() == 1U);
  BOOST_TEST(forged[0].checksum_valid);
  BOOST_TEST(forged[0].segment->IsPureAck());
  BOOST_TEST(forged[0].segment->sequence == kClientIsn + 101);
  return forged[0];
}

BOOST_AUTO_TEST_CASE(Numbers) {
  for (const bool ipv6 : {false, true}) {
    const Output last = ForgedAck({{"Acknowledges", "last"}, {"Window", "0"}}, ipv6);
    BOOST_TEST(last.segment->acknowledgement == kServerIsn + 1);  // the client has not seen the response yet
    BOOST_TEST(last.segment->window == 0U);
    const Output in_flight = ForgedAck({{"Acknowledges", "in-flight"}}, ipv6);
    BOOST_TEST(in_flight.segment->acknowledgement == kServerIsn + 41);
    BOOST_TEST(in_flight.segment->window == 1000U);  // as Travelling() segments have it
    const Output unsent = ForgedAck({{"Acknowledges", "unsent"}, {"Ahead", "7"}}, ipv6);
    BOOST_TEST(unsent.segment->acknowledgement == kServerIsn + 48);
  }
}

BOOST_AUTO_TEST_CASE(UrgentPointer) {
  const Output urgent = ForgedAck({{"UrgentPointer", "500"}});
  BOOST_TEST(urgent.segment->Has(wire::kUrg));
  BOOST_TEST(urgent.segment->urgent_pointer == 500U);
  BOOST_TEST(!ForgedAck({}).segment->Has(wire::kUrg));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(syn_injector)

BOOST_AUTO_TEST_CASE(InTheNameOfTheClient) {
  for (const bool ipv6 : {false, true}) {
    PathConversation conversation(Make("ns3::TcpsSynInjector", {{"When", "data"}, {"Offer", "random"}}), ipv6);
    conversation.Whole();
    const std::vector<Output> forged = conversation.Forged();
    BOOST_TEST(conversation.AllPassed());
    BOOST_TEST_REQUIRE(forged.size() == 1U);
    BOOST_TEST(forged[0].segment->IsSyn());
    BOOST_TEST((forged[0].segment->source == Travelling(kForward, 0, 0, 0, {}, ipv6)->source));
    BOOST_TEST(tcps::FindTc(forged[0].segment->options).has_value());
    BOOST_TEST(forged[0].segment->options.Find(wire::kMaximumSegmentSize).has_value());
    BOOST_TEST(forged[0].checksum_valid);
  }
}

BOOST_AUTO_TEST_CASE(FloodAheadOfTheGenuineSyn) {
  PathConversation conversation(
      Make("ns3::TcpsSynInjector",
           {{"When", "syn"}, {"Before", "true"}, {"Count", "40"}, {"Source", "198.51.100.7"}, {"Port", "9"}}));
  conversation.Handshake();
  const std::vector<Output> forged = conversation.Forged();
  BOOST_TEST_REQUIRE(forged.size() == 40U);
  std::set<std::uint16_t> ports;
  std::set<std::uint32_t> numbers;
  for (std::size_t i = 0; i < forged.size(); ++i) {
    BOOST_TEST((forged[i].segment->source.address == *wire::ParseAddress("198.51.100.7")));
    BOOST_TEST(forged[i].segment->destination.port == 9U);
    BOOST_TEST(!tcps::FindTc(forged[i].segment->options).has_value());
    BOOST_TEST((conversation.outputs()[i].bytes == forged[i].bytes));
    ports.insert(forged[i].segment->source.port);
    numbers.insert(forged[i].segment->sequence);
  }
  BOOST_TEST(ports.size() == 40U);
  BOOST_TEST(numbers.size() == 40U);
}

BOOST_AUTO_TEST_CASE(SynAck) {
  for (const std::string acknowledges : {"exact", "random"}) {
    PathConversation conversation(
        Make("ns3::TcpsSynInjector", {{"When", "syn"}, {"Towards", "client"}, {"Acknowledges", acknowledges}}));
    conversation.Handshake();
    const std::vector<Output> forged = conversation.Forged();
    BOOST_TEST_REQUIRE(forged.size() == 1U);
    BOOST_TEST((forged[0].direction == kBackward));
    BOOST_TEST(forged[0].segment->IsSynAck());
    BOOST_TEST((forged[0].segment->acknowledgement == kClientIsn + 1) == (acknowledges == "exact"));
  }
}

BOOST_AUTO_TEST_CASE(SourceOfAnotherFamily) {
  PathConversation conversation(Make("ns3::TcpsSynInjector", {{"When", "syn"}, {"Source", "2001:db8:f::7"}}));
  conversation.Handshake();
  BOOST_TEST(conversation.Forged().empty());
}

BOOST_AUTO_TEST_CASE(SourceIsAnAddress) {
  const Ptr<TcpsPathElement> element = Make("ns3::TcpsSynInjector");
  BOOST_TEST(!element->SetAttributeFailSafe("Source", ns3::StringValue("here")));
  BOOST_TEST(element->SetAttributeFailSafe("Source", ns3::StringValue("2001:db8::9")));
  BOOST_TEST(element->SetAttributeFailSafe("Source", ns3::StringValue("")));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(option_mangler)

// What becomes of the options of one segment.
wire::OptionArea Mangled(const std::string& mode, const wire::OptionArea& options, const Attributes& more = {},
                         bool ipv6 = false) {
  Attributes attributes{{"Mode", mode}};
  attributes.insert(attributes.end(), more.begin(), more.end());
  PathConversation conversation(Make("ns3::TcpsOptionMangler", attributes), ipv6);
  conversation.Pass(kForward, wire::kAck, 1, 2, "payload", options);
  BOOST_TEST_REQUIRE(conversation.outputs().size() == 1U);
  const Output& output = conversation.outputs()[0];
  BOOST_TEST_REQUIRE(output.whole);
  BOOST_TEST(output.checksum_valid);
  BOOST_TEST(output.segment->payload.size() == 7U);
  return output.segment->options;
}

BOOST_AUTO_TEST_CASE(Modes) {
  const wire::OptionArea options = Area({253, 6, 84, 77, 5, 6, 1, 1});
  for (const bool ipv6 : {false, true}) {
    BOOST_TEST((Mangled("duplicate", options, {}, ipv6) ==
                Area({253, 6, 84, 77, 5, 6, 253, 6, 84, 77, 5, 6, 1, 1, 0, 0})));  // the emitter pads
    BOOST_TEST((Mangled("truncate", options, {{"Bytes", "3"}}, ipv6) == Area({1, 1, 1, 1, 1, 253, 6, 84})));
    BOOST_TEST((Mangled("zero-length", options, {}, ipv6) == Area({253, 0, 84, 77, 5, 6, 1, 1})));
    BOOST_TEST((Mangled("overrun", options, {{"Bytes", "2"}}, ipv6) == Area({253, 10, 84, 77, 5, 6, 1, 1})));
    BOOST_TEST((Mangled("wrong-magic", options, {}, ipv6) == Area({253, 6, 84 ^ 0xff, 77, 5, 6, 1, 1})));
    BOOST_TEST((Mangled("wrong-length", options, {}, ipv6) == Area({253, 5, 84, 77, 5, 1, 1, 1})));
  }
}

BOOST_AUTO_TEST_CASE(WhatIsCutOffIsTheOptionsOwn) {
  const wire::OptionArea cut = Mangled("truncate", Area({253, 4, 84, 77, 2, 4, 5, 180}), {{"Bytes", "30"}});
  BOOST_TEST((cut == Area({1, 1, 2, 4, 5, 180, 253, 4})));  // kind and length stay
  BOOST_TEST((cut.Check() == wire::Error::kOptionOverrun));
}

BOOST_AUTO_TEST_CASE(OnlyTheFirstOfTheKinds) {
  const wire::OptionArea options = Area({2, 4, 5, 180, 254, 4, 1, 2, 253, 4, 3, 4});
  BOOST_TEST((Mangled("zero-length", options, {{"Kinds", "253"}}) == Area({2, 4, 5, 180, 254, 4, 1, 2, 253, 0, 3, 4})));
  BOOST_TEST(
      (Mangled("zero-length", options, {{"Kinds", "253,254"}}) == Area({2, 4, 5, 180, 254, 0, 1, 2, 253, 4, 3, 4})));
}

BOOST_AUTO_TEST_CASE(NothingToDamage) {
  for (const char* mode : {"duplicate", "truncate", "zero-length", "overrun", "wrong-magic", "wrong-length"}) {
    const wire::OptionArea options = Area({2, 4, 5, 180});
    BOOST_TEST((Mangled(mode, options) == options));
    BOOST_TEST(Mangled(mode, {}).empty());
  }
  std::vector<int> full(40, 7);
  full[0] = 253;
  full[1] = 40;
  BOOST_TEST((Mangled("duplicate", Area(full)) == Area(full)));  // no room
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(key_forger)

crypto::PublicKey Genuine() {
  crypto::PublicKey key{};
  std::ranges::fill(key, std::byte{9});
  return key;
}

crypto::PublicKey ForgedTc(const std::string& key, bool ipv6 = false) {
  PathConversation conversation(Make("ns3::TcpsKeyForger", {{"Key", key}}), ipv6);
  conversation.Pass(kForward, wire::kSyn, 1, 0, {}, tcps::MakeSynOptions(Area({2, 4, 5, 180}), Genuine()));
  conversation.Request();
  const std::vector<Output> forged = conversation.Forged();
  BOOST_TEST_REQUIRE(forged.size() == 1U);
  BOOST_TEST(forged[0].checksum_valid);
  BOOST_TEST(forged[0].segment->options.Find(wire::kMaximumSegmentSize).has_value());
  return *tcps::FindTc(forged[0].segment->options);
}

// RFC 7748, section 6.1; crypto::IsLowOrder asks libsodium.
BOOST_AUTO_TEST_CASE(SevenPointsOfLowOrder) {
  std::set<crypto::PublicKey> keys;
  for (const char* key : {"zero", "one", "order-8-first", "order-8-second", "p-minus-one", "p", "p-plus-one"}) {
    const crypto::PublicKey forged = ForgedTc(key);
    BOOST_TEST(crypto::IsLowOrder(forged));
    BOOST_TEST((forged == ForgedTc(key, true)));
    keys.insert(forged);
  }
  BOOST_TEST(keys.size() == 7U);
}

BOOST_AUTO_TEST_CASE(RandomKey) {
  const crypto::PublicKey forged = ForgedTc("random");
  BOOST_TEST((forged != Genuine()));
  BOOST_TEST(!crypto::IsLowOrder(forged));
  BOOST_TEST((ForgedTc("random") == forged));  // same stream, same key
}

BOOST_AUTO_TEST_CASE(KeyOfAnIdentity) {
  const tcps::Identity identity{.key = Genuine(), .proof = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}}};
  for (const char* option : {"TC", "TI"}) {
    PathConversation conversation(Make("ns3::TcpsKeyForger", {{"Option", option}, {"Key", "one"}}));
    conversation.Pass(kBackward, wire::kAck, 1, 2, {}, tcps::MakeTiOptions(identity));
    const std::vector<Output> forged = conversation.Forged();
    BOOST_TEST_REQUIRE(forged.size() == (option == std::string("TI") ? 1U : 0U));
    if (forged.empty()) continue;
    const auto shown = tcps::FindTi(forged[0].segment->options);
    BOOST_TEST_REQUIRE(shown.has_value());
    BOOST_TEST(crypto::IsLowOrder(shown->key));
    BOOST_TEST((shown->proof == identity.proof));
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(connection_replayer)

constexpr std::uint32_t kNewServerIsn = 77000;

// The second connection's SYN, and the server's answer to the replayed one. Both connections have the same endpoints
// here but for the client's port.
void SecondConnection(Bench& bench, const std::string& first, bool ipv6) {
  stack::OwnedSegment syn = Travelling(kForward, wire::kSyn, 5000, 0, {}, ipv6);
  syn->source.port = 50000;
  bench.Receive(*syn, kForward);
  bench.Receive(*Travelling(kBackward, kSynAck, kNewServerIsn, kClientIsn + 1, first, ipv6), kBackward);
}

std::vector<Output> Replayed(const Attributes& attributes, bool ipv6) {
  const Ptr<TcpsPathElement> element = Make("ns3::TcpsConnectionReplayer", attributes);
  Bench bench(element);
  bench.Receive(*Travelling(kForward, wire::kSyn, kClientIsn, 0, {}, ipv6), kForward);
  bench.Receive(*Travelling(kBackward, kSynAck, kServerIsn, kClientIsn + 1, {}, ipv6), kBackward);
  bench.Receive(*Travelling(kForward, wire::kAck, kClientIsn + 1, kServerIsn + 1, "request", ipv6), kForward);
  bench.Receive(*Travelling(kBackward, wire::kAck, kServerIsn + 1, kClientIsn + 8, "response", ipv6), kBackward);
  bench.Receive(*Travelling(kForward, kFinAck, kClientIsn + 8, kServerIsn + 9, {}, ipv6), kForward);
  BOOST_TEST(bench.outputs.size() == 5U);
  SecondConnection(bench, {}, ipv6);
  BOOST_TEST(element->HasAchieved());
  return {bench.outputs.begin() + 5, bench.outputs.end()};
}

BOOST_AUTO_TEST_CASE(PlaysWhatTheClientSentAndKeepsTheAnswers) {
  for (const bool ipv6 : {false, true}) {
    for (const bool adapt : {true, false}) {
      const std::vector<Output> outputs = Replayed({{"Adapt", adapt ? "true" : "false"}}, ipv6);
      // The recorded SYN, the genuine SYN, request and FIN; the SYN-ACK stays here.
      BOOST_TEST_REQUIRE(outputs.size() == 4U);
      BOOST_TEST(outputs[0].segment->IsSyn());
      BOOST_TEST(outputs[0].segment->sequence == kClientIsn);
      BOOST_TEST(outputs[1].segment->source.port == 50000U);
      BOOST_TEST(outputs[2].segment->sequence == kClientIsn + 1);
      BOOST_TEST(outputs[2].segment->payload.size() == 7U);
      BOOST_TEST(outputs[2].segment->acknowledgement == (adapt ? kNewServerIsn : kServerIsn) + 1);
      BOOST_TEST(outputs[3].segment->flags == kFinAck);
      BOOST_TEST(outputs[3].segment->acknowledgement == (adapt ? kNewServerIsn : kServerIsn) + 9);
      for (const Output& output : outputs) BOOST_TEST(output.checksum_valid);
    }
  }
}

BOOST_AUTO_TEST_CASE(OtherConnectionsPass) {
  PathConversation conversation(Make("ns3::TcpsConnectionReplayer", {{"Recorded", "1"}, {"Onto", "5"}}));
  conversation.Whole();
  BOOST_TEST(conversation.Forged().empty());
  BOOST_TEST(conversation.AllPassed());
}

BOOST_AUTO_TEST_SUITE_END()

// Other protocols are not theirs to judge.
BOOST_AUTO_TEST_CASE(WhatIsNoSegmentPasses) {
  for (const char* type : {"ns3::TcpsAckInjector", "ns3::TcpsSynInjector", "ns3::TcpsOptionMangler",
                           "ns3::TcpsKeyForger", "ns3::TcpsConnectionReplayer"}) {
    Bench bench(Make(type));
    std::vector<std::uint8_t> udp = Numbered(1).GetBytes();
    udp[9] = 17;
    bench.Receive(ns3::TcpsPathPacket(udp));
    BOOST_TEST_REQUIRE(bench.outputs.size() == 1U);
    BOOST_TEST(bench.outputs[0].bytes == udp, boost::test_tools::per_element());
  }
}

}  // namespace
}  // namespace tcpslab::model_test
