// What injectors send, when, and with which numbers.
#include <array>
#include <boost/test/unit_test.hpp>
#include <set>
#include <string>
#include <vector>

#include "model/path/attacker/tcps-injector.h"
#include "model/test/path_bench.h"
#include "model/test/path_conversation.h"
#include "ns3/simulator.h"
#include "reference/tcps/options.h"
#include "reference/wire/packet.h"

namespace tcpslab::model_test {
namespace {

using ns3::Ptr;
using ns3::TcpsPathElement;
using Output = Bench::Output;

wire::OptionArea Timestamps(std::uint8_t value, std::uint8_t echo) {
  const std::array<std::uint8_t, 12> bytes{1, 1, 8, 10, 0, 0, 0, value, 0, 0, 0, echo};
  return *wire::OptionArea::FromBytes(std::as_bytes(std::span(bytes)));
}

std::string TextOf(const Output& output) {
  std::string text;
  for (const std::byte byte : output.segment->payload) text += static_cast<char>(byte);
  return text;
}

BOOST_AUTO_TEST_SUITE(reset_injector)

BOOST_AUTO_TEST_CASE(ExactNumbersTowardsEitherEnd) {
  for (const bool ipv6 : {false, true}) {
    PathConversation conversation(Make("ns3::TcpsResetInjector", {{"When", "data"}, {"Towards", "both"}}), ipv6);
    conversation.Whole();
    const std::vector<Output> forged = conversation.Forged();
    BOOST_TEST(conversation.AllPassed());
    BOOST_REQUIRE(forged.size() == 2U);
    BOOST_TEST((forged[0].direction == kBackward));
    BOOST_TEST(forged[0].segment->sequence == kServerIsn + 1);
    BOOST_TEST((forged[1].direction == kForward));
    BOOST_TEST(forged[1].segment->sequence == kClientIsn + 101);
    for (const Output& output : forged) {
      BOOST_TEST(output.segment->flags == wire::kRst);
      BOOST_TEST(output.segment->acknowledgement == 0U);
      BOOST_TEST(output.checksum_valid);
    }
    BOOST_TEST((forged[1].segment->source == Travelling(kForward, 0, 0, 0, {}, ipv6)->source));
  }
}

BOOST_AUTO_TEST_CASE(WithAck) {
  PathConversation conversation(Make("ns3::TcpsResetInjector", {{"When", "data"}, {"WithAck", "true"}}));
  conversation.Whole();
  const std::vector<Output> forged = conversation.Forged();
  BOOST_REQUIRE(forged.size() == 1U);
  BOOST_TEST(forged[0].segment->flags == (wire::kRst | wire::kAck));
  BOOST_TEST(forged[0].segment->acknowledgement == kServerIsn + 1);
}

BOOST_AUTO_TEST_CASE(InWindowIsNeverExact) {
  PathConversation conversation(
      Make("ns3::TcpsResetInjector", {{"Guess", "in-window"}, {"When", "data"}, {"Count", "500"}}));
  conversation.Handshake();
  conversation.Request();
  const std::vector<Output> forged = conversation.Forged();
  BOOST_TEST(forged.size() == 500U);
  std::set<std::uint32_t> numbers;
  for (const Output& output : forged) {
    const std::uint32_t distance = output.segment->sequence - (kClientIsn + 101);
    BOOST_TEST(distance > 0U);
    BOOST_TEST(distance < 1000U);  // the window that Travelling() segments announce
    numbers.insert(distance);
  }
  BOOST_TEST(numbers.size() > 300U);
}

// RFC 5961, section 1: one number in each window hits any window.
BOOST_AUTO_TEST_CASE(BlindSweepHitsAnyWindow) {
  constexpr std::uint32_t kStride = 1U << 28U;
  PathConversation conversation(Make("ns3::TcpsResetInjector", {{"Guess", "blind"},
                                                                {"When", "data"},
                                                                {"Count", "16"},
                                                                {"Interval", "1ms"},
                                                                {"Stride", std::to_string(kStride)}}));
  conversation.Handshake();
  conversation.Request();
  const std::vector<Output> forged = conversation.Forged();
  BOOST_REQUIRE(forged.size() == 16U);
  std::uint32_t hits = 0;
  for (std::size_t i = 0; i < forged.size(); ++i) {
    const auto distance = static_cast<std::uint32_t>(i * kStride);
    BOOST_TEST(forged[i].segment->sequence - forged[0].segment->sequence == distance);
    BOOST_TEST(forged[i].time == ns3::MilliSeconds(i));
    hits += forged[i].segment->sequence - (kClientIsn + 101) < kStride ? 1 : 0;
  }
  BOOST_TEST(hits == 1U);
}

BOOST_AUTO_TEST_CASE(Moments) {
  const std::uint32_t client = kClientIsn;
  struct Case {
    const char* when;
    std::uint32_t sequence;  // towards the server, behind the moment
    std::uint32_t before;    // the same, ahead of it
  };
  for (const Case& expected : {Case{"syn", client + 1, client + 1}, Case{"syn-ack", client + 1, client + 1},
                               Case{"established", client + 1, client + 1}, Case{"data", client + 101, client + 1},
                               Case{"fin", client + 102, client + 101}, Case{"closed", client + 102, client + 102}}) {
    for (const bool before : {false, true}) {
      PathConversation conversation(
          Make("ns3::TcpsResetInjector", {{"When", expected.when}, {"Before", before ? "true" : "false"}}));
      conversation.Whole();
      const std::vector<Output> forged = conversation.Forged();
      BOOST_REQUIRE(forged.size() == 1U);
      BOOST_TEST(forged[0].segment->sequence == (before ? expected.before : expected.sequence));
    }
  }
}

// A RST ahead of the SYN-ACK, in the server's name: acknowledges the SYN (RFC 9293, section 3.10.7.3).
BOOST_AUTO_TEST_CASE(AheadOfTheSynAck) {
  PathConversation conversation(Make(
      "ns3::TcpsResetInjector", {{"When", "syn-ack"}, {"Before", "true"}, {"Towards", "client"}, {"WithAck", "true"}}));
  conversation.Handshake();
  const std::vector<Output> forged = conversation.Forged();
  BOOST_REQUIRE(forged.size() == 1U);
  BOOST_TEST(forged[0].segment->acknowledgement == kClientIsn + 1);
  BOOST_TEST(conversation.outputs()[1].segment->flags == (wire::kRst | wire::kAck));
  BOOST_TEST(conversation.outputs()[2].segment->flags == kSynAck);
}

BOOST_AUTO_TEST_CASE(InTwoFragments) {
  for (const bool ipv6 : {false, true}) {
    PathConversation conversation(Make("ns3::TcpsResetInjector", {{"When", "data"}, {"Fragmented", "true"}}), ipv6);
    conversation.Whole();
    const std::vector<Output> forged = conversation.Forged();
    BOOST_TEST(conversation.AllPassed());
    BOOST_REQUIRE(forged.size() == 2U);
    BOOST_TEST(!forged[0].whole);
    BOOST_TEST(!forged[1].whole);
    const std::size_t header = ipv6 ? wire::kIpv6HeaderSize + 8 : wire::kIpv4HeaderSize;
    BOOST_TEST(forged[0].bytes.size() + forged[1].bytes.size() == 2 * header + wire::kTcpHeaderSize);
  }
}

BOOST_AUTO_TEST_CASE(ChosenConnectionsOnly) {
  PathConversation conversation(Make("ns3::TcpsResetInjector", {{"When", "data"}, {"Connections", "2"}}));
  conversation.Whole();
  BOOST_TEST(conversation.Forged().empty());
  conversation.Pass(kForward, wire::kSyn, 5000, 0);
  conversation.Pass(kBackward, kSynAck, 7000, 5001);
  conversation.Pass(kForward, wire::kAck, 5001, 7001, "again");
  const std::vector<Output> forged = conversation.Forged();
  BOOST_REQUIRE(forged.size() == 1U);
  BOOST_TEST(forged[0].segment->sequence == 5006U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(data_injector)

BOOST_AUTO_TEST_CASE(TakesThePlaceOfWhatItOvertakes) {
  PathConversation conversation(Make("ns3::TcpsDataInjector", {{"When", "data"}, {"Before", "true"}, {"Size", "100"}}));
  conversation.Handshake();
  conversation.Request();
  const std::vector<Output> forged = conversation.Forged();
  BOOST_TEST(conversation.AllPassed());
  BOOST_REQUIRE(forged.size() == 1U);
  BOOST_TEST(forged[0].segment->sequence == kClientIsn + 1);
  BOOST_TEST(forged[0].segment->acknowledgement == kServerIsn + 1);
  BOOST_TEST(TextOf(forged[0]).size() == 100U);
  BOOST_TEST(TextOf(forged[0]).starts_with("forgedforged"));
  BOOST_TEST(forged[0].checksum_valid);
  BOOST_TEST((conversation.outputs()[3].bytes == forged[0].bytes));
}

BOOST_AUTO_TEST_CASE(FarAhead) {
  PathConversation conversation(Make(
      "ns3::TcpsDataInjector",
      {{"When", "data"}, {"Sequence", "ahead"}, {"Ahead", "2147483648"}, {"Payload", "x"}, {"Towards", "client"}}));
  conversation.Whole();
  const std::vector<Output> forged = conversation.Forged();
  BOOST_REQUIRE(forged.size() == 1U);
  BOOST_TEST(forged[0].segment->sequence == kServerIsn + 1 + 2147483648U);
  BOOST_TEST(TextOf(forged[0]) == "x");
}

// RFC 7323, section 3.2: without timestamps the receiver of a connection that has them would drop it.
BOOST_AUTO_TEST_CASE(CarriesTheConnectionsTimestamps) {
  PathConversation conversation(Make("ns3::TcpsDataInjector", {{"When", "data"}, {"Tag", "random"}}));
  conversation.Pass(kForward, wire::kSyn, kClientIsn, 0, {}, Timestamps(5, 0));
  conversation.Pass(kBackward, kSynAck, kServerIsn, kClientIsn + 1, {}, Timestamps(9, 5));
  conversation.Pass(kForward, wire::kAck, kClientIsn + 1, kServerIsn + 1, "data", Timestamps(6, 9));
  const std::vector<Output> forged = conversation.Forged();
  BOOST_REQUIRE(forged.size() == 1U);
  const auto option = forged[0].segment->options.Find(wire::kTimestamps);
  BOOST_REQUIRE(option.has_value());
  BOOST_TEST((option->offset() == 2U));
  BOOST_TEST(std::to_integer<int>(option->body()[3]) == 6);
  BOOST_TEST(std::to_integer<int>(option->body()[7]) == 9);
  BOOST_TEST(tcps::FindTm(forged[0].segment->options).has_value());
}

wire::OptionArea Tagged(std::uint8_t fill) {
  wire::OptionArea options;
  crypto::Tag tag;
  tag.fill(std::byte{fill});
  BOOST_TEST(tcps::AppendTm(options, tag));
  return options;
}

BOOST_AUTO_TEST_CASE(Tags) {
  for (const std::string tag : {"none", "random", "copied"}) {
    PathConversation conversation(Make("ns3::TcpsDataInjector", {{"When", "data"}, {"Nth", "2"}, {"Tag", tag}}));
    conversation.Handshake();
    conversation.Pass(kForward, wire::kAck, kClientIsn + 1, kServerIsn + 1, "genuine", Tagged(0x11));
    conversation.Pass(kBackward, wire::kAck, kServerIsn + 1, kClientIsn + 8, "other way", Tagged(0x22));
    const std::vector<Output> forged = conversation.Forged();
    BOOST_REQUIRE(forged.size() == 1U);
    BOOST_TEST(TextOf(forged[0]) == "forged");
    const auto found = tcps::FindTm(forged[0].segment->options);
    BOOST_TEST(found.has_value() == (tag != "none"));
    if (found) BOOST_TEST((*found == *tcps::FindTm(Tagged(0x11))) == (tag == "copied"));
  }
}

BOOST_AUTO_TEST_CASE(NothingToCopyOrToReplay) {
  PathConversation copied(Make("ns3::TcpsDataInjector", {{"When", "established"}, {"Tag", "copied"}}));
  copied.Handshake();
  const std::vector<Output> forged = copied.Forged();
  BOOST_REQUIRE(forged.size() == 1U);
  BOOST_TEST(forged[0].segment->options.empty());
}

BOOST_AUTO_TEST_CASE(NothingToReplay) {
  PathConversation replayed(Make("ns3::TcpsDataInjector", {{"When", "established"}, {"Tag", "replay"}}));
  replayed.Handshake();
  BOOST_TEST(replayed.Forged().empty());
}

BOOST_AUTO_TEST_CASE(ReplaysAWholeSegment) {
  const Ptr<TcpsPathElement> element = Make("ns3::TcpsDataInjector", {{"When", "fin"}, {"Tag", "replay"}});
  PathConversation conversation(element);
  conversation.Whole();
  conversation.Forged();
  const std::vector<Output>& outputs = conversation.outputs();
  // SYN, SYN-ACK, ACK, request, response, FIN, request again, FIN
  BOOST_REQUIRE(outputs.size() == 8U);
  BOOST_TEST(outputs[6].bytes == outputs[3].bytes, boost::test_tools::per_element());
  BOOST_TEST(element->HasAchieved());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(fin_injector)

BOOST_AUTO_TEST_CASE(EndsTheStreamEarly) {
  for (const bool ipv6 : {false, true}) {
    PathConversation conversation(Make("ns3::TcpsFinInjector", {{"When", "data"}, {"Towards", "client"}}), ipv6);
    conversation.Handshake();
    conversation.Request();
    const std::vector<Output> forged = conversation.Forged();
    BOOST_TEST(conversation.AllPassed());
    BOOST_REQUIRE(forged.size() == 1U);
    BOOST_TEST(forged[0].segment->flags == kFinAck);
    BOOST_TEST(forged[0].segment->sequence == kServerIsn + 1);
    BOOST_TEST(forged[0].segment->payload.empty());
  }
}

BOOST_AUTO_TEST_CASE(ReplaysAGenuineFin) {
  PathConversation conversation(Make("ns3::TcpsFinInjector", {{"When", "closed"}, {"Tag", "replay"}}));
  conversation.Whole();
  conversation.Forged();
  const std::vector<Output>& outputs = conversation.outputs();
  BOOST_REQUIRE(outputs.size() == 8U);
  BOOST_TEST(outputs[7].bytes == outputs[5].bytes, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

// Other protocols and fragments are not theirs to judge.
BOOST_AUTO_TEST_CASE(WhatIsNoSegmentPasses) {
  for (const char* type : {"ns3::TcpsResetInjector", "ns3::TcpsDataInjector", "ns3::TcpsFinInjector"}) {
    Bench bench(Make(type, {{"When", "data"}}));
    std::vector<std::uint8_t> udp = Numbered(1).GetBytes();
    udp[9] = 17;
    bench.Receive(ns3::TcpsPathPacket(udp));
    BOOST_REQUIRE(bench.outputs.size() == 1U);
    BOOST_TEST(bench.outputs[0].bytes == udp, boost::test_tools::per_element());
  }
}

}  // namespace
}  // namespace tcpslab::model_test
