// Closed windows: RFC 9293, section 3.8.6.1.
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <initializer_list>
#include <memory>

#include "model/test/path_bench.h"
#include "model/test/two_hosts.h"

namespace tcpslab::model_test {
namespace {

// Longer than the persist timer's 6 s, which doubles.
constexpr double kLong = 60;

// ns-3 3.37 itself dies of it.
BOOST_AUTO_TEST_CASE(NothingToSendWhileTheWindowIsClosed) {
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    TwoHosts hosts({.family = family, .wire_node = true});
    ns3::TcpsHelper().InstallPlain(hosts.nodes());
    // In the client's name to the sink, which never sends; at the last moment, so that nothing opens it again.
    hosts.wire_node()->AddElement(
        Make("ns3::TcpsAckInjector", {{"When", "data"}, {"Nth", "3"}, {"Delay", "1s"}, {"Window", "0"}}));
    const auto sink = hosts.AddSink();
    hosts.OnOff(4000, "1Mbps");
    hosts.Run(ns3::Seconds(kLong));
    BOOST_TEST(sink->GetTotalRx() == 4000U);
  }
}

// The sender's timer runs and is stopped: the genuine acknowledgements behind the forged one open the window again.
BOOST_AUTO_TEST_CASE(OpenedAgainInTime) {
  TwoHosts hosts({.wire_node = true});
  ns3::TcpsHelper().InstallPlain(hosts.nodes());
  hosts.wire_node()->AddElement(
      Make("ns3::TcpsAckInjector",
           {{"When", "data"}, {"Nth", "5"}, {"Towards", "client"}, {"Acknowledges", "in-flight"}, {"Window", "0"}}));
  const auto sink = hosts.AddSink();
  hosts.BulkSend(100000);
  hosts.Run(ns3::Seconds(kLong));
  BOOST_TEST(sink->GetTotalRx() == 100000U);
}

// Disguises the first two SYNs of its host.
class Disguise : public PassThrough {
 public:
  explicit Disguise(std::uint8_t flags) : flags_(flags) {}
  stack::Verdict Outbound(stack::Segment& segment, stack::Instant /*now*/) override {
    if (segment.IsSyn() && count_++ < 2) segment.flags = flags_;
    return stack::Verdict::kPass;
  }

 private:
  std::uint8_t flags_;
  int count_ = 0;
};

// Only SYN and ACK make ns-3 read a window, and before the first it takes the peer's for closed: a listening socket
// dies of it, 6 s later.
BOOST_AUTO_TEST_CASE(ListenerGetsASegmentThatAnnouncesNoWindow) {
  for (const std::uint8_t flags : std::initializer_list<std::uint8_t>{0, wire::kFin, wire::kPsh}) {
    TwoHosts hosts;
    InstallShim(hosts.client(), [flags](stack::SegmentSink&) { return std::make_unique<Disguise>(flags); });
    ns3::TcpsHelper().InstallPlain(hosts.server());
    const auto sink = hosts.AddSink();
    hosts.BulkSend(4000);
    hosts.Run(ns3::Seconds(kLong));
    BOOST_TEST(sink->GetTotalRx() == 4000U);
  }
}

}  // namespace
}  // namespace tcpslab::model_test
