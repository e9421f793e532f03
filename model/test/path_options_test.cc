// Middleboxes that remove, copy back or refuse TCP options.
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "model/path/middlebox/tcps-option-stripper.h"
#include "model/test/path_bench.h"
#include "ns3/string.h"

namespace tcpslab::model_test {
namespace {

using ns3::Ptr;
using ns3::StringValue;
using ns3::TcpsPathElement;
using stack::OwnedSegment;

constexpr std::array<std::uint16_t, 2> kPorts = {49152, 49153};

bool Refuses(const std::string& type, const std::string& attribute, const std::string& value) {
  return !Make(type)->SetAttributeFailSafe(attribute, StringValue(value));
}

bool Untouched(const Bench::Output& output, const OwnedSegment& segment) {
  return output.bytes == PacketOf(*segment).GetBytes();
}

std::vector<unsigned> Kinds(const wire::Segment& segment) {
  std::vector<unsigned> kinds;
  for (const wire::OptionView option : segment.options) kinds.push_back(option.kind());
  return kinds;
}

// With an MSS, TC's identifier, TCP-ENO's (RFC 8547, section 4: 0x454e), and a kind 254 that says TC as well.
OwnedSegment WithExperiments(TcpsPathElement::Direction direction, std::uint8_t flags, bool ipv6 = false) {
  OwnedSegment segment = Travelling(direction, flags, 1000, 0, flags == wire::kSyn ? "" : "0123456789", ipv6);
  AddOption(*segment, wire::kMaximumSegmentSize, {5, 0xb4});
  AddOption(*segment, wire::kExperiment253, {'T', 'C', 1, 2, 3});
  AddOption(*segment, wire::kExperiment253, {0x45, 0x4e, 7});
  AddOption(*segment, wire::kExperiment254, {'T', 'C'});
  return segment;
}

BOOST_AUTO_TEST_SUITE(option_stripper)

BOOST_AUTO_TEST_CASE(RemovesByExperimentIdentifier) {
  using Left = std::vector<unsigned>;
  struct Case {
    const char* kinds;
    const char* exids;
    Left left;
    unsigned left253;  // first byte of the identifier that stays
  };
  for (const Case& expected : {Case{"253", "TC", {2, 253, 254}, 0x45}, Case{"253", "0x5443", {2, 253, 254}, 0x45},
                               Case{"253", "0x454e", {2, 253, 254}, 'T'}, Case{"253", "EN", {2, 253, 254}, 'T'},
                               Case{"253", "TC, 0x454e", {2, 254}, 0}, Case{"253,254", "TC", {2, 253}, 0x45},
                               Case{"253", "TM", {2, 253, 253, 254}, 'T'}, Case{"253", "", {2, 254}, 0}}) {
    Bench bench(Make("ns3::TcpsOptionStripper", {{"Kinds", expected.kinds}, {"ExIds", expected.exids}}));
    bench.Receive(*WithExperiments(kForward, wire::kAck), kForward);
    BOOST_REQUIRE_EQUAL(bench.outputs.size(), 1U);
    const wire::Segment& left = *bench.outputs[0].segment;
    BOOST_TEST(bench.outputs[0].checksum_valid);
    BOOST_TEST_CONTEXT("Kinds " << expected.kinds << ", ExIds " << expected.exids)
    BOOST_TEST(Kinds(left) == expected.left, boost::test_tools::per_element());
    if (expected.left253 != 0) {
      BOOST_TEST(std::to_integer<unsigned>(left.options.Find(wire::kExperiment253)->body()[0]) == expected.left253);
    }
    BOOST_TEST(bench.outputs[0].segment.PayloadText() == "0123456789");
  }
}

BOOST_AUTO_TEST_CASE(NopsTakeTheirPlace) {
  Bench bench(Make("ns3::TcpsOptionStripper", {{"ExIds", "TC"}, {"Mode", "nop"}}));
  const OwnedSegment before = WithExperiments(kForward, wire::kAck);
  bench.Receive(*before, kForward);
  const wire::Segment& after = *bench.outputs.at(0).segment;
  BOOST_TEST(Kinds(after) == (std::vector<unsigned>{2, 1, 1, 1, 1, 1, 1, 1, 253, 254}),
             boost::test_tools::per_element());
  BOOST_TEST(after.options.Find(wire::kExperiment254)->offset() ==
             before->options.Find(wire::kExperiment254)->offset());
}

BOOST_AUTO_TEST_CASE(ChoosesTheSegments) {
  struct Case {
    const char* segments;
    bool syn;
    bool syn_ack;
    bool ack;
    bool data;
  };
  for (const bool ipv6 : {false, true}) {
    for (const Case& expected : {Case{"syn-ack", false, true, false, false}, Case{"data", false, false, false, true},
                                 Case{"syn", true, true, false, false}, Case{"ack", false, false, true, false},
                                 Case{"2", false, true, false, false}}) {
      // All in one direction, so that "2" has one meaning.
      std::array<OwnedSegment, 4> segments = {
          WithExperiments(kForward, wire::kSyn, ipv6), WithExperiments(kForward, kSynAck, ipv6),
          WithExperiments(kForward, wire::kAck, ipv6), WithExperiments(kForward, wire::kAck, ipv6)};
      segments[1].SetPayload("");
      segments[2].SetPayload("");
      const std::array<bool, 4> stripped = {expected.syn, expected.syn_ack, expected.ack, expected.data};
      Bench bench(Make("ns3::TcpsOptionStripper", {{"Segments", expected.segments}, {"ExIds", "TC,EN"}}));
      for (std::size_t i = 0; i < segments.size(); ++i) {
        bench.Receive(*segments[i], kForward);
        BOOST_TEST_CONTEXT("Segments " << expected.segments << ", segment " << i) {
          BOOST_TEST(bench.outputs.at(i).checksum_valid);
          BOOST_TEST(!bench.outputs[i].segment->options.Find(wire::kExperiment253).has_value() == stripped[i]);
          BOOST_TEST(Untouched(bench.outputs[i], segments[i]) == !stripped[i]);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(RefusesOtherIdentifiers) {
  for (const char* text : {"TCP", "T", "0x10000", "0x", "T1C", "-1"}) {
    BOOST_TEST(Refuses("ns3::TcpsOptionStripper", "ExIds", text), text);
  }
  const Ptr<TcpsPathElement> element = Make("ns3::TcpsOptionStripper", {{"ExIds", "TC,0x454e"}});
  StringValue text;
  element->GetAttribute("ExIds", text);
  BOOST_TEST(text.Get() == "TC,0x454e");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(option_echo)

// A SYN as a TCP/S client sends it (tcps-wire.md, section 2.1), and the answer of a server that knows nothing of it.
OwnedSegment Syn(TcpsPathElement::Direction direction, std::uint32_t sequence = 1000, bool ipv6 = false) {
  OwnedSegment segment = Travelling(direction, wire::kSyn, sequence, 0, "", ipv6);
  AddOption(*segment, wire::kMaximumSegmentSize, {5, 0xa0});
  AddOption(*segment, wire::kExperiment253, {'T', 'C', 1, 2, 3, 4});
  return segment;
}

OwnedSegment SynAck(TcpsPathElement::Direction direction, std::uint32_t acknowledgement = 1001, bool ipv6 = false) {
  OwnedSegment segment = Travelling(direction, kSynAck, 5000, acknowledgement, "", ipv6);
  AddOption(*segment, wire::kMaximumSegmentSize, {5, 0xb4});
  return segment;
}

BOOST_AUTO_TEST_CASE(CopiesUnknownOptionsBack) {
  for (const bool ipv6 : {false, true}) {
    for (const auto& [there, back] : {std::pair(kForward, kBackward), std::pair(kBackward, kForward)}) {
      Bench bench(Make("ns3::TcpsOptionEcho"));
      const OwnedSegment syn = Syn(there, 1000, ipv6);
      bench.Receive(*syn, there);
      BOOST_TEST(Untouched(bench.outputs.at(0), syn));
      for (int answer = 1; answer <= 2; ++answer) {  // a retransmission like the first
        bench.Receive(*SynAck(back, 1001, ipv6), back);
        const Bench::Output& output = bench.outputs.at(static_cast<std::size_t>(answer));
        BOOST_TEST(output.checksum_valid);
        BOOST_TEST(output.direction == back);
        BOOST_TEST(Kinds(*output.segment) == (std::vector<unsigned>{2, 253}), boost::test_tools::per_element());
        BOOST_TEST(std::ranges::equal(output.segment->options.Find(wire::kExperiment253)->bytes(),
                                      syn->options.Find(wire::kExperiment253)->bytes()));
        // The server's MSS, not the client's.
        BOOST_TEST(std::to_integer<unsigned>(output.segment->options.Find(2)->body()[1]) == 0xb4U);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(LeavesAnAnswerOfThatKindAlone) {
  Bench bench(Make("ns3::TcpsOptionEcho"));
  bench.Receive(*Syn(kForward), kForward);
  OwnedSegment answer = SynAck(kBackward);
  AddOption(*answer, wire::kExperiment253, {'T', 'C', 9});
  bench.Receive(*answer, kBackward);
  BOOST_TEST(Untouched(bench.outputs.at(1), answer));
}

BOOST_AUTO_TEST_CASE(EverythingElsePasses) {
  Bench bench(Make("ns3::TcpsOptionEcho"));
  OwnedSegment known = Travelling(kForward, wire::kSyn, 1000);
  AddOption(*known, wire::kSackPermitted);
  bench.Receive(*known, kForward);
  std::vector<OwnedSegment> passing = {SynAck(kBackward)};  // nothing unknown was offered
  passing.push_back(Travelling(kBackward, wire::kAck, 5001, 1001, "data"));
  OwnedSegment full = SynAck(kBackward);
  AddOption(*full, wire::kTimestamps, {1, 2, 3, 4, 5, 6, 7, 8});
  for (const OwnedSegment& segment : passing) bench.Receive(*segment, kBackward);
  for (std::size_t i = 0; i < passing.size(); ++i) BOOST_TEST(Untouched(bench.outputs.at(i + 1), passing[i]));

  bench.Receive(*Syn(kForward, 7000), kForward);
  const OwnedSegment other = SynAck(kBackward, 1001);  // answers the SYN before
  bench.Receive(*other, kBackward);
  BOOST_TEST(Untouched(bench.outputs.back(), other));
  const OwnedSegment sender = SynAck(kForward, 7001);  // travels as the SYN did
  bench.Receive(*sender, kForward);
  BOOST_TEST(Untouched(bench.outputs.back(), sender));
}

BOOST_AUTO_TEST_CASE(WhatDoesNotFitIsNotCopied) {
  Bench bench(Make("ns3::TcpsOptionEcho"));
  OwnedSegment syn = Travelling(kForward, wire::kSyn, 1000);
  AddOption(*syn, wire::kExperiment253,
            {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22});
  AddOption(*syn, wire::kExperiment254, {1});
  bench.Receive(*syn, kForward);
  OwnedSegment answer = SynAck(kBackward);  // 4 bytes
  AddOption(*answer, wire::kTimestamps, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14});
  bench.Receive(*answer, kBackward);
  BOOST_TEST(Kinds(*bench.outputs.at(1).segment) == (std::vector<unsigned>{2, 8, 254}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(ConnectionsAreApart) {
  Bench bench(Make("ns3::TcpsOptionEcho"));
  bench.Receive(*Syn(kForward), kForward);
  OwnedSegment elsewhere = SynAck(kBackward);
  elsewhere->destination.port = 49153;
  bench.Receive(*elsewhere, kBackward);
  BOOST_TEST(Untouched(bench.outputs.back(), elsewhere));
  bench.Receive(*SynAck(kBackward), kBackward);
  BOOST_TEST(bench.outputs.back().segment->options.Find(wire::kExperiment253).has_value());
}

BOOST_AUTO_TEST_CASE(ChosenAnswersOnlyAndOtherKnowledge) {
  const Ptr<TcpsPathElement> element =
      Make("ns3::TcpsOptionEcho", {{"Only", "syn-ack"}, {"Segments", "2"}, {"KnownKinds", "253"}});
  Bench bench(element);
  const OwnedSegment syn = Syn(kForward);
  OwnedSegment answer = Travelling(kBackward, kSynAck, 5000, 1001);
  bench.Receive(*syn, kForward);
  bench.Receive(*answer, kBackward);
  BOOST_TEST(Untouched(bench.outputs.at(1), answer));
  BOOST_TEST(!element->HasAchieved());
  bench.Receive(*answer, kBackward);
  BOOST_TEST(element->HasAchieved());
  BOOST_TEST(Kinds(*bench.outputs.at(2).segment) == std::vector<unsigned>{2}, boost::test_tools::per_element());
  BOOST_TEST(Refuses("ns3::TcpsOptionEcho", "KnownKinds", "2,x"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(syn_dropper)

OwnedSegment Syn(std::uint8_t kind, std::uint16_t port = 49152, bool ipv6 = false, std::uint8_t flags = wire::kSyn) {
  const auto direction = flags == wire::kSyn ? kForward : kBackward;
  OwnedSegment segment = Travelling(direction, flags, 1000, 0, "", ipv6);
  (direction == kForward ? segment->source : segment->destination).port = port;
  AddOption(*segment, wire::kMaximumSegmentSize, {5, 0xb4});
  AddOption(*segment, kind, {1, 2});
  return segment;
}

BOOST_AUTO_TEST_CASE(UnknownOptionsDoNotPass) {
  for (const bool ipv6 : {false, true}) {
    Bench bench(Make("ns3::TcpsSynDropper"));
    for (int i = 0; i < 5; ++i) {
      bench.Receive(*Syn(wire::kExperiment253, 49152, ipv6), kForward);
      bench.Receive(*Syn(wire::kExperiment253, 49152, ipv6, kSynAck), kBackward);
    }
    BOOST_TEST(bench.outputs.empty());
  }
}

BOOST_AUTO_TEST_CASE(EverythingElsePasses) {
  Bench bench(Make("ns3::TcpsSynDropper"));
  OwnedSegment syn = Travelling(kForward, wire::kSyn, 1000);
  AddOption(*syn, wire::kMaximumSegmentSize, {5, 0xb4});
  AddOption(*syn, wire::kSackPermitted);
  AddOption(*syn, wire::kTimestamps, {1, 2, 3, 4, 5, 6, 7, 8});
  AddOption(*syn, wire::kWindowScale, {7});
  OwnedSegment data = WithExperiments(kForward, wire::kAck);
  const std::vector<OwnedSegment> passing = {syn, data, Travelling(kForward, wire::kRst, 1001)};
  for (const OwnedSegment& segment : passing) bench.Receive(*segment, kForward);
  BOOST_REQUIRE_EQUAL(bench.outputs.size(), passing.size());
  for (std::size_t i = 0; i < passing.size(); ++i) BOOST_TEST(Untouched(bench.outputs[i], passing[i]));
}

BOOST_AUTO_TEST_CASE(LetsGoAfterTheFirstOfEachConnection) {
  Bench bench(Make("ns3::TcpsSynDropper", {{"First", "2"}}));
  for (int i = 0; i < 3; ++i) {
    for (const std::uint16_t port : kPorts) bench.Receive(*Syn(wire::kExperiment253, port), kForward);
  }
  BOOST_REQUIRE_EQUAL(bench.outputs.size(), 2U);
  BOOST_TEST(bench.outputs[0].segment->source.port == 49152U);
  BOOST_TEST(bench.outputs[1].segment->source.port == 49153U);
  // Both directions count together: one that let go stays so.
  bench.Receive(*Syn(wire::kExperiment253, 49152, false, kSynAck), kBackward);
  BOOST_TEST(bench.outputs.size() == 3U);
}

BOOST_AUTO_TEST_CASE(OneDirectionOnly) {
  Bench bench(Make("ns3::TcpsSynDropper", {{"Direction", "backward"}, {"First", "1"}}));
  bench.Receive(*Syn(wire::kExperiment253), kForward);
  BOOST_TEST(bench.outputs.size() == 1U);
  bench.Receive(*Syn(wire::kExperiment253, 49152, false, kSynAck), kBackward);
  BOOST_TEST(bench.outputs.size() == 1U);
  bench.Receive(*Syn(wire::kExperiment253, 49152, false, kSynAck), kBackward);
  BOOST_TEST(bench.outputs.size() == 2U);
}

BOOST_AUTO_TEST_CASE(KnowsWhatItIsTold) {
  Bench bench(Make("ns3::TcpsSynDropper", {{"KnownKinds", "2,253"}}));
  bench.Receive(*Syn(wire::kExperiment253), kForward);
  bench.Receive(*Syn(wire::kTimestamps), kForward);
  BOOST_REQUIRE_EQUAL(bench.outputs.size(), 1U);
  BOOST_TEST(Kinds(*bench.outputs[0].segment) == (std::vector<unsigned>{2, 253}), boost::test_tools::per_element());
  BOOST_TEST(Refuses("ns3::TcpsSynDropper", "KnownKinds", "300"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::model_test
