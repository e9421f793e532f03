// Path elements in a wire node: exact schedules, rates, and what they do to bytes.
#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "model/path/middlebox/tcps-option-stripper.h"
#include "model/path/tcps-impairment.h"
#include "model/test/path_bench.h"
#include "model/test/two_hosts.h"
#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/object-factory.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

namespace tcpslab::model_test {
namespace {

using ns3::Ptr;
using ns3::StringValue;
using ns3::TcpsPathElement;
using wire::Segment;

using Numbers = std::vector<std::uint32_t>;

BOOST_AUTO_TEST_SUITE(impairments)

BOOST_AUTO_TEST_CASE(LossBySchedule) {
  Bench bench(Make("ns3::TcpsLoss", {{"Segments", "3, 7"}}));
  bench.Send(1, 8);
  BOOST_TEST(bench.Numbers() == (Numbers{1, 2, 4, 5, 6, 8}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(EachDirectionCountsOnItsOwn) {
  Bench bench(Make("ns3::TcpsLoss", {{"Segments", "2"}}));
  bench.Send(1, 3);
  bench.Send(11, 13, TcpsPathElement::BACKWARD);
  BOOST_TEST(bench.Numbers() == (Numbers{1, 3, 11, 13}), boost::test_tools::per_element());
  for (const auto& output : bench.outputs) {
    BOOST_TEST(output.direction == (output.number > 10 ? TcpsPathElement::BACKWARD : TcpsPathElement::FORWARD));
  }
}

BOOST_AUTO_TEST_CASE(ActsInItsDirectionOnly) {
  Bench bench(Make("ns3::TcpsLoss", {{"Segments", "1,2"}, {"Direction", "backward"}}));
  bench.Send(1, 3);
  bench.Send(11, 13, TcpsPathElement::BACKWARD);
  BOOST_TEST(bench.Numbers() == (Numbers{1, 2, 3, 13}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(LossByRate) {
  constexpr double kRate = 0.1;
  constexpr std::uint32_t kPackets = 10000;
  Bench bench(Make("ns3::TcpsLoss", {{"Rate", std::to_string(kRate)}}));
  bench.Send(1, kPackets);
  const double lost = kPackets - static_cast<double>(bench.Numbers().size());
  const double deviation = std::sqrt(kPackets * kRate * (1 - kRate));
  BOOST_TEST(std::abs(lost - kPackets * kRate) < 5 * deviation);
}

BOOST_AUTO_TEST_CASE(RateRepeatsWithItsStream) {
  const auto run = [](std::int64_t stream) {
    const Ptr<TcpsPathElement> element = Make("ns3::TcpsLoss", {{"Rate", "0.5"}});
    Bench bench(element);
    element->AssignStreams(stream);
    bench.Send(1, 100);
    return bench.Numbers();
  };
  BOOST_TEST(run(3) == run(3), boost::test_tools::per_element());
  BOOST_TEST((run(3) != run(4)));
}

BOOST_AUTO_TEST_CASE(ReorderHoldsBack) {
  Bench bench(Make("ns3::TcpsReorder", {{"Segments", "2"}, {"Delay", "2500us"}}));
  bench.Send(1, 6);
  BOOST_TEST(bench.Numbers() == (Numbers{1, 3, 4, 2, 5, 6}), boost::test_tools::per_element());
  BOOST_TEST(bench.outputs[3].time == ns3::MicroSeconds(4500));
}

BOOST_AUTO_TEST_CASE(DuplicateFollowsAtOnce) {
  Bench bench(Make("ns3::TcpsDuplicate", {{"Segments", "2"}, {"Count", "2"}}));
  bench.Send(1, 3);
  BOOST_TEST(bench.Numbers() == (Numbers{1, 2, 2, 2, 3}), boost::test_tools::per_element());
  BOOST_TEST(bench.outputs[1].bytes == bench.outputs[3].bytes, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(option_stripper)

bool HasUnknown(const std::vector<std::uint8_t>& packet) {
  std::vector<std::uint8_t> bytes = packet;
  const auto parsed = wire::ParsePacket(std::as_writable_bytes(std::span(bytes)));
  return parsed->segment.options.Find(wire::kExperiment253).has_value();
}

BOOST_AUTO_TEST_CASE(RemovesByKindAndSegment) {
  struct Case {
    const char* segments;
    bool from_syn;
    bool from_others;
  };
  for (const Case& expected : {Case{"syn", true, false}, Case{"non-syn", false, true}, Case{"all", true, true}}) {
    Bench bench(Make("ns3::TcpsOptionStripper", {{"Segments", expected.segments}, {"Kinds", "254,253"}}));
    for (const auto& [flags, stripped] :
         {std::pair(wire::kSyn, expected.from_syn),
          std::pair(static_cast<wire::Flag>(wire::kSyn | wire::kAck), expected.from_syn),
          std::pair(wire::kAck, expected.from_others)}) {
      const std::size_t index = bench.outputs.size();
      bench.Receive(Numbered(1, flags));
      BOOST_TEST(HasUnknown(bench.outputs[index].bytes) == !stripped);
    }
  }
}

BOOST_AUTO_TEST_CASE(LeavesAWholePacket) {
  for (const char* mode : {"remove", "nop"}) {
    Bench bench(Make("ns3::TcpsOptionStripper", {{"Mode", mode}}));
    bench.Receive(Numbered(1));
    const std::size_t before = Numbered(1).GetSize();
    BOOST_TEST(bench.outputs[0].bytes.size() == before - (mode == std::string("remove") ? 4 : 0));
    Recorded packet;
    const std::span<const std::byte> bytes = std::as_bytes(std::span(bench.outputs[0].bytes));
    packet.bytes.assign(bytes.begin(), bytes.end());
    BOOST_TEST(packet.HasValidChecksum());
    BOOST_TEST(wire::InternetChecksum(std::span(packet.bytes).first(wire::kIpv4HeaderSize)) == 0U);
    BOOST_TEST(packet.segment().options.Find(wire::kMaximumSegmentSize).has_value());
    BOOST_TEST(packet.segment().payload.size() == 10U);
  }
}

BOOST_AUTO_TEST_CASE(TellsWhatItAchieved) {
  const Ptr<TcpsPathElement> element = Make("ns3::TcpsOptionStripper", {{"Segments", "syn"}, {"Goal", "downgrade"}});
  Bench bench(element);
  BOOST_TEST(element->GetGoal() == TcpsPathElement::GOAL_DOWNGRADE);
  bench.Receive(Numbered(1));
  BOOST_TEST(!element->HasAchieved());
  bench.Receive(Numbered(1, wire::kSyn));
  BOOST_TEST(element->HasAchieved());
  BOOST_TEST(ns3::DynamicCast<ns3::TcpsOptionStripper>(element)->GetNRemoved() == 1U);
}

// What the design's sample scenario is about: without TC both ends fall back, and plain data crosses.
BOOST_AUTO_TEST_CASE(DowngradesTwoHosts) {
  for (const bool enforce : {false, true}) {
    TwoHosts hosts({.wire_node = true});
    ns3::TcpsHelper helper;
    helper.SetAttribute("Enforce", ns3::BooleanValue(enforce));
    const auto stacks = helper.Install(hosts.nodes());
    hosts.wire_node()->AddElement(Make("ns3::TcpsOptionStripper", {{"Kinds", "253"}, {"Segments", "syn"}}));
    const auto sink = hosts.AddSink();
    hosts.BulkSend(5000);
    hosts.Run(ns3::Seconds(5));
    BOOST_TEST(sink->GetTotalRx() == (enforce ? 0U : 5000U));
    BOOST_TEST(stacks[1]->GetCounter("encrypted") == 0U);
    BOOST_TEST((stacks[1]->GetCounter("downgrade-refused") > 0) == enforce);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(wire_node)

// Notes its name when a packet passes.
class Named : public TcpsPathElement {
 public:
  Named(std::string name, std::string& trail) : name_(std::move(name)), trail_(trail) {}

 private:
  void Handle(const ns3::TcpsPathPacket& packet, Direction direction) override {
    trail_ += name_;
    Forward(packet, direction);
  }
  std::string name_;
  std::string& trail_;
};

BOOST_AUTO_TEST_CASE(ElementsStandInClientToServerOrder) {
  TwoHosts hosts({.wire_node = true});
  ns3::TcpsHelper().InstallPlain(hosts.nodes());
  std::string trail;
  for (const char* name : {"a", "b", "c"}) {
    const auto element = ns3::CompleteConstruct(new Named(name, trail));
    hosts.wire_node()->AddElement(element);
  }
  hosts.AddSink();
  hosts.BulkSend(10);
  hosts.Run(ns3::MilliSeconds(18));  // SYN and SYN-ACK pass at 12 and 16 ms, the third ACK at 20
  BOOST_TEST(trail.substr(0, 3) == "abc");
  BOOST_TEST(trail.substr(3, 3) == "cba");
}

// A path that does nothing is not there: same bytes at the same time, links aside.
BOOST_AUTO_TEST_CASE(WithoutElementsItIsTransparent) {
  for (const bool csma : {false, true}) {
    TwoHosts hosts({.wire_node = true, .csma = csma});
    ns3::TcpsHelper().Install(hosts.nodes());
    const auto sink = hosts.AddSink();
    hosts.BulkSend(50000);
    hosts.Run();
    BOOST_TEST(sink->GetTotalRx() == 50000U);
    CheckWire(hosts);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::model_test
