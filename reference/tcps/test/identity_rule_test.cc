// The TI rule of the readme dialect (tcps-dialects.md, below the table), and R8 where no ACK of TCP carries TI.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "reference/tcps/test/key_log_reader.h"

namespace tcpslab::tcps::test {
namespace {

using stack::Duration;

// A conversation that notes when each TI left.
struct TimedConversation : Conversation {
  explicit TimedConversation(const Hosts& hosts = Conversation::Both(Dialect::kReadme)) : Conversation(hosts) {
    pair().SetPath([this](Side from, OwnedSegment& segment) {
      if (HasTi(segment)) {
        ti_left.emplace_back(from, pair().now().time_since_epoch());
        if (lose_ti) return false;
      }
      return true;
    });
  }
  [[nodiscard]] std::vector<Duration> TiTimes(Side from) const {
    std::vector<Duration> times;
    for (const auto& [side, at] : ti_left) {
      if (side == from) times.push_back(at);
    }
    return times;
  }
  std::vector<std::pair<Side, Duration>> ti_left;
  bool lose_ti = false;
};

// The client sends data in place of its third ACK, so that neither TCP has sent a pure ACK.
void HandshakeWithoutPureAck(Conversation& talk) {
  talk.Syn();
  talk.SynAck();
  talk.Data(Side::kClient, "GET /");
}

constexpr int kOwnAcks = 8;

}  // namespace

// (a) no TI of the peer was accepted: every pure ACK carries one.
BOOST_AUTO_TEST_CASE(TiRepeatsUntilThePeersCame) {
  Conversation talk;
  talk.Handshake();
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(HasTi(talk.last()));
    talk.Ack(Side::kClient);
  }
  talk.Ack(Side::kServer);
  talk.Ack(Side::kClient);
  BOOST_TEST(!HasTi(talk.last()));
}

// (b) none was sent: the peer's TI does not end it.
BOOST_AUTO_TEST_CASE(TiIsSentOnceThoughThePeersCameFirst) {
  Conversation talk;
  talk.Handshake();
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
  talk.Data(Side::kServer, "no pure ACK");
  BOOST_TEST(!HasTi(talk.last()));
  talk.Ack(Side::kServer);
  BOOST_TEST(HasTi(talk.last()));
  talk.Ack(Side::kServer);
  BOOST_TEST(!HasTi(talk.last()));
}

// TI replaces every option of the ACK; data and FIN never carry it.
BOOST_AUTO_TEST_CASE(TiStandsAloneAndOnPureAcksOnly) {
  Conversation talk;
  talk.Handshake();
  OwnedSegment ack = talk.Next(Side::kServer, wire::kAck);
  ack->options = Options({1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 8, 1, 1, 5, 10, 0, 0, 1, 0, 0, 0, 2, 0});
  talk.Send(Side::kServer, ack);
  BOOST_TEST(talk.last()->options.size() == 40U);
  BOOST_TEST(!talk.last()->options.Find(wire::kSack).has_value());
  ack->flags |= wire::kRst;
  talk.Resend(Side::kServer, ack);
  BOOST_TEST((talk.last()->options == ack->options));
}

// The host sends no pure ACK: after 200 ms the shim sends one of its own.
BOOST_AUTO_TEST_CASE(HostThatSendsOnlyDataShowsItsIdentityAllTheSame) {
  TimedConversation talk;
  HandshakeWithoutPureAck(talk);
  talk.Data(Side::kServer, "reply");
  BOOST_TEST(talk.ti_left.empty());
  talk.pair().Advance(199ms);
  BOOST_TEST(talk.ti_left.empty());
  talk.pair().Advance(1ms);
  BOOST_REQUIRE_EQUAL(talk.ti_left.size(), 2U);
  BOOST_TEST(talk.state(Side::kClient) == State::kAuthenticated);
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
  const std::size_t before = talk.sent();
  talk.pair().Advance(120s);
  BOOST_TEST(talk.sent() == before);
  BOOST_TEST(talk.tcps(Side::kClient).counters().emitted == 1U);
}

