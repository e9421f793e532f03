// The parts of a host that ns-3's TCP lacks, segment by segment.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <set>
#include <vector>

#include "model/tcps-host-parts.h"
#include "reference/crypto/random.h"
#include "reference/wire/segment.h"

namespace tcpslab {
namespace {

using ns3::TcpsHostParts;
using ns3::TcpsHostSettings;
using stack::Instant;
using std::chrono::seconds;
using wire::Segment;

constexpr std::size_t kMtu = 1500;
constexpr std::size_t kNoLimit = 1460;
constexpr std::uint32_t kPeerIsn = 0xdeadbeef;

wire::Endpoint Local4() { return {*wire::ParseAddress("10.0.0.1"), 49153}; }
wire::Endpoint Remote4() { return {*wire::ParseAddress("10.0.0.2"), 80}; }
wire::Endpoint Local6() { return {*wire::ParseAddress("2001:db8::1"), 49153}; }
wire::Endpoint Remote6() { return {*wire::ParseAddress("2001:db8::2"), 80}; }

wire::OptionArea Options(std::initializer_list<int> bytes) {
  std::vector<std::byte> raw;
  for (const int byte : bytes) raw.push_back(static_cast<std::byte>(byte));
  return *wire::OptionArea::FromBytes(raw);
}

Segment Make(const wire::Endpoint& source, const wire::Endpoint& destination, std::uint8_t flags) {
  Segment segment;
  segment.source = source;
  segment.destination = destination;
  segment.flags = flags;
  segment.window = 1000;
  return segment;
}

std::uint16_t MssOf(const Segment& segment) {
  const auto option = segment.options.Find(wire::kMaximumSegmentSize);
  BOOST_TEST_REQUIRE(option.has_value());
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(option->body()[0]) << 8U |
                                    std::to_integer<unsigned>(option->body()[1]));
}

// One host's parts, and segments of one connection.
struct Host {
  crypto::SeededRandom random{1};
  TcpsHostParts parts{random};
  TcpsHostSettings settings;
  Instant now{};
  wire::Endpoint local = Local4();
  wire::Endpoint remote = Remote4();
  std::size_t limit = 0;  // of the last segment sent
  std::size_t overhead = 0;

