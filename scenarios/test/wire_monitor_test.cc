#include "scenarios/runner/wire_monitor.h"

#include <boost/test/unit_test.hpp>
#include <vector>

#include "reference/wire/packet.h"

namespace tcpslab::scenarios {
namespace {

using std::chrono::seconds;
using Bytes = std::vector<std::byte>;

constexpr std::uint32_t kIsn = 0xffffff00;  // streams cross 2^32

// Two connections of 2000 bytes each way, over two links.
struct Fixture {
  Fixture() {
    workload.request = workload.response = 2000;
    workload.connections = 2;
    workload.directions = {Direction::kForward};
    plans = PlanConnections(workload, 1);
    monitor.emplace(plans, 2);
  }

  // A segment of connection `index` from the client enters `link`.
  void Request(std::size_t index, std::size_t link, std::uint32_t offset, Bytes payload,
               std::uint8_t flags = wire::kAck) {
    wire::Segment segment;
    segment.source = {*wire::ParseAddress("10.0.0.1"), 49152};
    segment.destination = {*wire::ParseAddress("10.0.0.2"), plans[index].port()};
    segment.flags = flags;
    segment.sequence = kIsn + offset;
    segment.payload = payload;
    Bytes header(wire::kIpv4HeaderSize);
    Bytes packet(wire::kIpv4HeaderSize + wire::kTcpHeaderSize + payload.size());
    const auto ip_header = wire::MakeIpHeader(segment, header);
    BOOST_REQUIRE(wire::EmitPacket({*ip_header, segment}, packet, wire::Checksum::kCompute));
    monitor->OnPacket(link, HostName::kClient, packet, now);
  }
  Bytes Clear(std::size_t index, std::uint64_t offset, std::size_t size) const {
    Bytes bytes(size);
    plans[index].request.Fill(offset, bytes);
    return bytes;
  }

  Workload workload;
  std::vector<ConnectionPlan> plans;
  std::optional<WireMonitor> monitor;
  stack::Duration now = seconds(1);
};

Bytes Ciphertext(std::size_t size) { return Bytes(size, std::byte{0x5a}); }

BOOST_FIXTURE_TEST_CASE(AHandshakeAloneCarriesNothing, Fixture) {
  Request(0, 0, 0, {}, wire::kSyn);
  Request(0, 0, 1, {});
  BOOST_TEST(!monitor->Of(0).crossed);
  BOOST_TEST(monitor->Of(0).bytes == 80U);
}

BOOST_FIXTURE_TEST_CASE(CiphertextCrossesButIsNotClear, Fixture) {
  Request(0, 0, 0, {}, wire::kSyn);
  Request(0, 0, 1, Ciphertext(1000));
  BOOST_TEST((monitor->Of(0).crossed == seconds(1)));
  BOOST_TEST(!monitor->Of(0).clear);
  BOOST_TEST(!monitor->Of(1).crossed);
}

BOOST_FIXTURE_TEST_CASE(ClearTextOnAnyLinkIsFoundOnce, Fixture) {
  Request(0, 0, 1, Ciphertext(100));
  now = seconds(2);
  Request(0, 1, 1, Clear(0, 700, 100));  // at another place of the stream than its own
  BOOST_TEST((monitor->Of(0).clear == seconds(2)));
  now = seconds(3);
  Request(0, 1, 101, Clear(0, 100, 100));
  BOOST_TEST((monitor->Of(0).clear == seconds(2)));
}

BOOST_FIXTURE_TEST_CASE(LinksAreSearchedApart, Fixture) {
  // Halves of a window on different links are no window.
  Request(0, 0, 0, {}, wire::kSyn);
  Request(0, 1, 0, {}, wire::kSyn);
  Request(0, 0, 101, Clear(0, 100, 7));
  Request(0, 1, 108, Clear(0, 107, 7));
  BOOST_TEST(!monitor->Of(0).clear);
  Request(0, 0, 108, Clear(0, 107, 9));
  BOOST_TEST(monitor->Of(0).clear.has_value());
}

BOOST_FIXTURE_TEST_CASE(RepeatsCountOnTheSendersLinkAlone, Fixture) {
  for (const std::size_t link : {0U, 1U}) {
    Request(0, link, 0, {}, wire::kSyn);
    Request(0, link, 1, Ciphertext(500));
    Request(0, link, 1, Ciphertext(500));
    Request(0, link, 501, Ciphertext(500));
    Request(0, link, 1001, {}, wire::kAck | wire::kFin);
    Request(0, link, 1001, {}, wire::kAck | wire::kFin);
    Request(0, link, 1002, {});
  }
  BOOST_TEST(monitor->Of(0).retransmits == 2U);
}

BOOST_FIXTURE_TEST_CASE(BytesCountOnTheClientsLink, Fixture) {
  Request(1, 0, 1, Ciphertext(500));
  Request(1, 1, 1, Ciphertext(500));
  BOOST_TEST(monitor->Of(1).bytes == 540U);
  BOOST_TEST(monitor->Of(0).bytes == 0U);
}

BOOST_FIXTURE_TEST_CASE(ForgettingTheSearchDoesNotForgetWhatWasSeen, Fixture) {
  Request(0, 0, 1, Ciphertext(100));
  monitor->Release(0);
  BOOST_TEST(monitor->Of(0).crossed.has_value());
  Request(0, 0, 101, Clear(0, 100, 16));
  BOOST_TEST(monitor->Of(0).clear.has_value());
}

BOOST_FIXTURE_TEST_CASE(AFragmentIsSearchedToo, Fixture) {
  Request(0, 0, 0, {}, wire::kSyn);
  Bytes fragment(wire::kIpv4HeaderSize);
  fragment[0] = std::byte{0x45};
  fragment[3] = std::byte{20 + 40};
  fragment[7] = std::byte{9};  // offset 72
  fragment[9] = std::byte{wire::kProtocolTcp};
  const Bytes clear = Clear(0, 72, 40);
  fragment.insert(fragment.end(), clear.begin(), clear.end());
  monitor->OnPacket(0, HostName::kClient, fragment, now);
  BOOST_TEST(monitor->Of(0).clear.has_value());
  BOOST_TEST(!monitor->Of(1).clear);
}

}  // namespace
}  // namespace tcpslab::scenarios