// "highest sequence number sent (SYN and FIN count one) and the acknowledgement and window of the last segment that
// left".
BOOST_AUTO_TEST_CASE(NumbersOfAnOwnAck) {
  TimedConversation talk;
  HandshakeWithoutPureAck(talk);
  OwnedSegment data = talk.Next(Side::kClient, wire::kAck, "12345678");
  data->window = 1234;
  talk.Send(Side::kClient, data);
  OwnedSegment again = data;  // a retransmission, later and with another window, does not lower the number
  again->window = 4321;
  again.SetPayload("1234");
  talk.Resend(Side::kClient, again);
  const std::size_t before = talk.sent();
  talk.pair().Advance(200ms);
  BOOST_REQUIRE(talk.sent() > before);
  const auto& [side, ack] = talk.pair().wire()[before];
  BOOST_TEST((side == Side::kClient));
  BOOST_TEST(HasTi(ack));
  BOOST_TEST(ack->sequence == talk.client_next);
  BOOST_TEST(ack->acknowledgement == talk.client_acknowledges);
  BOOST_TEST(ack->window == 4321U);
  BOOST_TEST(ack->flags == wire::kAck);
  BOOST_TEST((ack->source == talk.client_end));
  BOOST_TEST((ack->destination == talk.server_end));
}

// A RST that answers a stray segment has numbers of its own.
BOOST_AUTO_TEST_CASE(NumbersOfAnOwnAckAfterAStrayReset) {
  TimedConversation talk;
  HandshakeWithoutPureAck(talk);
  OwnedSegment reset = talk.Next(Side::kClient, wire::kRst);
  reset->sequence += 0x10000000;
  reset->window = 0;
  talk.Resend(Side::kClient, reset);
  talk.Data(Side::kClient, "going on");
  const std::size_t before = talk.sent();
  talk.pair().Advance(200ms);
  BOOST_REQUIRE(talk.sent() > before);
  BOOST_TEST(talk.pair().wire()[before].second->sequence == talk.client_next);
  BOOST_TEST(talk.pair().wire()[before].second->acknowledgement == talk.client_acknowledges);
}

// A server that never completed the handshake sends no ACK of its own: its TCP would not.
BOOST_AUTO_TEST_CASE(NoOwnAckBeforeTheHandshakeIsComplete) {
  TimedConversation talk;
  talk.Syn();
  talk.SynAck();
  talk.Forge(Side::kServer, talk.Next(Side::kClient, wire::kPsh | wire::kAck, "forged, dropped"));
  const std::size_t before = talk.sent();
  talk.pair().Advance(30s);
  BOOST_TEST(talk.sent() == before);
}

// "(doubling, at most 8 times per connection)".
BOOST_AUTO_TEST_CASE(OwnAcksDoubleTheirIntervalAndEnd) {
  TimedConversation talk;
  talk.lose_ti = true;
  HandshakeWithoutPureAck(talk);
  for (int second = 0; second < 280; ++second) talk.pair().Advance(1s);
  for (const Side side : {Side::kClient, Side::kServer}) {
    const std::vector<Duration> times = talk.TiTimes(side);
    BOOST_REQUIRE_EQUAL(times.size(), kOwnAcks);
    Duration expected = 200ms;
    for (int i = 0; i < kOwnAcks; ++i, expected += 200ms * (1 << i)) BOOST_TEST((times[i] == expected));
  }
}

// "has sent no pure ACK for 200 ms": each of the host's own puts the shim's off.
BOOST_AUTO_TEST_CASE(HostsPureAcksMakeOwnAcksNeedless) {
  TimedConversation talk;
  talk.lose_ti = true;
  talk.Handshake();
  for (int i = 0; i < 50; ++i) {
    talk.pair().Advance(150ms);
    talk.Ack(Side::kClient);
    talk.Ack(Side::kServer);
  }
  BOOST_TEST(talk.tcps(Side::kClient).counters().emitted == 0U);
  BOOST_TEST(talk.tcps(Side::kServer).counters().emitted == 0U);
}

