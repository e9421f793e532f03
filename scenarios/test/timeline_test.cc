#include "scenarios/runner/timeline.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "reference/wire/packet.h"
#include "scenarios/runner/connection_plan.h"

namespace tcpslab::scenarios {
namespace {

using std::chrono::milliseconds;
using Bytes = std::vector<std::byte>;
using Kind = TimelineEntry::Kind;

constexpr std::uint32_t kClientIsn = 0xfffffff0;  // the stream crosses 2^32
constexpr std::uint32_t kServerIsn = 5000;
constexpr std::size_t kLinks = 3;

Bytes Options(std::initializer_list<unsigned> bytes) {
  Bytes options;
  for (const unsigned byte : bytes) {
    options.push_back(static_cast<std::byte>(byte));
  }
  return options;
}

// One connection over a path of two elements.
struct Fixture {
  static Bytes Packet(HostName sender, std::uint8_t flags, std::uint32_t sequence, std::uint32_t acknowledgement,
                      std::size_t length = 0, const Bytes& options = {}) {
    wire::Segment segment;
    segment.source = {*wire::ParseAddress("10.0.0.1"), 49152};
    segment.destination = {*wire::ParseAddress("10.0.0.2"), ConnectionPlan::kFirstPort};
    segment.sequence = kClientIsn + sequence;
    segment.acknowledgement = kServerIsn + acknowledgement;
    if (sender == HostName::kServer) {
      std::swap(segment.source, segment.destination);
      segment.sequence = kServerIsn + sequence;
      segment.acknowledgement = kClientIsn + acknowledgement;
    }
    segment.flags = flags;
    segment.options = *wire::OptionArea::FromBytes(options);
    Bytes payload(length);
    segment.payload = payload;
    Bytes header(wire::kIpv4HeaderSize);
    const auto ip_header = wire::MakeIpHeader(segment, header);
    Bytes packet(wire::kIpv4HeaderSize + segment.HeaderSize() + length);
    BOOST_REQUIRE(wire::EmitPacket({*ip_header, segment}, packet, wire::Checksum::kCompute));
    return packet;
  }

  void Cross(HostName sender, const Bytes& packet, std::size_t first, std::size_t last) {
    const bool forward = sender == HostName::kClient;
    for (std::size_t i = 0; i <= last - first; ++i) {
      timeline.OnTransmit(forward ? first + i : last - i, sender, packet, now);
      now += milliseconds(1);
    }
  }
  void Handshake() {
    Cross(HostName::kClient, Packet(HostName::kClient, wire::kSyn, 0, 0), 0, 2);
    Cross(HostName::kServer, Packet(HostName::kServer, wire::kSyn | wire::kAck, 0, 1), 0, 2);
  }

