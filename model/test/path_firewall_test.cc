// A stateful firewall.
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string_view>

#include "model/path/middlebox/tcps-firewall.h"
#include "model/test/path_bench.h"
#include "ns3/simulator.h"

namespace tcpslab::model_test {
namespace {

using ns3::TcpsPathElement;
using stack::OwnedSegment;

// One connection through a firewall: the client's first byte is 101, the server's 501, both windows 1000.
struct Fixture {
  explicit Fixture(const Attributes& attributes = {}, bool uses_ipv6 = false)
      : bench(Make("ns3::TcpsFirewall", attributes)), ipv6(uses_ipv6) {}

  bool Passes(const OwnedSegment& segment, TcpsPathElement::Direction direction) {
    const std::size_t before = bench.outputs.size();
    bench.Receive(*segment, direction);
    return bench.outputs.size() > before && bench.outputs.back().direction == direction;
  }
  bool Forward(std::uint8_t flags, std::uint32_t sequence, std::uint32_t acknowledgement, std::string_view text = "") {
    return Passes(Travelling(kForward, flags, sequence, acknowledgement, text, ipv6), kForward);
  }
  bool Backward(std::uint8_t flags, std::uint32_t sequence, std::uint32_t acknowledgement, std::string_view text = "") {
    return Passes(Travelling(kBackward, flags, sequence, acknowledgement, text, ipv6), kBackward);
  }
  void Open() {
    BOOST_TEST(Forward(wire::kSyn, 100, 0));
    BOOST_TEST(Backward(kSynAck, 500, 101));
    BOOST_TEST(Forward(wire::kAck, 101, 501));
  }