// (b) before a FIN, with the FIN's own numbers, and ahead of it.
BOOST_AUTO_TEST_CASE(IdentityLeavesBeforeTheFin) {
  Conversation talk;
  HandshakeWithoutPureAck(talk);
  OwnedSegment fin = talk.Next(Side::kServer, wire::kFin | wire::kAck, "short reply");
  fin->window = 777;
  const std::size_t before = talk.sent();
  const auto got = talk.Send(Side::kServer, fin);
  BOOST_REQUIRE_EQUAL(talk.sent(), before + 2);
  const OwnedSegment ack = talk.pair().wire()[before].second;
  BOOST_TEST(HasTi(ack));
  BOOST_TEST(ack->sequence == fin->sequence);
  BOOST_TEST(ack->acknowledgement == fin->acknowledgement);
  BOOST_TEST(ack->window == 777U);
  BOOST_TEST(ack->flags == wire::kAck);
  BOOST_TEST(HasTm(talk.last()));
  BOOST_REQUIRE_EQUAL(got.size(), 2U);
  BOOST_TEST(got[1].PayloadText() == "short reply");
  BOOST_TEST(talk.state(Side::kClient) == State::kAuthenticated);
  // Once: a retransmitted FIN is not preceded by another.
  talk.Resend(Side::kServer, fin);
  BOOST_TEST(talk.sent() == before + 3);
}

// Not under (a) alone: our TI has left, and only the peer's is missing.
BOOST_AUTO_TEST_CASE(NoOwnAckBeforeTheFinIfOursHasLeft) {
  Conversation talk;
  talk.Handshake();
  const std::size_t before = talk.sent();
  talk.Fin(Side::kClient);
  BOOST_TEST(talk.sent() == before + 1);
}

// (c): a TI that comes 200 ms or more after ours left tells that ours may be lost.
BOOST_AUTO_TEST_CASE(AnswerToATiThatComesAgain) {
  Conversation talk;
  talk.HandshakeAndAck();
  const Identity client{.key = talk.tcps(Side::kClient).identity(), .proof = {}};
  talk.pair().Advance(200ms);
  talk.Forge(Side::kServer, talk.NextTi(Side::kClient, client));
  talk.Ack(Side::kServer);
  BOOST_TEST(HasTi(talk.last()));
  talk.Ack(Side::kServer);
  BOOST_TEST(!HasTi(talk.last()));
}

BOOST_AUTO_TEST_CASE(NoAnswerWhileOursIsYoung) {
  Conversation talk;
  talk.HandshakeAndAck();
  const Identity client{.key = talk.tcps(Side::kClient).identity(), .proof = {}};
  talk.pair().Advance(199ms);
  talk.Forge(Side::kServer, talk.NextTi(Side::kClient, client));
  talk.Ack(Side::kServer);
  BOOST_TEST(!HasTi(talk.last()));
}

BOOST_AUTO_TEST_CASE(AnswerIsNotOwedToAnotherKey) {
  Conversation talk;
  talk.HandshakeAndAck();
  talk.pair().Advance(1s);
  talk.Forge(Side::kServer, talk.NextTi(Side::kClient, {.key = {std::byte{9}}, .proof = {}}));
  talk.Ack(Side::kServer);
  BOOST_TEST(!HasTi(talk.last()));
}

// "at most 8 answers per connection".
BOOST_AUTO_TEST_CASE(AnswersEnd) {
  Conversation talk;
  talk.HandshakeAndAck();
  const Identity client{.key = talk.tcps(Side::kClient).identity(), .proof = {}};
  int answers = 0;
  for (int i = 0; i < 12; ++i) {
    talk.pair().Advance(200ms);
    talk.Forge(Side::kServer, talk.NextTi(Side::kClient, client));
    talk.Ack(Side::kServer);
    answers += HasTi(talk.last()) ? 1 : 0;
  }
  BOOST_TEST(answers == 8);
}

// An answer that is owed leaves before the FIN, too.
BOOST_AUTO_TEST_CASE(OwedAnswerLeavesBeforeTheFin) {
  Conversation talk;
  talk.HandshakeAndAck();
  talk.pair().Advance(1s);
  talk.Forge(Side::kServer, talk.NextTi(Side::kClient, {.key = talk.tcps(Side::kClient).identity(), .proof = {}}));
  const std::size_t before = talk.sent();
  talk.Fin(Side::kServer);
  BOOST_TEST(talk.sent() == before + 2);
  BOOST_TEST(HasTi(talk.pair().wire()[before].second));
}

