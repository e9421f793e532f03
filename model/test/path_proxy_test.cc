// A transparent proxy between two hosts.
#include <boost/test/unit_test.hpp>
#include <cstdint>

#include "model/path/middlebox/tcps-proxy.h"
#include "model/test/path_bench.h"
#include "model/test/two_hosts.h"
#include "ns3/boolean.h"

namespace tcpslab::model_test {
namespace {

using ns3::Ptr;
using ns3::TcpsPathElement;

Ptr<TcpsPathElement> AddProxy(TwoHosts& hosts) {
  const Ptr<TcpsPathElement> proxy = Make("ns3::TcpsProxy", {{"Goal", "read"}});
  hosts.wire_node()->AddElement(proxy);
  hosts.AssignStreams();
  return proxy;
}

std::uint32_t Connections(const Ptr<TcpsPathElement>& proxy) {
  return ns3::DynamicCast<ns3::TcpsProxy>(proxy)->GetNConnections();
}

BOOST_AUTO_TEST_SUITE(proxy)

BOOST_AUTO_TEST_CASE(CarriesBytesAndEnds) {
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    TwoHosts hosts({.family = family, .wire_node = true});
    ns3::TcpsHelper().InstallPlain(hosts.nodes());
    const Ptr<TcpsPathElement> proxy = AddProxy(hosts);
    Received received(hosts);
    hosts.BulkSend(300000);
    hosts.Run();
    BOOST_TEST(received.bytes == 300000U);
    BOOST_TEST(received.intact);
    BOOST_TEST(Connections(proxy) == 1U);
    BOOST_TEST(proxy->HasAchieved());
    CheckWire(hosts);
    BOOST_TEST(hosts.Segments(false).back().Has(wire::kAck));
    bool server_ended = false;
    for (const wire::Segment& segment : hosts.Segments(false)) server_ended = server_ended || segment.Has(wire::kFin);
    BOOST_TEST(server_ended);  // PacketSink closes when its peer has
  }
}

BOOST_AUTO_TEST_CASE(SeveralAtOnce) {
  TwoHosts hosts({.wire_node = true});
  ns3::TcpsHelper().InstallPlain(hosts.nodes());
  const Ptr<TcpsPathElement> proxy = AddProxy(hosts);
  const auto first = hosts.AddSink();
  const auto second = hosts.AddSink(81);
  hosts.BulkSend(50000);
  hosts.BulkSend(40000);
  hosts.BulkSend(30000, ns3::MilliSeconds(11), 81);
  hosts.Run();
  BOOST_TEST(first->GetTotalRx() == 90000U);
  BOOST_TEST(second->GetTotalRx() == 30000U);
  BOOST_TEST(Connections(proxy) == 3U);
}

// Two connections from one port, to different servers' ports: behind a NAPT that is usual.
BOOST_AUTO_TEST_CASE(APortInUse) {
  TwoHosts hosts({.wire_node = true});
  ns3::TcpsHelper().InstallPlain(hosts.nodes());
  hosts.wire_node()->AddElement(Make("ns3::TcpsNapt", {{"PortBase", "6000"}}));
  AddProxy(hosts);
  const auto first = hosts.AddSink();
  const auto second = hosts.AddSink(81);
  hosts.BulkSend(50000);
  hosts.BulkSend(30000, ns3::MilliSeconds(11), 81);
  hosts.Run();
  BOOST_TEST(first->GetTotalRx() == 50000U);
  BOOST_TEST(second->GetTotalRx() == 30000U);
}

// Nobody listens: the proxy has accepted by then, so that it has to reset.
BOOST_AUTO_TEST_CASE(ARefusalComesBack) {
  TwoHosts hosts({.wire_node = true});
  ns3::TcpsHelper().InstallPlain(hosts.nodes());
  AddProxy(hosts);
  hosts.BulkSend(5000);
  hosts.Run(ns3::Seconds(5));
  bool reset = false;
  for (const wire::Segment& segment : hosts.Segments(false)) reset = reset || segment.Has(wire::kRst);
  BOOST_TEST(reset);
}

// RFC 8547, section 9: no option gets through, so TCP/S falls back, or refuses.
BOOST_AUTO_TEST_CASE(NoOptionGetsThrough) {
  for (const bool enforce : {false, true}) {
    TwoHosts hosts({.wire_node = true});
    ns3::TcpsHelper helper;
    helper.SetAttribute("Enforce", ns3::BooleanValue(enforce));
    const auto stacks = helper.Install(hosts.nodes());
    AddProxy(hosts);
    const auto sink = hosts.AddSink();
    hosts.BulkSend(5000);
    hosts.Run(ns3::Seconds(5));
    BOOST_TEST(sink->GetTotalRx() == (enforce ? 0U : 5000U));
    BOOST_TEST(stacks[0]->GetCounter("encrypted") == 0U);
    BOOST_TEST(stacks[0]->GetCounter("fell-back") == (enforce ? 0U : 1U));
    BOOST_TEST((stacks[0]->GetCounter("downgrade-refused") > 0) == enforce);
  }
}

BOOST_AUTO_TEST_CASE(ConnectionsItDidNotSeeBeginPass) {
  Bench bench(Make("ns3::TcpsProxy"));
  const ns3::TcpsPathPacket packet = PacketOf(*Travelling(TcpsPathElement::FORWARD, wire::kAck, 7, 8, "middle"));
  bench.Receive(packet);
  BOOST_TEST_REQUIRE(bench.outputs.size() == 1U);
  BOOST_TEST(bench.outputs[0].bytes == packet.GetBytes(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(OthersPass) { CheckLeavesOthersAlone("ns3::TcpsProxy"); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::model_test
