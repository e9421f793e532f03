// Stream positions beyond 4 GiB: row R11 of tcps-dialects.md (spec tcps-wire.md, section 4).
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "reference/tcps/test/key_log_reader.h"

namespace tcpslab::tcps::test {
namespace {

const auto kBothDialects = boost::unit_test::data::make({Dialect::kReadme, Dialect::kLkm});

struct Stream {
  explicit Stream(Dialect dialect) : talk(Conversation::Both(dialect)) {
    talk.HandshakeAndAck();
    first_byte = talk.client_next;
  }
  // The client's segment of 8 bytes at that offset.
  OwnedSegment At(std::uint64_t offset) {
    OwnedSegment segment = talk.Next(Side::kClient, wire::kPsh | wire::kAck, kText);
    segment->sequence = first_byte + static_cast<std::uint32_t>(offset);
    return segment;
  }
  // Sends it; true if it arrived readable.
  bool Send(std::uint64_t offset) {
    const auto got = talk.Resend(Side::kClient, At(offset));
    return got.size() == 1 && got[0].PayloadText() == kText;
  }
  // Whether what was sent last stands at `position` of the keystream and bears the tag of that position.
  bool LastStandsAt(std::uint64_t position) {
    const SessionKeys keys = LastSessionKeys(talk.pair());
    const crypto::Tag tag = talk.tcps(Side::kClient).dialect() == Dialect::kReadme
                                ? StandardTag(keys.mac_c2s, position, talk.last())
                                : LkmTag(keys.mac_c2s, position, talk.last());
    return DecryptAt(keys.enc_c2s, position, talk.last()) == kText && FindTm(talk.last()->options) == tag;
  }
  void Lose(bool lose) {
    talk.pair().SetPath(lose ? Pair::Path([](Side, OwnedSegment&) { return false; }) : Pair::Path());
  }
  static constexpr std::string_view kText = "12345678";
  Conversation talk;
  std::uint32_t first_byte = 0;
};

}  // namespace

BOOST_DATA_TEST_CASE(R11_InOrderOverThreeBoundaries, kBothDialects, dialect) {
  Stream stream(dialect);
  for (std::uint64_t position = 0; position < std::uint64_t{13} << 30; position += std::uint64_t{1} << 30) {
    BOOST_TEST(stream.Send(position));
    BOOST_TEST(stream.LastStandsAt(position));
  }
  BOOST_TEST(stream.talk.Count(Side::kServer, EventKind::kTagInvalid) == 0U);
}

// Section 4: "measured sequence of offsets 0xfffffff0, 0x10, 0xffffff00, 0x60 -> positions 0x0fffffff0, 0x100000010,
// 0x1ffffff00, 0x200000060". R11: the nearest ones instead.
// TCPS-POS-10
BOOST_DATA_TEST_CASE(R11_RetransmissionFromBeforeABoundary, kBothDialects, dialect) {
  Stream stream(dialect);
  const bool readme = dialect == Dialect::kReadme;
  for (const std::uint64_t position : {0x0ULL, 0x40000000ULL, 0x80000000ULL, 0xc0000000ULL, 0xfffffff0ULL}) {
    BOOST_TEST(stream.Send(position));
    BOOST_TEST(stream.LastStandsAt(position));
  }
  BOOST_TEST(stream.Send(0x10));
  BOOST_TEST(stream.LastStandsAt(0x100000010));
  stream.Lose(true);  // the retransmission does not reach the server
  stream.Send(0xffffff00);
  BOOST_TEST(stream.LastStandsAt(readme ? 0xffffff00 : 0x1ffffff00));
  stream.Lose(false);
  BOOST_TEST(stream.Send(0x60) == readme);
  BOOST_TEST(stream.LastStandsAt(readme ? 0x100000060 : 0x200000060));
  BOOST_TEST(stream.Send(0x68) == readme);
  BOOST_TEST(stream.talk.Count(Side::kServer, EventKind::kTagInvalid) == (readme ? 0U : 2U));
}

BOOST_AUTO_TEST_CASE(R11_ReadmeDeliversARetransmissionFromBeforeABoundary) {
  Stream stream(Dialect::kReadme);
  for (const std::uint64_t position : {0x40000000ULL, 0x80000000ULL, 0xc0000000ULL, 0xfffffff0ULL, 0x100000010ULL,
                                       0xffffff00ULL, 0xfffffff8ULL, 0x100000000ULL, 0x100000060ULL}) {
    BOOST_TEST(stream.Send(position));
    BOOST_TEST(stream.LastStandsAt(position));
  }
}

// Section 9: "one forged segment far ahead, bad TM: all later genuine segments fail; connection dead".
BOOST_DATA_TEST_CASE(R11_ForgedSegmentFarAhead, kBothDialects, dialect) {
  Stream stream(dialect);
  BOOST_TEST(stream.Send(0));
  OwnedSegment forged = stream.At(0x80000100);
  static_cast<void>(AppendTm(forged->options, crypto::Tag{}));
  BOOST_TEST(stream.talk.Forge(Side::kServer, forged).empty());
  BOOST_TEST(stream.Send(8) == (dialect == Dialect::kReadme));
  BOOST_TEST(stream.Send(16) == (dialect == Dialect::kReadme));
  BOOST_TEST(stream.talk.Count(Side::kServer, EventKind::kTagInvalid) == (dialect == Dialect::kReadme ? 1U : 3U));
}

// A segment that is dropped for want of room does not move the sender either.
BOOST_DATA_TEST_CASE(R11_DroppedOutgoingSegmentMovesNothing, kBothDialects, dialect) {
  Stream stream(dialect);
  BOOST_TEST(stream.Send(0));
  OwnedSegment far = stream.At(0x80000100);
  far->options = *wire::OptionArea::FromBytes(std::vector<std::byte>(24, std::byte{wire::kNoOperation}));
  BOOST_TEST(stream.talk.Resend(Side::kClient, far).empty());
  BOOST_TEST(stream.Send(8));
  BOOST_TEST(stream.LastStandsAt(8));
}

// The keep-alive of some stacks: one byte just before the next expected one, at first the SYN's own number.
BOOST_AUTO_TEST_CASE(R11_ReadmeKeepAliveByteBeforeTheStream) {
  Stream stream(Dialect::kReadme);
  OwnedSegment probe = stream.At(0);
  --probe->sequence;
  probe.SetPayload("x");
  BOOST_TEST(stream.talk.Resend(Side::kClient, probe).at(0).PayloadText() == "x");
  BOOST_TEST(stream.Send(0));
  BOOST_TEST(stream.LastStandsAt(0));
}

}  // namespace tcpslab::tcps::test
