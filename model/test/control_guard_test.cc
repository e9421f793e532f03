// What RST and SYN do to a connection of ns-3's TCP: RFC 9293, sections 3.10.7.3 and 3.10.7.4.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "model/path/tcps-path-element.h"
#include "model/test/path_bench.h"
#include "model/test/two_hosts.h"
#include "ns3/boolean.h"
#include "ns3/tcps-shim-protocol.h"

namespace tcpslab::model_test {
namespace {

constexpr std::uint64_t kBytes = 200000;
constexpr const char* kReset = "ns3::TcpsResetInjector";

struct Outcome {
  std::uint64_t received = 0;
  std::size_t pure_acks = 0;  // that the server sent
  std::size_t client_syns = 0;
  std::size_t retransmissions = 0;               // that the client sent
  std::vector<std::uint32_t> client_resets;      // their numbers
  std::vector<std::uint32_t> acknowledged_syns;  // what SYN-ACKs acknowledge
};

// A bulk transfer through a path with an attacker on it.
Outcome Transfer(const std::string& type, const Attributes& attributes, bool ipv6 = false) {
  TwoHosts hosts({.family = ipv6 ? Family::kIpv6 : Family::kIpv4, .wire_node = true});
  ns3::TcpsHelper().InstallPlain(hosts.nodes());
  hosts.wire_node()->AddElement(Make(type, attributes));
  hosts.AssignStreams();
  const auto sink = hosts.AddSink();
  hosts.BulkSend(kBytes);
  hosts.Run(ns3::Seconds(20));
  Outcome outcome;
  outcome.received = sink->GetTotalRx();
  for (const wire::Segment& segment : hosts.Segments(false)) {
    outcome.pure_acks += segment.IsPureAck() ? 1 : 0;
    if (segment.IsSynAck()) outcome.acknowledged_syns.push_back(segment.acknowledgement);
  }
  std::set<std::uint32_t> sent;
  for (const wire::Segment& segment : hosts.Segments(true)) {
    outcome.client_syns += segment.IsSyn() ? 1 : 0;
    if (segment.Has(wire::kRst)) outcome.client_resets.push_back(segment.sequence);
    outcome.retransmissions += !segment.payload.empty() && !sent.insert(segment.sequence).second ? 1 : 0;
  }
  return outcome;
}

BOOST_AUTO_TEST_CASE(ExactNumberResets) {
  for (const bool ipv6 : {false, true}) {
    for (const char* with_ack : {"false", "true"}) {
      for (const char* towards : {"client", "server"}) {
        const Outcome outcome =
            Transfer(kReset, {{"When", "data"}, {"Nth", "30"}, {"Towards", towards}, {"WithAck", with_ack}}, ipv6);
        BOOST_TEST(outcome.received < kBytes);
      }
    }
  }
}

// RFC 9293, sections 3.10.7.1 and 3.10.7.2: neither CLOSED nor LISTEN cares. ns-3 3.37 dies of it, 6 s later.
BOOST_AUTO_TEST_CASE(ResetsWithoutAConnectionAreDiscarded) {
  for (const char* towards : {"client", "server"}) {
    const Outcome outcome = Transfer(kReset, {{"When", "data"},
                                              {"Nth", "30"},
                                              {"Towards", towards},
                                              {"WithAck", "true"},
                                              {"Count", "20"},
                                              {"Interval", "100ms"}});
    BOOST_TEST(outcome.received < kBytes);
  }
}

// The challenge ACK repeats the number that is expected; a forger off the path does not see it.
BOOST_AUTO_TEST_CASE(AnotherNumberInTheWindowIsChallenged) {
  const Outcome undisturbed = Transfer(kReset, {{"When", "data"}, {"Nth", "1000"}});
  BOOST_TEST(undisturbed.received == kBytes);
  const Outcome outcome = Transfer(kReset, {{"When", "data"}, {"Nth", "30"}, {"Guess", "in-window"}, {"Count", "7"}});
  BOOST_TEST(outcome.received == kBytes);
  BOOST_TEST(outcome.pure_acks == undisturbed.pure_acks + 7);
}

BOOST_AUTO_TEST_CASE(ANumberOutsideTheWindowIsIgnored) {
  const Outcome undisturbed = Transfer(kReset, {{"When", "data"}, {"Nth", "1000"}});
  const Outcome outcome = Transfer(kReset, {{"When", "data"}, {"Nth", "30"}, {"Guess", "blind"}, {"Count", "20"}});
  BOOST_TEST(outcome.received == kBytes);
  BOOST_TEST(outcome.pure_acks == undisturbed.pure_acks);
}

BOOST_AUTO_TEST_CASE(InSynSentItMustAcknowledgeTheSyn) {
  for (const char* with_ack : {"false", "true"}) {
    const Outcome outcome =
        Transfer(kReset, {{"When", "syn-ack"}, {"Before", "true"}, {"Towards", "client"}, {"WithAck", with_ack}});
    const bool refused = with_ack == std::string("true");
    BOOST_TEST(outcome.received == (refused ? 0U : kBytes));
    BOOST_TEST(outcome.client_syns == 1U);
  }
}

// RFC 9293, section 3.10.7.3: the RST has the number that the SYN-ACK acknowledged; the right SYN-ACK still counts.
BOOST_AUTO_TEST_CASE(AnAnswerToAnotherSynIsReset) {
  for (const bool ipv6 : {false, true}) {
    const Outcome outcome =
        Transfer("ns3::TcpsSynInjector", {{"When", "syn"}, {"Towards", "client"}, {"Acknowledges", "random"}}, ipv6);
    BOOST_TEST(outcome.received == kBytes);
    BOOST_TEST(outcome.client_syns == 1U);
    BOOST_TEST_REQUIRE(outcome.client_resets.size() == 1U);
    BOOST_TEST_REQUIRE(outcome.acknowledged_syns.size() == 2U);
    BOOST_TEST(outcome.client_resets[0] == outcome.acknowledged_syns[0]);
  }
}

// ns-3's own RST of a closed port carries no timestamps, which its TCP would not forgive.
BOOST_AUTO_TEST_CASE(AClosedPortRefusesAtOnce) {
  for (const bool guard : {true, false}) {
    TwoHosts hosts;
    ns3::TcpsHelper helper;
    helper.InstallPlain(hosts.nodes());
    hosts.client()->GetObject<ns3::TcpsShimProtocol>()->SetAttribute("ControlGuard", ns3::BooleanValue(guard));
    hosts.BulkSend(1000);
    hosts.Run(ns3::Seconds(20));
    const auto segments = hosts.Segments(true);
    BOOST_TEST(std::ranges::count_if(segments, &wire::Segment::IsSyn) == (guard ? 1 : 3));
  }
}

// It changes nothing: the same transfer, and an ACK more for each.
BOOST_AUTO_TEST_CASE(ASynOnAConnectionIsChallenged) {
  const Outcome undisturbed = Transfer(kReset, {{"When", "data"}, {"Nth", "1000"}});
  for (const char* towards : {"client", "server"}) {
    const Outcome outcome = Transfer("ns3::TcpsSynInjector", {{"When", "data"}, {"Nth", "30"}, {"Towards", towards}});
    BOOST_TEST(outcome.received == kBytes);
    BOOST_TEST(outcome.retransmissions == undisturbed.retransmissions);
    BOOST_TEST(outcome.pure_acks == undisturbed.pure_acks + (towards == std::string("server") ? 1 : 0));
  }
}

// Sends a segment without SYN, RST and ACK in place of its first SYN-ACK, or of its first data.
class Disguise : public PassThrough {
 public:
  Disguise(std::uint8_t flags, bool data) : flags_(flags), data_(data) {}
  stack::Verdict Outbound(stack::Segment& segment, stack::Instant /*now*/) override {
    if (!done_ && (data_ ? !segment.payload.empty() : segment.IsSynAck())) {
      done_ = true;
      segment.flags = flags_;
    }
    return stack::Verdict::kPass;
  }

