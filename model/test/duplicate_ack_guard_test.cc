// What the guard shows ns-3's TCP in loss recovery; that it saves ns-3 is tested with whole transfers in
// adapter_test.cc.
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <vector>

#include "model/tcps-duplicate-ack-guard.h"

namespace tcpslab {
namespace {

using wire::Segment;

constexpr std::uint32_t kSize = 1000;

// One end that sends to a peer whose window is 20 segments.
struct Sender {
  ns3::TcpsDuplicateAckGuard guard;
  std::uint32_t next = 1;
  std::uint8_t shift = 0;
  bool sack = false;

  void Send(int segments) {
    for (int i = 0; i < segments; ++i, next += kSize) guard.NoteSent(next, kSize);
  }
  Segment Acknowledge(std::uint32_t number, std::uint16_t window = 20 * kSize, std::size_t payload = 0) {
    std::vector<std::byte> bytes(payload);
    Segment segment;
    segment.sequence = 1;
    segment.acknowledgement = number;
    segment.flags = wire::kAck;
    segment.window = window;
    segment.payload = bytes;
    guard.Inbound(segment, shift, sack);
    segment.payload = {};
    return segment;
  }
};

BOOST_AUTO_TEST_CASE(WithoutLossNothingChanges) {
  Sender sender;
  sender.Send(10);
  for (std::uint32_t number = 1; number <= sender.next; number += kSize) {
    const Segment segment = sender.Acknowledge(number);
    BOOST_TEST(segment.window == 20 * kSize);
    BOOST_TEST(segment.sequence == 1U);
    BOOST_TEST(segment.Has(wire::kAck));
  }
}

BOOST_AUTO_TEST_CASE(DuplicateShowsLessThanWhatIsInFlight) {
  Sender sender;
  sender.Send(20);
  BOOST_TEST(sender.Acknowledge(1 + 4 * kSize).window == 20 * kSize);
  const Segment duplicate = sender.Acknowledge(1 + 4 * kSize);
  BOOST_TEST(duplicate.window == 16 * kSize - 1);
  // ns-3 believes the smaller window of a duplicate only if its sequence number is higher than any before.
  BOOST_TEST(duplicate.sequence == 2U);
  // It knows now, so that the next one need not be raised, and must not be believed to open the window.
  const Segment next = sender.Acknowledge(1 + 4 * kSize);
  BOOST_TEST(next.window == 16 * kSize - 1);
  BOOST_TEST(next.sequence == 1U);
}

BOOST_AUTO_TEST_CASE(RecoveryEndsWithWhatWasInFlight) {
  Sender sender;
  sender.Send(20);
  sender.Acknowledge(1 + 4 * kSize);
  sender.Acknowledge(1 + 4 * kSize);
  BOOST_TEST(sender.Acknowledge(1 + 10 * kSize).window == 10 * kSize - 1);  // partial
  BOOST_TEST(sender.Acknowledge(1 + 20 * kSize).window == 20 * kSize);
}

BOOST_AUTO_TEST_CASE(RetransmissionBeginsRecoveryToo) {
  Sender sender;
  sender.Send(20);
  sender.guard.NoteSent(1, kSize);
  BOOST_TEST(sender.Acknowledge(1 + 10 * kSize).window == 10 * kSize - 1);
}

BOOST_AUTO_TEST_CASE(WideWindowsAreLeftAlone) {
  Sender sender;
  sender.Send(5);
  sender.Acknowledge(1 + 1 * kSize);
  BOOST_TEST(sender.Acknowledge(1 + 1 * kSize).window == 20 * kSize);
}

// ns-3's silly window avoidance would keep it from retransmitting.
BOOST_AUTO_TEST_CASE(RoomForOneSegmentStays) {
  Sender sender;
  sender.Send(20);
  sender.Acknowledge(1);
  sender.Acknowledge(1);
  BOOST_TEST(sender.Acknowledge(1 + 19 * kSize).window == 1460U);
}

BOOST_AUTO_TEST_CASE(ScaledWindowStaysBelowWhatIsInFlight) {
  Sender sender;
  sender.shift = 7;
  sender.Send(20);
  sender.Acknowledge(1, 20 * kSize >> 7);
  const Segment duplicate = sender.Acknowledge(1, 20 * kSize >> 7);
  BOOST_TEST((std::uint32_t{duplicate.window} << 7) < 20 * kSize);
  BOOST_TEST((std::uint32_t{duplicate.window} << 7) > 19 * kSize);
}

BOOST_AUTO_TEST_CASE(SegmentsWithDataAreNoDuplicates) {
  Sender sender;
  sender.Send(20);
  sender.Acknowledge(1);
  BOOST_TEST(!sender.Acknowledge(1, 20 * kSize, 100).Has(wire::kAck));
  // New acknowledgements count, and SACK tells duplicates by its blocks.
  BOOST_TEST(sender.Acknowledge(1 + kSize, 20 * kSize, 100).Has(wire::kAck));
  sender.sack = true;
  BOOST_TEST(sender.Acknowledge(1 + kSize, 20 * kSize, 100).Has(wire::kAck));
}

}  // namespace
}  // namespace tcpslab