// "The rule repairs losses": whichever of the first TI are lost, both sides authenticate without help of TCP.
BOOST_DATA_TEST_CASE(LossesAreRepaired, boost::unit_test::data::xrange(0, 64), pattern) {
  Conversation talk;
  int number = 0;
  talk.pair().SetPath([&](Side, OwnedSegment& segment) {
    return !HasTi(segment) || ++number > 6 || ((pattern >> (number - 1)) & 1) == 0;
  });
  HandshakeWithoutPureAck(talk);
  talk.pair().Advance(60s);
  BOOST_TEST(talk.state(Side::kClient) == State::kAuthenticated);
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
}

// A connection that is over before its first interval has no other time for it; a TCP that has closed answers by RST.
BOOST_AUTO_TEST_CASE(LossesAreRepairedAfterBothFins) {
  Conversation talk;
  int number = 0;
  talk.pair().SetPath([&](Side, OwnedSegment& segment) { return !HasTi(segment) || ++number > 1; });
  HandshakeWithoutPureAck(talk);
  talk.Fin(Side::kServer);
  talk.Fin(Side::kClient);
  talk.Reset(Side::kServer);
  talk.pair().Advance(60s);
  BOOST_TEST(talk.state(Side::kClient) == State::kAuthenticated);
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
}

BOOST_AUTO_TEST_CASE(NoOwnAckAfterAnAbort) {
  Conversation talk;
  HandshakeWithoutPureAck(talk);
  talk.Reset(Side::kClient);
  const std::size_t before = talk.sent();
  talk.pair().Advance(50s);
  BOOST_TEST(std::ranges::none_of(talk.pair().wire().begin() + static_cast<std::ptrdiff_t>(before),
                                  talk.pair().wire().end(),
                                  [](const auto& sent) { return sent.first == Side::kClient && HasTi(sent.second); }));
}

// "… and comes to rest also when the path duplicates every segment."
BOOST_DATA_TEST_CASE(ComesToRest, boost::unit_test::data::make({false, true}), duplicate) {
  Conversation talk;
  const auto advance = [&](Duration step, int times) {
    for (int i = 0; i < times; ++i) {
      const std::size_t before = talk.sent();
      talk.pair().Advance(step);
      if (!duplicate) continue;
      for (std::size_t n = before; n < talk.sent(); ++n) {
        const auto [from, segment] = talk.pair().wire()[n];
        talk.Forge(stack::Opposite(from), segment);
      }
    }
  };
  HandshakeWithoutPureAck(talk);
  advance(50ms, 2400);
  BOOST_TEST(talk.state(Side::kClient) == State::kAuthenticated);
  BOOST_TEST(talk.state(Side::kServer) == State::kAuthenticated);
  const std::size_t before = talk.sent();
  BOOST_TEST(before <= 3U + 2 * kOwnAcks);
  advance(1s, 120);
  BOOST_TEST(talk.sent() == before);
}

// "At most one in 200 ms, so that it never makes three duplicate ACKs": also against a peer that asks all the time.
BOOST_AUTO_TEST_CASE(OwnAcksKeepTheirDistance) {
  TimedConversation talk;
  talk.HandshakeAndAck();
  talk.ti_left.clear();
  const Identity client{.key = talk.tcps(Side::kClient).identity(), .proof = {}};
  for (int i = 0; i < 3000; ++i) {
    talk.pair().Advance(10ms);
    talk.Forge(Side::kServer, talk.NextTi(Side::kClient, client));
  }
  const std::vector<Duration> times = talk.TiTimes(Side::kServer);
  BOOST_TEST(!times.empty());
  BOOST_TEST(times.size() <= static_cast<std::size_t>(kOwnAcks));
  for (std::size_t i = 1; i < times.size(); ++i) BOOST_TEST((times[i] - times[i - 1] >= 200ms));
}

// Wire section 6: lkm has no timer; a host that sends only data never shows its identity.
BOOST_AUTO_TEST_CASE(LkmSendsNoAckOfItsOwn) {
  TimedConversation talk(Conversation::Both(Dialect::kLkm));
  HandshakeWithoutPureAck(talk);
  talk.Data(Side::kServer, "reply");
  talk.pair().Advance(120s);
  talk.Fin(Side::kServer);
  BOOST_TEST(talk.ti_left.empty());
  BOOST_TEST(talk.tcps(Side::kServer).counters().emitted == 0U);
  BOOST_TEST(talk.state(Side::kClient) == State::kEncrypted);
}

}  // namespace tcpslab::tcps::test