 private:
  std::uint8_t flags_;
  bool data_;
  bool done_ = false;
};

// RFC 9293, sections 3.10.7.3 (fifth) and 3.10.7.4 (fifth). In SYN-SENT, ns-3 takes the connection for established.
BOOST_AUTO_TEST_CASE(WithoutAckNothingIsAccepted) {
  for (const bool data : {false, true}) {
    for (const std::uint8_t flags : std::initializer_list<std::uint8_t>{0, wire::kFin, wire::kPsh}) {
      TwoHosts hosts;
      const auto disguise = [&](stack::SegmentSink&) { return std::make_unique<Disguise>(flags, data); };
      InstallShim(data ? hosts.client() : hosts.server(), disguise);
      ns3::TcpsHelper().InstallPlain(data ? hosts.server() : hosts.client());
      const auto sink = hosts.AddSink();
      hosts.BulkSend(500);
      hosts.Run(ns3::Seconds(20));
      BOOST_TEST(sink->GetTotalRx() == 500U);
      // Sent again, since the first one was dropped.
      std::size_t sent = 0;
      for (const wire::Segment& segment : hosts.Segments(data)) {
        sent += (data ? !segment.payload.empty() : segment.Has(wire::kSyn)) ? 1 : 0;
      }
      BOOST_TEST(sent >= (data ? 2U : 1U));
    }
  }
}

}  // namespace
}  // namespace tcpslab::model_test
