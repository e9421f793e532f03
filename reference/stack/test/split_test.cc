#include "reference/stack/split.h"

#include <rapidcheck.h>

#include <boost/test/unit_test.hpp>

namespace tcpslab::stack::test {
namespace {

// RFC 9293, section 3.1; all that a segment of data may have.
wire::Segment Whole() {
  wire::Segment whole;
  whole.sequence = 0xfffffff0;
  whole.acknowledgement = 7;
  whole.window = 512;
  whole.flags = wire::kAck | wire::kPsh | wire::kFin | wire::kCwr | wire::kEce;
  whole.options = *wire::OptionArea::FromBytes(std::vector<std::byte>(4, std::byte{wire::kNoOperation}));
  return whole;
}

}  // namespace

BOOST_AUTO_TEST_CASE(PiecesAreWhatTcpWouldHaveSent) {
  const std::vector<Piece> pieces = Split(Whole(), 250, 100);
  BOOST_REQUIRE_EQUAL(pieces.size(), 3U);
  BOOST_TEST(pieces[0].segment.sequence == 0xfffffff0);
  BOOST_TEST(pieces[1].segment.sequence == 0x54U);  // over the wrap
  BOOST_TEST(pieces[2].segment.sequence == 0xb8U);
  // CWR on the first, PSH and FIN on the last.
  BOOST_TEST(pieces[0].segment.flags == (wire::kAck | wire::kCwr | wire::kEce));
  BOOST_TEST(pieces[1].segment.flags == (wire::kAck | wire::kEce));
  BOOST_TEST(pieces[2].segment.flags == (wire::kAck | wire::kEce | wire::kPsh | wire::kFin));
  for (const Piece& piece : pieces) {
    BOOST_TEST(piece.segment.acknowledgement == 7U);
    BOOST_TEST(piece.segment.window == 512U);
    BOOST_TEST((piece.segment.options == Whole().options));
  }
}

BOOST_AUTO_TEST_CASE(WhatFitsIsOnePiece) {
  const std::vector<Piece> pieces = Split(Whole(), 100, 100);
  BOOST_REQUIRE_EQUAL(pieces.size(), 1U);
  BOOST_TEST(pieces[0].segment.flags == Whole().flags);
  BOOST_TEST(pieces[0].segment.sequence == Whole().sequence);
  BOOST_TEST(pieces[0].size == 100U);
  BOOST_TEST(Split(Whole(), 0, 100).empty());
}

// Urgent data ends 120 bytes after the segment's first.
BOOST_AUTO_TEST_CASE(UrgentPointerStaysWhereItPoints) {
  wire::Segment whole = Whole();
  whole.flags |= wire::kUrg;
  whole.urgent_pointer = 120;
  const std::vector<Piece> pieces = Split(whole, 250, 60);
  BOOST_REQUIRE_EQUAL(pieces.size(), 5U);
  BOOST_TEST(pieces[0].segment.urgent_pointer == 120U);
  BOOST_TEST(pieces[1].segment.urgent_pointer == 60U);
  BOOST_TEST(pieces[1].segment.Has(wire::kUrg));
  for (std::size_t i = 2; i < pieces.size(); ++i) {
    BOOST_TEST(pieces[i].segment.urgent_pointer == 0U);
    BOOST_TEST(!pieces[i].segment.Has(wire::kUrg));
  }
}

BOOST_AUTO_TEST_CASE(PiecesCoverThePayloadOnce) {
  const bool holds = rc::check([] {
    const auto payload = *rc::gen::inRange<std::size_t>(0, 70000);
    const auto limit = *rc::gen::inRange<std::size_t>(1, 9000);
    std::size_t next = 0;
    for (const Piece& piece : Split(Whole(), payload, limit)) {
      RC_ASSERT(piece.offset == next);
      RC_ASSERT(piece.size > 0 && piece.size <= limit);
      RC_ASSERT(piece.segment.sequence == Whole().sequence + static_cast<std::uint32_t>(next));
      RC_ASSERT(piece.segment.payload.empty());
      next += piece.size;
      RC_ASSERT(piece.segment.Has(wire::kFin) == (next == payload));
    }
    RC_ASSERT(next == payload);
  });
  BOOST_TEST(holds);
}

}  // namespace tcpslab::stack::test