  Timeline timeline{1, kLinks};
  stack::Duration now{};
};

BOOST_FIXTURE_TEST_CASE(ASegmentIsToldOnceWhateverNumberOfLinksItCrosses, Fixture) {
  Handshake();
  Cross(HostName::kServer, Packet(HostName::kServer, wire::kAck, 1, 21, 100), 0, 2);
  const std::vector<TimelineEntry> entries = timeline.Take();
  BOOST_REQUIRE(entries.size() == 3U);
  BOOST_TEST((entries[0].kind == Kind::kSegment && entries[0].from == HostName::kClient));
  BOOST_TEST(entries[0].link == 1U);
  BOOST_TEST(entries[0].to == 3U);
  BOOST_TEST(entries[0].segment.flags == "SYN");
  BOOST_TEST(*entries[0].segment.sequence == 0);
  BOOST_TEST(!entries[0].segment.acknowledgement);
  BOOST_TEST(entries[1].link == 3U);
  BOOST_TEST(entries[1].to == 1U);
  BOOST_TEST(entries[1].segment.flags == "SYN|ACK");
  BOOST_TEST(*entries[2].segment.sequence == 1);
  BOOST_TEST(*entries[2].segment.acknowledgement == 21);
  BOOST_TEST(entries[2].segment.length == 100U);
  BOOST_TEST(entries[2].segment.connection == 1U);
}

BOOST_FIXTURE_TEST_CASE(WhatAnElementDropsEndsBeforeIt, Fixture) {
  Handshake();
  const Bytes data = Packet(HostName::kClient, wire::kAck, 1, 1, 10);
  Cross(HostName::kClient, data, 0, 1);
  timeline.OnAction(1, PathAction::kDrop, HostName::kClient, data, now);
  Cross(HostName::kClient, data, 0, 2);  // the same bytes again, a retransmission that arrives
  const std::vector<TimelineEntry> entries = timeline.Take();
  BOOST_REQUIRE(entries.size() == 5U);
  BOOST_TEST(entries[2].to == 2U);
  BOOST_TEST((entries[3].kind == Kind::kAction && entries[3].action == PathAction::kDrop));
  BOOST_TEST(entries[3].element == 2U);
  BOOST_TEST(*entries[3].segment.sequence == 1);
  BOOST_TEST(entries[4].segment.repeats);
  BOOST_TEST(entries[4].to == 3U);
}

BOOST_FIXTURE_TEST_CASE(WhatAnElementSendsIsToldAsItsDeedAlone, Fixture) {
  Handshake();
  const Bytes forged = Packet(HostName::kServer, wire::kRst, 1, 0);
  timeline.OnAction(0, PathAction::kInject, HostName::kServer, forged, now);
  Cross(HostName::kServer, forged, 0, 0);
  const Bytes edited = Packet(HostName::kClient, wire::kAck, 1, 1, 10);
  Cross(HostName::kClient, Packet(HostName::kClient, wire::kAck, 1, 1, 20), 0, 0);
  timeline.OnAction(0, PathAction::kModify, HostName::kClient, edited, now);
  Cross(HostName::kClient, edited, 1, 2);
  const std::vector<TimelineEntry> entries = timeline.Take();
  BOOST_REQUIRE(entries.size() == 5U);
  BOOST_TEST((entries[2].action == PathAction::kInject && entries[2].from == HostName::kServer));
  BOOST_TEST(entries[3].segment.length == 20U);
  BOOST_TEST(entries[3].to == 1U);
  BOOST_TEST((entries[4].action == PathAction::kModify));
  BOOST_TEST(entries[4].segment.length == 10U);
}

BOOST_FIXTURE_TEST_CASE(ADelayEndsWhenTheSegmentGoesOn, Fixture) {
  Handshake();
  const Bytes data = Packet(HostName::kClient, wire::kAck, 1, 1, 10);
  Cross(HostName::kClient, data, 0, 0);
  timeline.OnAction(0, PathAction::kDelay, HostName::kClient, data, now);
  now = milliseconds(500);
  Cross(HostName::kClient, data, 1, 2);
  const std::vector<TimelineEntry> entries = timeline.Take();
  BOOST_REQUIRE(entries.size() == 4U);
  BOOST_TEST((entries[3].until == stack::Duration(milliseconds(500))));
}

BOOST_FIXTURE_TEST_CASE(ASegmentThatNobodyAnnouncedIsToldWhereItAppears, Fixture) {
  Cross(HostName::kClient, Packet(HostName::kClient, wire::kAck, 1, 1, 10), 1, 2);
  const std::vector<TimelineEntry> entries = timeline.Take();
  BOOST_REQUIRE(entries.size() == 1U);
  BOOST_TEST(entries[0].link == 2U);
  BOOST_TEST(entries[0].to == 3U);
}

BOOST_FIXTURE_TEST_CASE(ALongTransferKeepsItsBeginningAndWhatSurroundsAMoment, Fixture) {
  Handshake();
  for (std::uint32_t i = 0; i < 1000; ++i) {
    Cross(HostName::kClient, Packet(HostName::kClient, wire::kAck, 1 + 100 * i, 1, 100), 0, 2);
    if (i == 500) {
      timeline.OnEvent(HostName::kServer, "tag-invalid", "why", 1, now);
    }
  }
  Cross(HostName::kClient, Packet(HostName::kClient, wire::kFin | wire::kAck, 100001, 1), 0, 2);
  const std::vector<TimelineEntry> entries = timeline.Take();
  BOOST_TEST(entries.size() < 50U);
  const auto event = std::ranges::find(entries, Kind::kEvent, &TimelineEntry::kind);
  BOOST_REQUIRE((event != entries.end()));
  BOOST_TEST(event->text == "tag-invalid");
  BOOST_TEST(*std::prev(event)->segment.sequence == 1 + 100 * 500);
  BOOST_TEST(*std::next(event)->segment.sequence == 1 + 100 * 501);
  BOOST_TEST(std::prev(event)->to == kLinks);
  BOOST_TEST(entries.back().segment.flags == "FIN|ACK");
  // Nothing is left out silently: what is told and what is counted make the whole.
  std::size_t segments = 0;
  for (const TimelineEntry& entry : entries) {
    segments += entry.kind == Kind::kSegment ? 1 : entry.kind == Kind::kGap ? entry.count : 0;
  }
  BOOST_TEST(segments == 1003U);
}

BOOST_AUTO_TEST_CASE(AFloodOfDeedsIsCountedNotTold) {
  Timeline timeline(1, 2);
  timeline.OnVisit(1, HostName::kClient, {});
  for (std::uint32_t i = 0; i < 5000; ++i) {
    const Bytes forged = Fixture::Packet(HostName::kClient, wire::kSyn, i, 0);
    timeline.OnAction(0, PathAction::kInject, HostName::kClient, forged, milliseconds(i));
    timeline.OnTransmit(1, HostName::kClient, forged, milliseconds(i));
  }
  BOOST_TEST(timeline.Take().size() < 100U);
}

BOOST_AUTO_TEST_CASE(OptionsHaveTheirNames) {
  const auto names = [](const Bytes& bytes) { return OptionNames(*wire::OptionArea::FromBytes(bytes)); };
  using Names = std::vector<std::string>;
  // RFC 9293, 7323 and 2018, as a host sends them, aligned by NOPs.
  BOOST_TEST(
      names(Options({2, 4, 5, 180, 1, 3, 3, 7, 4, 2, 1, 1})) == (Names{"mss 1460", "window-scale 7", "sack-permitted"}),
      boost::test_tools::per_element());
  // tcps-wire.md, section 2: kind 253 and the identifiers TC, TM, TI; RFC 6994: any other two bytes.
  BOOST_TEST(names(Options({253, 6, 'T', 'M', 0, 0, 254, 4, 0x12, 0x34})) == (Names{"TM", "kind 254 0x1234"}),
             boost::test_tools::per_element());
  BOOST_TEST(names(Options({69, 2, 1, 1, 1, 1})) == (Names{"kind 69", "4 nop"}), boost::test_tools::per_element());
  BOOST_TEST(names(Options({2, 4, 5})) == (Names{"malformed"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(WhatIsNoWholeSegmentIsToldForWhatItIs) {
  SegmentReader reader(1);
  Bytes packet = Fixture::Packet(HostName::kClient, wire::kAck, 1, 1, 100);
  packet[6] = std::byte{0x20};  // RFC 791: more fragments
  const SegmentSummary fragment = reader.Read(0, packet, true);
  BOOST_TEST(fragment.flags == "IP fragment");
  BOOST_TEST(fragment.length == packet.size());
  BOOST_TEST(!fragment.sequence);
}

}  // namespace
}  // namespace tcpslab::scenarios
