// What the guard takes for a duplicate acknowledgement. What ns-3's TCP makes of it is tested with whole transfers in
// adapter_test.cc.
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <span>
#include <vector>

#include "model/tcps-duplicate-ack-guard.h"
#include "reference/wire/options.h"

namespace tcpslab {
namespace {

using wire::Segment;

constexpr std::uint32_t kSize = 1000;

// One end that sends.
struct Sender {
  ns3::TcpsDuplicateAckGuard guard;
  std::uint32_t next = 1;
  bool sack = false;

  void Send(int segments) {
    for (int i = 0; i < segments; ++i, next += kSize) BOOST_TEST(!guard.NoteSent(next, kSize));
  }
  struct Shown {
    bool acknowledges;  // TCP sees the flag ACK
    bool loss;
  };
  Shown Acknowledge(std::uint32_t number, std::size_t payload = 0, std::uint8_t flags = 0) {
    std::vector<std::byte> bytes(payload);
    Segment segment;
    segment.sequence = 1;
    segment.acknowledgement = number;
    segment.flags = wire::kAck | flags;
    segment.payload = bytes;
    const bool loss = guard.Inbound(segment, !sack);
    return {.acknowledges = segment.Has(wire::kAck), .loss = loss};
  }
};

BOOST_AUTO_TEST_CASE(WithoutLossNothingIsSeen) {
  Sender sender;
  sender.Send(10);
  for (std::uint32_t number = 1; number <= sender.next; number += kSize) {
    const Sender::Shown shown = sender.Acknowledge(number);
    BOOST_TEST(shown.acknowledges);
    BOOST_TEST(!shown.loss);
  }
  // With nothing in flight, an acknowledgement that comes again is none.
  BOOST_TEST(!sender.Acknowledge(sender.next).loss);
}

BOOST_AUTO_TEST_CASE(RepeatedAcknowledgementTellsOfALoss) {
  Sender sender;
  sender.Send(20);
  BOOST_TEST(!sender.Acknowledge(1 + 4 * kSize).loss);
  const Sender::Shown shown = sender.Acknowledge(1 + 4 * kSize);
  BOOST_TEST(shown.loss);
  BOOST_TEST(shown.acknowledges);
}

BOOST_AUTO_TEST_CASE(RetransmissionTellsOfALoss) {
  Sender sender;
  sender.Send(20);
  BOOST_TEST(sender.guard.NoteSent(1, kSize));
  BOOST_TEST(!sender.guard.NoteSent(1, 0));  // a pure ACK
}

BOOST_AUTO_TEST_CASE(SackTellsOfALoss) {
  Sender sender;
  sender.Send(20);
  Segment segment;
  segment.acknowledgement = 1 + kSize;
  segment.flags = wire::kAck;
  std::vector<std::byte> block(10);
  block[0] = std::byte{wire::kSack};
  block[1] = std::byte{10};
  segment.options = *wire::OptionArea::FromBytes(block);
  BOOST_TEST(sender.guard.Inbound(segment, false));
}

// RFC 5681, section 2: a duplicate carries no data.
BOOST_AUTO_TEST_CASE(SegmentsWithDataAreNoDuplicates) {
  Sender sender;
  sender.Send(20);
  sender.Acknowledge(1);
  const Sender::Shown shown = sender.Acknowledge(1, 100);
  BOOST_TEST(!shown.acknowledges);
  BOOST_TEST(!shown.loss);
  // A FIN and congestion marks need the flag; new acknowledgements count; SACK tells duplicates by its blocks.
  BOOST_TEST(sender.Acknowledge(1, 100, wire::kFin).acknowledges);
  BOOST_TEST(sender.Acknowledge(1, 100, wire::kEce).acknowledges);
  BOOST_TEST(sender.Acknowledge(1 + kSize, 100).acknowledges);
  sender.sack = true;
  BOOST_TEST(sender.Acknowledge(1 + kSize, 100).acknowledges);
}

}  // namespace
}  // namespace tcpslab
