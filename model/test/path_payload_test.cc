// Boxes that look at application bytes: one that edits them, one that insists on their first version.
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/path/middlebox/tcps-consistency-checker.h"
#include "model/path/middlebox/tcps-payload-editor.h"
#include "model/test/path_bench.h"

namespace tcpslab::model_test {
namespace {

using ns3::Ptr;
using ns3::TcpsPathElement;
using stack::OwnedSegment;

BOOST_AUTO_TEST_SUITE(payload_editor)

// The handshake: client's first byte 101, server's 501.
void Open(Bench& bench, bool ipv6 = false) {
  bench.Receive(*Travelling(kForward, wire::kSyn, 100, 0, "", ipv6), kForward);
  bench.Receive(*Travelling(kBackward, kSynAck, 500, 101, "", ipv6), kBackward);
}

// What becomes of a segment of the client.
OwnedSegment Sent(Bench& bench, std::uint32_t sequence, std::string_view text, bool ipv6 = false,
                  std::uint8_t flags = wire::kAck) {
  bench.Receive(*Travelling(kForward, flags, sequence, 501, text, ipv6), kForward);
  return OwnedSegment(LastOf(bench));
}

// What becomes of the server's acknowledgement.
std::uint32_t Acknowledged(Bench& bench, std::uint32_t number, bool ipv6 = false) {
  bench.Receive(*Travelling(kBackward, wire::kAck, 501, number, "", ipv6), kBackward);
  return LastOf(bench).acknowledgement;
}

BOOST_AUTO_TEST_CASE(Overwrites) {
  for (const bool ipv6 : {false, true}) {
    Bench bench(Make("ns3::TcpsPayloadEditor", {{"Edits", "client"}, {"Offset", "4"}, {"Bytes", "XYZ"}}));
    Open(bench, ipv6);
    BOOST_TEST(Sent(bench, 101, "01234", ipv6).PayloadText() == "0123X");
    BOOST_TEST(Sent(bench, 106, "56789", ipv6).PayloadText() == "YZ789");
    BOOST_TEST(Sent(bench, 103, "2345", ipv6).PayloadText() == "23XY");  // a retransmission
    BOOST_TEST(Sent(bench, 111, "end", ipv6)->sequence == 111U);
    BOOST_TEST(Acknowledged(bench, 114, ipv6) == 114U);
  }
}

BOOST_AUTO_TEST_CASE(OverwritesOnceIfToldSo) {
  Bench bench(Make("ns3::TcpsPayloadEditor",
                   {{"Edits", "client"}, {"Segment", "2"}, {"Bytes", "XY"}, {"Persistent", "false"}}));
  Open(bench);
  BOOST_TEST(Sent(bench, 101, "abc").PayloadText() == "abc");
  BOOST_TEST(Sent(bench, 101, "abc").PayloadText() == "abc");  // carries nothing new, so it is not the second
  BOOST_TEST(Sent(bench, 104, "def").PayloadText() == "XYf");
  BOOST_TEST(Sent(bench, 104, "def").PayloadText() == "def");
}

BOOST_AUTO_TEST_CASE(InsertsAndPutsNumbersRight) {
  for (const bool ipv6 : {false, true}) {
    Bench bench(
        Make("ns3::TcpsPayloadEditor", {{"Edits", "client"}, {"Offset", "3"}, {"Mode", "insert"}, {"Bytes", "++"}}));
    Open(bench, ipv6);
    bench.outputs.clear();
    Sent(bench, 101, "abcdef", ipv6);
    BOOST_TEST_REQUIRE(bench.outputs.size() == 2U);  // no piece larger than the original
    BOOST_TEST(bench.outputs[0].segment.PayloadText() + bench.outputs[1].segment.PayloadText() == "abc++def");
    BOOST_TEST(bench.outputs[0].segment->sequence == 101U);
    BOOST_TEST(bench.outputs[1].segment->sequence == 107U);
    BOOST_TEST(Sent(bench, 107, "ghi", ipv6)->sequence == 109U);
    BOOST_TEST(Acknowledged(bench, 104, ipv6) == 104U);
    BOOST_TEST(Acknowledged(bench, 105, ipv6) == 104U);  // in the midst of what the client never sent
    BOOST_TEST(Acknowledged(bench, 106, ipv6) == 104U);
    BOOST_TEST(Acknowledged(bench, 112, ipv6) == 110U);
    const OwnedSegment fin = Sent(bench, 110, "", ipv6, wire::kAck | wire::kFin);
    BOOST_TEST(fin->sequence == 112U);
  }
}

BOOST_AUTO_TEST_CASE(DeletesAndPutsNumbersRight) {
  Bench bench(
      Make("ns3::TcpsPayloadEditor", {{"Edits", "client"}, {"Offset", "2"}, {"Mode", "delete"}, {"Length", "5"}}));
  Open(bench);
  BOOST_TEST(Sent(bench, 101, "abc").PayloadText() == "ab");
  BOOST_TEST(Acknowledged(bench, 103) == 104U);  // one of the five has been sent: no more can be acknowledged
  const OwnedSegment all_gone = Sent(bench, 104, "def");
  BOOST_TEST(all_gone.PayloadText().empty());
  BOOST_TEST(all_gone->sequence == 102U);  // a keep-alive, so that the server acknowledges
  BOOST_TEST(Acknowledged(bench, 103) == 107U);
  const OwnedSegment next = Sent(bench, 107, "ghij");
  BOOST_TEST(next.PayloadText() == "hij");
  BOOST_TEST(next->sequence == 103U);
  BOOST_TEST(Acknowledged(bench, 106) == 111U);
}

BOOST_AUTO_TEST_CASE(AnotherAttemptCountsAnew) {
  Bench bench(Make("ns3::TcpsPayloadEditor", {{"Edits", "client"}, {"Offset", "1"}, {"Bytes", "X"}}));
  bench.Receive(*Travelling(kForward, wire::kSyn, 70000), kForward);  // never answered
  Open(bench);
  BOOST_TEST(Sent(bench, 101, "abc").PayloadText() == "aXc");
}

BOOST_AUTO_TEST_CASE(SackBlocksFollow) {
  Bench bench(
      Make("ns3::TcpsPayloadEditor", {{"Edits", "client"}, {"Mode", "insert"}, {"Offset", "0"}, {"Bytes", "1234"}}));
  Open(bench);
  Sent(bench, 101, "abcdefgh");
  OwnedSegment answer = Travelling(kBackward, wire::kAck, 501, 101);
  const std::array<std::byte, 10> sack{std::byte{wire::kSack}, std::byte{10}, {}, {}, {}, std::byte{108}, {}, {}, {},
                                       std::byte{113}};
  BOOST_TEST(answer->options.Append(sack).has_value());
  bench.Receive(*answer, kBackward);
  const auto body = LastOf(bench).options.Find(wire::kSack)->body();
  BOOST_TEST(std::to_integer<int>(body[3]) == 104);
  BOOST_TEST(std::to_integer<int>(body[7]) == 109);
}

BOOST_AUTO_TEST_CASE(LeavesTheOtherDirectionAndOtherConnections) {
  const Ptr<TcpsPathElement> element =
      Make("ns3::TcpsPayloadEditor", {{"Edits", "server"}, {"Bytes", "XY"}, {"Goal", "inject"}});
  Bench bench(element);
  BOOST_TEST(Sent(bench, 900, "its handshake was not seen").PayloadText() == "its handshake was not seen");
  Open(bench);
  BOOST_TEST(Sent(bench, 101, "abc").PayloadText() == "abc");
  BOOST_TEST(!element->HasAchieved());
  bench.Receive(*Travelling(kBackward, wire::kAck, 501, 104, "abc"), kBackward);
  BOOST_TEST(OwnedSegment(LastOf(bench)).PayloadText() == "XYc");
  BOOST_TEST(element->HasAchieved());
  BOOST_TEST(ns3::DynamicCast<ns3::TcpsPayloadEditor>(element)->GetNEdited() == 1U);
}

BOOST_AUTO_TEST_CASE(OthersPass) { CheckLeavesOthersAlone("ns3::TcpsPayloadEditor"); }

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(consistency_checker)

std::string Passed(Bench& bench, std::uint32_t sequence, std::string_view text, bool ipv6 = false) {
  bench.outputs.clear();
  bench.Receive(*Travelling(kForward, wire::kAck, sequence, 1, text, ipv6), kForward);
  return bench.outputs.empty() ? "dropped" : OwnedSegment(LastOf(bench)).PayloadText();
}

BOOST_AUTO_TEST_CASE(FirstVersionsStand) {
  for (const bool ipv6 : {false, true}) {
    for (const bool restore : {false, true}) {
      const Ptr<TcpsPathElement> element =
          Make("ns3::TcpsConsistencyChecker", {{"Action", restore ? "restore" : "drop"}});
      Bench bench(element);
      BOOST_TEST(Passed(bench, 10, "abcd", ipv6) == "abcd");
      BOOST_TEST(Passed(bench, 10, "abcd", ipv6) == "abcd");
      BOOST_TEST(Passed(bench, 12, "cdef", ipv6) == "cdef");  // other boundaries, the same bytes
      BOOST_TEST(Passed(bench, 12, "cXef", ipv6) == (restore ? "cdef" : "dropped"));
      BOOST_TEST(Passed(bench, 14, "eXgh", ipv6) == (restore ? "efgh" : "dropped"));
      BOOST_TEST(Passed(bench, 16, "GH", ipv6) == (restore ? "gh" : "GH"));  // what was dropped is not remembered
      BOOST_TEST(ns3::DynamicCast<ns3::TcpsConsistencyChecker>(element)->GetNInconsistent() == (restore ? 3U : 2U));
    }
  }
}

BOOST_AUTO_TEST_CASE(GapsAreFilledOnce) {
  Bench bench(Make("ns3::TcpsConsistencyChecker"));
  BOOST_TEST(Passed(bench, 0xfffffff8, "01234567") == "01234567");
  BOOST_TEST(Passed(bench, 4, "cdef") == "cdef");
  BOOST_TEST(Passed(bench, 0, "89ab") == "89ab");
  BOOST_TEST(Passed(bench, 0xfffffffe, "678X") == "dropped");
}

BOOST_AUTO_TEST_CASE(ForgetsTheOldest) {
  Bench bench(Make("ns3::TcpsConsistencyChecker", {{"Memory", "8"}}));
  BOOST_TEST(Passed(bench, 0, "01234567") == "01234567");
  BOOST_TEST(Passed(bench, 8, "89") == "89");
  BOOST_TEST(Passed(bench, 0, "XX") == "XX");
  BOOST_TEST(Passed(bench, 2, "X") == "dropped");
  BOOST_TEST(Passed(bench, 13, "def") == "def");
  BOOST_TEST(Passed(bench, 2, "X") == "X");
  BOOST_TEST(Passed(bench, 10, "gap") == "gap");
  // So far ahead that no window of that size allows it: a forgery, and no reason to forget.
  BOOST_TEST(Passed(bench, 1 << 30, "far") == "far");
  BOOST_TEST(Passed(bench, 13, "X") == "dropped");
}

// What a receiver will not take is no first version.
BOOST_AUTO_TEST_CASE(DamagedSegmentsDoNotCount) {
  Bench bench(Make("ns3::TcpsConsistencyChecker", {{"Action", "restore"}}));
  std::vector<std::uint8_t> bytes = PacketOf(*Travelling(kForward, wire::kAck, 10, 1, "abXd")).GetBytes();
  bytes.back() ^= 1U;
  bench.Receive(ns3::TcpsPathPacket(bytes), kForward);
  BOOST_TEST(bench.outputs.back().bytes == bytes);
  BOOST_TEST(Passed(bench, 10, "abcd") == "abcd");
}

BOOST_AUTO_TEST_CASE(DirectionsAndConnectionsStayApart) {
  Bench bench(Make("ns3::TcpsConsistencyChecker"));
  BOOST_TEST(Passed(bench, 10, "abcd") == "abcd");
  bench.Receive(*Travelling(kBackward, wire::kAck, 10, 1, "ABCD"), kBackward);
  OwnedSegment other = Travelling(kForward, wire::kAck, 10, 1, "1234");
  other->source.port = 4711;
  bench.Receive(*other, kForward);
  BOOST_TEST(bench.outputs.size() == 3U);
  bench.Receive(*Travelling(kForward, wire::kRst, 14), kForward);
  bench.Receive(*Travelling(kForward, wire::kSyn, 5), kForward);  // the same ports, a new connection
  BOOST_TEST(Passed(bench, 10, "wxyz") == "wxyz");
}

BOOST_AUTO_TEST_CASE(OthersPass) { CheckLeavesOthersAlone("ns3::TcpsConsistencyChecker"); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::model_test