  Bench bench;
  bool ipv6;
};

BOOST_AUTO_TEST_SUITE(firewall)

BOOST_AUTO_TEST_CASE(LetsPassWhatItSawBegin) {
  for (const bool ipv6 : {false, true}) {
    Fixture f({}, ipv6);
    f.Open();
    BOOST_TEST(f.Forward(wire::kAck, 101, 501, "request"));
    BOOST_TEST(f.Backward(wire::kAck, 501, 108, "response"));
    BOOST_TEST(f.Forward(wire::kAck, 101, 501, "request"));  // a retransmission
    BOOST_TEST(f.Forward(wire::kAck | wire::kFin, 108, 509));
    BOOST_TEST(f.Backward(wire::kAck | wire::kFin, 509, 109));
    BOOST_TEST(f.Forward(wire::kAck, 109, 510));
    BOOST_TEST(f.Forward(wire::kSyn, 9000, 0));  // the same ports again
  }
}

BOOST_AUTO_TEST_CASE(RefusesWhatItDidNotSeeBegin) {
  for (const bool window_check : {false, true}) {
    Fixture f({{"WindowCheck", window_check ? "true" : "false"}}, false);
    BOOST_TEST(!f.Forward(wire::kAck, 101, 501, "data"));
    BOOST_TEST(!f.Backward(kSynAck, 500, 101));
    BOOST_TEST(!f.Backward(wire::kRst, 500, 0));
    BOOST_TEST(f.Forward(wire::kSyn, 100, 0));
    BOOST_TEST(!f.Forward(wire::kAck, 101, 501, "too early"));
    BOOST_TEST(f.Backward(kSynAck, 500, 101));
  }
}

BOOST_AUTO_TEST_CASE(AnotherAttemptCountsAnew) {
  Fixture f;
  BOOST_TEST(f.Forward(wire::kSyn, 70000, 0));
  BOOST_TEST(f.Backward(kSynAck, 90000, 70001));
  f.Open();
  BOOST_TEST(f.Forward(wire::kAck, 101, 501, "request"));
  BOOST_TEST(f.Backward(wire::kAck, 501, 108, "response"));
}

// RFC 9293, section 3.10.7.4: a SYN on a live connection gets a challenge ACK; only a RST after it says that it was
// meant.
BOOST_AUTO_TEST_CASE(AForgedSynDoesNotEndALiveConnection) {
  Fixture f;
  f.Open();
  BOOST_TEST(f.Forward(wire::kSyn, 70000, 0));
  BOOST_TEST(f.Backward(wire::kAck, 501, 101));  // the challenge
  BOOST_TEST(f.Forward(wire::kAck, 101, 501, "request"));
  BOOST_TEST(f.Forward(wire::kSyn, 70000, 0));
  BOOST_TEST(f.Forward(wire::kRst, 108, 0));  // it was meant
  BOOST_TEST(f.Forward(wire::kSyn, 70000, 0));
  BOOST_TEST(f.Backward(kSynAck, 90000, 70001));
  BOOST_TEST(f.Forward(wire::kAck, 70001, 90001, "request"));
}

BOOST_AUTO_TEST_CASE(ARefusedConnectionIsAnswered) {
  Fixture f;
  BOOST_TEST(f.Forward(wire::kSyn, 100, 0));
  BOOST_TEST(!f.Backward(wire::kRst | wire::kAck, 0, 999));
  BOOST_TEST(f.Backward(wire::kRst | wire::kAck, 0, 101));
}

BOOST_AUTO_TEST_CASE(ForgetsTheIdle) {
  Fixture f({{"IdleTimeout", "2s"}}, false);
  f.Open();
  ns3::Simulator::Stop(ns3::Seconds(2));
  ns3::Simulator::Run();
  BOOST_TEST(f.Forward(wire::kAck, 101, 501, "just in time"));
  ns3::Simulator::Stop(ns3::Seconds(2.1));
  ns3::Simulator::Run();
  BOOST_TEST(!f.Forward(wire::kAck, 113, 501, "late"));
  BOOST_TEST(!f.Backward(wire::kAck, 501, 113));
}

BOOST_AUTO_TEST_CASE(AResetEndsTheConnection) {
  Fixture f;
  f.Open();
  BOOST_TEST(f.Backward(wire::kRst, 501, 0));
  BOOST_TEST(!f.Forward(wire::kAck, 101, 501, "data"));
}

// The edges of the rules: the receiver's window, one window back, and no acknowledgement of what was not sent.
BOOST_AUTO_TEST_CASE(ChecksWindows) {
  struct Case {
    std::uint32_t sequence;
    std::uint32_t acknowledgement;
    bool passes;
  };
  for (const auto& [sequence, acknowledgement, passes] : {Case{1100, 501, true},   // the window's last byte
                                                          Case{1101, 501, true},   // a window probe
                                                          Case{1102, 501, false},  // beyond
                                                          Case{101U - 1000U, 501, true}, Case{101U - 1001U, 501, false},
                                                          Case{101, 502, false}}) {  // the server has sent nothing
    for (const bool window_check : {false, true}) {
      Fixture f({{"WindowCheck", window_check ? "true" : "false"}}, false);
      f.Open();
      BOOST_TEST(f.Forward(wire::kAck, sequence, acknowledgement, "x") == (passes || !window_check));
    }
  }
}

BOOST_AUTO_TEST_CASE(KnowsWindowScale) {
  for (const bool both : {false, true}) {
    Fixture f;
    const std::array<std::byte, 3> scale{std::byte{wire::kWindowScale}, std::byte{3}, std::byte{4}};
    OwnedSegment syn = Travelling(kForward, wire::kSyn, 100);
    OwnedSegment syn_ack = Travelling(kBackward, kSynAck, 500, 101);
    BOOST_TEST(syn_ack->options.Append(scale).has_value());
    if (both) BOOST_TEST(syn->options.Append(scale).has_value());
    BOOST_TEST(f.Passes(syn, kForward));
    BOOST_TEST(f.Passes(syn_ack, kBackward));
    BOOST_TEST(f.Forward(wire::kAck, 101, 501));
    BOOST_TEST(f.Backward(wire::kAck, 501, 101));  // announces 1000, or 16000
    BOOST_TEST(f.Forward(wire::kAck, 101 + 15999, 501, "x") == both);
    BOOST_TEST(!f.Forward(wire::kAck, 101 + 16001, 501, "x"));
  }
}

// RFC 9293, section 3.5.2.
BOOST_AUTO_TEST_CASE(ResetsIfToldSo) {
  for (const bool ipv6 : {false, true}) {
    Fixture f({{"Reply", "reset"}}, ipv6);
    BOOST_TEST(!f.Forward(wire::kAck, 101, 501, "data"));
    BOOST_TEST(f.bench.outputs.back().direction == kBackward);
    BOOST_TEST(LastOf(f.bench).flags == wire::kRst);
    BOOST_TEST(LastOf(f.bench).sequence == 501U);
    BOOST_TEST(!f.Forward(0, 101, 0, "data"));
    BOOST_TEST(LastOf(f.bench).flags == (wire::kRst | wire::kAck));
    BOOST_TEST(LastOf(f.bench).acknowledgement == 105U);
    const std::size_t before = f.bench.outputs.size();
    BOOST_TEST(!f.Forward(wire::kRst, 101, 0));
    BOOST_TEST(f.bench.outputs.size() == before);
  }
}

BOOST_AUTO_TEST_CASE(OthersPass) { CheckLeavesOthersAlone("ns3::TcpsFirewall"); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::model_test