  Segment Send(std::uint8_t flags, std::uint32_t sequence, const wire::OptionArea& options = {}) {
    Segment segment = Make(local, remote, flags);
    segment.sequence = sequence;
    segment.options = options;
    limit = parts.Outbound(segment, kMtu, overhead, now, settings);
    return segment;
  }
  Segment Receive(std::uint8_t flags, std::uint32_t acknowledgement, const wire::OptionArea& options = {}) {
    Segment segment = Make(remote, local, flags);
    segment.sequence = (flags & wire::kSyn) != 0 ? kPeerIsn : kPeerIsn + 1;
    segment.acknowledgement = acknowledgement;
    segment.options = options;
    parts.Inbound(segment, now, settings);
    return segment;
  }
  // As a client, with the peer's options.
  std::uint32_t Connect(const wire::OptionArea& own = {}, const wire::OptionArea& peer = {}) {
    const std::uint32_t isn = Send(wire::kSyn, 0, own).sequence;
    Receive(wire::kSyn | wire::kAck, isn + 1, peer);
    Send(wire::kAck, 1);
    return isn;
  }
};

BOOST_AUTO_TEST_SUITE(initial_sequence_number)

BOOST_AUTO_TEST_CASE(ResetOfAStrayAnswerLeavesTheHandshakeOpen) {
  Host host;
  const std::uint32_t isn = host.Send(wire::kSyn, 0).sequence;
  host.Receive(wire::kSyn | wire::kAck, isn + 77);
  BOOST_TEST(host.Send(wire::kRst, 77).sequence == isn + 77);
  BOOST_TEST(host.Receive(wire::kSyn | wire::kAck, isn + 1, Options({2, 4, 4, 0})).sequence == 0U);
  BOOST_TEST(host.Send(wire::kAck, 1).acknowledgement == kPeerIsn);
  BOOST_TEST(host.limit == 1024U);
}

BOOST_AUTO_TEST_CASE(ShiftsOwnNumbersBothWays) {
  Host host;
  const std::uint32_t isn = host.Send(wire::kSyn, 0).sequence;
  BOOST_TEST(isn != 0U);
  BOOST_TEST(host.Receive(wire::kSyn | wire::kAck, isn + 1).acknowledgement == 1U);
  BOOST_TEST(host.Send(wire::kAck, 1).sequence == isn + 1);
  const Segment data = host.Receive(wire::kAck, isn + 1001);
  BOOST_TEST(data.acknowledgement == 1001U);
}

// ns-3 believes the peer to start near 0, too.
BOOST_AUTO_TEST_CASE(ShiftsThePeersNumbersBothWays) {
  Host host;
  const std::uint32_t isn = host.Send(wire::kSyn, 0).sequence;
  BOOST_TEST(host.Receive(wire::kSyn | wire::kAck, isn + 1).sequence == 0U);
  BOOST_TEST(host.Receive(wire::kAck, isn + 1).sequence == 1U);
  Segment ack = Make(host.local, host.remote, wire::kAck);
  ack.acknowledgement = 1;
  ack.options = Options({5, 10, 0, 0, 0, 0x10, 0, 0, 0, 0x20, 1, 1});
  host.parts.Outbound(ack, kMtu, 0, host.now, host.settings);
  BOOST_TEST(ack.acknowledgement == kPeerIsn + 1);
  BOOST_TEST((ack.options == Options({5, 10, 0xde, 0xad, 0xbe, 0xff, 0xde, 0xad, 0xbf, 0x0f, 1, 1})));
}

BOOST_AUTO_TEST_CASE(ForgedSynDoesNotMoveThePeersNumbers) {
  Host host;
  const std::uint32_t isn = host.Connect();
  Segment forged = Make(host.remote, host.local, wire::kSyn);
  forged.sequence = 77;
  host.parts.Inbound(forged, host.now, host.settings);
  BOOST_TEST(host.Receive(wire::kAck, isn + 1).sequence == 1U);
}

// A server that has sent nothing yet may be taken for one that still waits for a SYN-ACK.
BOOST_AUTO_TEST_CASE(ForgedSynAckDoesNotMoveThePeersNumbers) {
  Host host;
  host.Receive(wire::kSyn, 0);
  const std::uint32_t isn = host.Send(wire::kSyn | wire::kAck, 0).sequence;
  host.Receive(wire::kAck, isn + 1);
  Segment forged = Make(host.remote, host.local, wire::kSyn | wire::kAck);
  forged.sequence = kPeerIsn + 1;
  forged.acknowledgement = isn + 1;
  host.parts.Inbound(forged, host.now, host.settings);
  BOOST_TEST(host.Receive(wire::kAck, isn + 1).sequence == 1U);
}

BOOST_AUTO_TEST_CASE(LeavesTheAcknowledgementFieldAloneWithoutTheFlag) {
  Host host;
  host.Connect();
  BOOST_TEST(host.Receive(wire::kRst, 77).acknowledgement == 77U);
}

BOOST_AUTO_TEST_CASE(RetransmittedSynKeepsIt) {
  Host host;
  const std::uint32_t isn = host.Send(wire::kSyn, 0).sequence;
  BOOST_TEST(host.Send(wire::kSyn, 0).sequence == isn);
}

BOOST_AUTO_TEST_CASE(DiffersByConnection) {
  std::set<std::uint32_t> seen;
  Host host;
  for (std::uint16_t port = 1; port <= 100; ++port) {
    host.local.port = port;
    seen.insert(host.Connect());
  }
  BOOST_TEST(seen.size() == 100U);
}

BOOST_AUTO_TEST_CASE(DiffersWhenTheSameEndpointsConnectAgain) {
  Host host;
  const std::uint32_t first = host.Connect();
  host.Send(wire::kRst, 1);
  BOOST_TEST(host.Connect() != first);
}

BOOST_AUTO_TEST_CASE(ServerDrawsItWithItsSynAck) {
  Host host;
  host.Receive(wire::kSyn, 0);
  const std::uint32_t isn = host.Send(wire::kSyn | wire::kAck, 0).sequence;
  BOOST_TEST(isn != 0U);
  BOOST_TEST(host.Send(wire::kSyn | wire::kAck, 0).sequence == isn);
  BOOST_TEST(host.Receive(wire::kAck, isn + 1).acknowledgement == 1U);
}

// ns-3 answers a late segment of a closed connection with an RST of its own, numbered by what it was shown.
BOOST_AUTO_TEST_CASE(OutlivesTheSocket) {
  Host host;
  const std::uint32_t isn = host.Connect();
  host.Send(wire::kFin | wire::kAck, 1);
  host.Receive(wire::kFin | wire::kAck, isn + 2);
  host.now += seconds(200);
  const Segment late = host.Receive(wire::kAck, isn + 2);
  BOOST_TEST(host.Send(wire::kRst, late.acknowledgement).sequence == isn + 2);
}

BOOST_AUTO_TEST_CASE(ResetOfAnUnknownConnectionKeepsTheNumbersItAnswers) {
  Host host;
  const Segment stray = host.Receive(wire::kAck, 12345);
  BOOST_TEST(stray.acknowledgement == 12345U);
  BOOST_TEST(host.Send(wire::kRst, stray.acknowledgement).sequence == 12345U);
}

BOOST_AUTO_TEST_CASE(MayBeFixedOrOff) {
  Host host;
  host.settings.isn = 0xfffffffe;
  BOOST_TEST(host.Connect() == 0xfffffffeU);
  BOOST_TEST(host.Send(wire::kAck, 3).sequence == 1U);  // 0xfffffffe + 3 modulo 2^32
  Host off;
  off.settings.randomIsn = false;
  BOOST_TEST(off.Connect() == 0U);
}

BOOST_AUTO_TEST_CASE(SackEdgesAreShiftedToo) {
  Host host;
  host.settings.isn = 0x100;
  host.Connect();
  const Segment segment = host.Receive(wire::kAck, 0x101, Options({1, 1, 5, 10, 0, 0, 2, 0, 0, 0, 3, 0}));
  const auto sack = segment.options.Find(wire::kSack);
  BOOST_TEST_REQUIRE(sack.has_value());
  BOOST_TEST((segment.options == Options({5, 10, 0, 0, 1, 0, 0, 0, 2, 0})));
}

BOOST_AUTO_TEST_CASE(BothEndsOnOneHostAreKeptApart) {
  Host client;
  const std::uint32_t client_isn = client.Send(wire::kSyn, 0).sequence;
  // The same object plays the server: what it receives has the endpoints the other way round.
  Segment syn = Make(Local4(), Remote4(), wire::kSyn);
  syn.sequence = client_isn;
  client.parts.Inbound(syn, client.now, client.settings);
  Segment syn_ack = Make(Remote4(), Local4(), wire::kSyn | wire::kAck);
  client.parts.Outbound(syn_ack, kMtu, 0, client.now, client.settings);
  BOOST_TEST(syn_ack.sequence != client_isn);
  BOOST_TEST(client.Receive(wire::kSyn | wire::kAck, client_isn + 1).acknowledgement == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(memory)

BOOST_AUTO_TEST_CASE(ClosedAndHalfOpenOnesAreForgotten) {
  Host host;
  host.Connect();
  host.Send(wire::kRst, 1);
  host.local.port = 2;
  host.Send(wire::kSyn, 0);
  BOOST_TEST(host.parts.size() == 2U);
  host.now += seconds(241);
  host.local.port = 3;
  host.Connect();
  BOOST_TEST(host.parts.size() == 1U);
}

BOOST_AUTO_TEST_CASE(OpenOnesAreNotHoweverLongSilent) {
  Host client;
  const std::uint32_t isn = client.Connect();
  Host server;  // that never had anything to say
  server.Receive(wire::kSyn, 0);
  const std::uint32_t server_isn = server.Send(wire::kSyn | wire::kAck, 0).sequence;
  server.Receive(wire::kAck, server_isn + 1);
  for (Host* host : {&client, &server}) {
    host->now += seconds(1000000);
    const std::uint16_t port = host->local.port;
    host->local.port = 2;
    host->Send(wire::kSyn, 0);
    host->local.port = port;
  }
  BOOST_TEST(client.Send(wire::kAck, 1).sequence == isn + 1);
  BOOST_TEST(server.Send(wire::kAck, 1).sequence == server_isn + 1);
}

BOOST_AUTO_TEST_CASE(IsBounded) {
  Host host;
  host.settings.maxFlows = 10;
  for (std::uint16_t port = 1; port <= 50; ++port) {
    host.local.port = port;
    host.Send(wire::kSyn, 0);
  }
  BOOST_TEST(host.parts.size() == 10U);
  // Beyond the limit a connection works as ns-3's do.
  BOOST_TEST(host.Connect() == 0U);
}

BOOST_AUTO_TEST_CASE(ClosedOnesGiveWayAtTheLimit) {
  Host host;
  host.settings.maxFlows = 10;
  for (std::uint16_t port = 1; port <= 10; ++port) {
    host.local.port = port;
    host.Connect();
    host.Send(wire::kRst, 1);
  }
  host.now += seconds(2);
  host.local.port = 11;
  BOOST_TEST(host.Connect() != 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(maximum_segment_size)

BOOST_AUTO_TEST_CASE(IsTheMtuLessHeaders) {
  Host host;
  const Segment syn = host.Send(wire::kSyn, 0, Options({3, 3, 2, 4, 2}));
  BOOST_TEST(MssOf(syn) == 1460U);
  BOOST_TEST(syn.options.begin().operator*().kind() == wire::kMaximumSegmentSize);  // first, as Linux has it
  BOOST_TEST(syn.options.Find(wire::kSackPermitted).has_value());
  host.local = Local6();
  host.remote = Remote6();
  BOOST_TEST(MssOf(host.Send(wire::kSyn | wire::kAck, 0)) == 1440U);
  BOOST_TEST(!host.Send(wire::kAck, 1).options.Find(wire::kMaximumSegmentSize).has_value());
}

BOOST_AUTO_TEST_CASE(PeerIsObeyed) {
  Host host;
  host.Connect({}, Options({2, 4, 1000 >> 8, 1000 & 0xff}));
  BOOST_TEST(host.limit == 1000U);
  // RFC 6691: the sender makes room for its own options.
  host.Send(wire::kAck, 1, Options({8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  BOOST_TEST(host.limit == 988U);
}

BOOST_AUTO_TEST_CASE(SilentPeerGetsTheDefault) {
  Host host;
  host.Connect();
  BOOST_TEST(host.limit == 536U);  // RFC 9293, section 3.7.1
  Host host6;
  host6.local = Local6();
  host6.remote = Remote6();
  host6.Connect();
  BOOST_TEST(host6.limit == 1220U);
}

BOOST_AUTO_TEST_CASE(NeverBeyondTheMtu) {
  Host host;
  host.overhead = 20;
  host.Connect({}, Options({2, 4, 0xff, 0xff}));
  BOOST_TEST(host.limit == kNoLimit - 20);
}

BOOST_AUTO_TEST_CASE(TinyOnesAreNotBelieved) {
  Host host;
  host.Connect({}, Options({2, 4, 0, 1}));
  BOOST_TEST(host.limit == TcpsHostParts::kMinimumPeerMss);
}

BOOST_AUTO_TEST_CASE(ForgedSynsOnALiveConnectionChangeNothing) {
  Host host;
  host.Connect({}, Options({2, 4, 1000 >> 8, 1000 & 0xff}));
  host.Receive(wire::kSyn, 0, Options({2, 4, 0, 100}));
  host.Receive(wire::kSyn | wire::kAck, 0, Options({2, 4, 0, 100}));
  host.Send(wire::kAck, 1);
  BOOST_TEST(host.limit == 1000U);
}

BOOST_AUTO_TEST_CASE(MayBeOff) {
  Host host;
  host.settings.mssOption = false;
  BOOST_TEST(!host.Send(wire::kSyn, 0).options.Find(wire::kMaximumSegmentSize).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(window_scale)

wire::OptionArea ScaleBy2() { return Options({3, 3, 2}); }

BOOST_AUTO_TEST_CASE(UnansweredOfferIsTakenBack) {
  Host host;
  const Segment syn = host.Send(wire::kSyn, 0, ScaleBy2());
  BOOST_TEST(syn.window == 1000U);
  host.Receive(wire::kSyn | wire::kAck, syn.sequence + 1);
  BOOST_TEST(host.Send(wire::kAck, 1).window == 4000U);
}

BOOST_AUTO_TEST_CASE(CappedAt65535) {
  Host host;
  host.Connect(Options({3, 3, 14}));
  BOOST_TEST(host.Send(wire::kAck, 1).window == 65535U);
}

BOOST_AUTO_TEST_CASE(AnsweredOfferStands) {
  Host host;
  host.Connect(ScaleBy2(), ScaleBy2());
  BOOST_TEST(host.Send(wire::kAck, 1).window == 1000U);
}

BOOST_AUTO_TEST_CASE(ServerAnswersAnOffer) {
  Host host;
  host.Receive(wire::kSyn, 0, ScaleBy2());
  host.Send(wire::kSyn | wire::kAck, 0, ScaleBy2());
  BOOST_TEST(host.Send(wire::kAck, 1).window == 1000U);
}

BOOST_AUTO_TEST_CASE(MayBeOff) {
  Host host;
  host.settings.windowAfterUnansweredScale = false;
  host.Connect(ScaleBy2());
  BOOST_TEST(host.Send(wire::kAck, 1).window == 1000U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(option_guard)

BOOST_AUTO_TEST_CASE(OutgoingPaddingBecomesNop) {
  Host host;
  host.settings.mssOption = false;
  const Segment segment = host.Send(wire::kAck, 1, Options({8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0}));
  BOOST_TEST((segment.options == Options({8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1})));
}

// Each of these makes ns-3's parser loop, read past the header, or take options for payload.
BOOST_AUTO_TEST_CASE(MalformedOptionsDoNotReachTcp) {
  for (const wire::OptionArea& hostile : {
           Options({99, 0, 0, 0}),                         // length 0
           Options({99, 1, 0, 0}),                         // length 1
           Options({99, 40, 0, 0}),                        // beyond the header
           Options({1, 1, 1, 99}),                         // no length byte
           Options({2, 3, 5, 1}),                          // MSS of another size
           Options({3, 4, 1, 1}),                          // window scale of another size
           Options({4, 3, 0, 1}),                          // SACK-permitted of another size
           Options({5, 9, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1}),  // SACK that is no list of pairs
           Options({5, 2, 1, 1}),                          // SACK without a block
           Options({8, 8, 0, 0, 0, 0, 0, 0}),              // timestamps of another size
           Options({0, 99, 0, 0, 0, 0, 0, 0}),             // bytes behind EOL
           Options({253, 4, 0, 0}),                        // unknown to ns-3
       }) {
    Host host;
    BOOST_TEST(host.Receive(wire::kAck, 0, hostile).options.empty());
  }
}

BOOST_AUTO_TEST_CASE(WellFormedOptionsBesideThemDo) {
  Host host;
  const Segment segment =
      host.Receive(wire::kAck, 0, Options({1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 253, 4, 1, 1, 99, 0, 4, 2, 1}));
  BOOST_TEST((segment.options == Options({8, 10, 1, 2, 3, 4, 5, 6, 7, 8})));
}

BOOST_AUTO_TEST_CASE(WindowScaleAbove14CountsAs14) {
  Host host;
  BOOST_TEST((host.Receive(wire::kSyn, 0, Options({3, 3, 200})).options == Options({3, 3, 14})));
}

BOOST_AUTO_TEST_CASE(MayBeOff) {
  Host host;
  host.settings.optionGuard = false;
  BOOST_TEST((host.Receive(wire::kAck, 0, Options({99, 0, 0, 0})).options == Options({99, 0, 0, 0})));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab
