// Two hosts, packet by packet: each has a Tcps and a PacketPath, the test plays their TCP and the network.
#include "reference/linux/packet_path.h"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "reference/crypto/random.h"
#include "reference/stack/event.h"
#include "reference/tcps/options.h"
#include "reference/tcps/tcps.h"
#include "reference/tcps/test/conversation.h"
#include "reference/wire/packet.h"

namespace tcpslab::linux_host {
namespace {

using Bytes = std::vector<std::byte>;
using Fate = PacketPath::Fate;
using namespace std::chrono_literals;

constexpr std::size_t kTmSize = 20;  // spec tcps-wire.md, section 2

wire::Endpoint EndpointOf(const char* address, std::uint16_t port) { return {*wire::ParseAddress(address), port}; }

Bytes PacketOf(const wire::Segment& segment) {
  Bytes header(wire::kIpv6HeaderSize);
  Bytes bytes(wire::kIpv6HeaderSize + wire::kMaximumTcpHeaderSize + segment.payload.size());
  const wire::Packet packet{.ip_header = *wire::MakeIpHeader(segment, header), .segment = segment};
  bytes.resize(*wire::EmitPacket(packet, bytes, wire::Checksum::kCompute));
  return bytes;
}

// Whole, with a valid TCP checksum; the segment borrows from `bytes`.
wire::Segment SegmentOf(Bytes& bytes) {
  const wire::Result<wire::Packet> packet = wire::ParsePacket(bytes);
  BOOST_REQUIRE(packet);
  const std::span<const std::byte> tcp = std::span<const std::byte>(bytes).subspan(packet->ip_header.size());
  BOOST_TEST(wire::TcpChecksumValid(tcp, packet->segment.source.address, packet->segment.destination.address));
  return packet->segment;
}

struct Wire final : PacketSender {
  bool Send(std::span<const std::byte> packet, const wire::Address&) override {
    sent.emplace_back(packet.begin(), packet.end());
    return works;
  }
  std::vector<Bytes> sent;
  bool works = true;
};

struct FixedMtu final : PathMtu {
  std::size_t Towards(const wire::Address&, stack::Instant) override { return mtu; }
  std::size_t mtu = 1500;
};

struct Silence final : stack::EventSink {
  void OnEvent(const stack::Event&) override {}
};

struct Host {
  explicit Host(std::uint64_t seed, tcps::Dialect dialect = tcps::Dialect::kReadme)
      : random(seed),
        path({.fragments_pass = dialect == tcps::Dialect::kLkm,
              .is_protected =
                  [this](const stack::FlowKey& key) {
                    const auto state = tcps.StateOf(key);
                    return state && *state != tcps::State::kDead && *state != tcps::State::kBlocked;
                  }},
             wire, mtu),
        tcps({.dialect = dialect, .policy = {}, .deviations = {}},
             {.segments = path, .events = silence, .random = random}) {
    path.SetShim(tcps);
  }

  // What goes on in place of a packet, after what was sent before it; nothing if it was dropped.
  std::vector<Bytes> Through(Bytes packet, bool outbound) {
    fate = outbound ? path.Outbound(packet, now) : path.Inbound(packet, now);
    std::vector<Bytes> left = std::exchange(wire.sent, {});
    if (fate == Fate::kReplace) {
      Bytes composed(65535);
      composed.resize(path.Compose(composed));
      left.push_back(composed);
    } else if (fate == Fate::kAccept) {
      left.push_back(packet);
    }
    return left;
  }

  crypto::SeededRandom random;
  Silence silence;
  Wire wire;
  FixedMtu mtu;
  PacketPath path;
  tcps::Tcps tcps;
  stack::Instant now{};
  Fate fate = Fate::kAccept;
};

struct Hosts {
  explicit Hosts(bool ipv6 = false, tcps::Dialect dialect = tcps::Dialect::kReadme)
      : client(1, dialect), server(2, dialect), family_ipv6(ipv6) {
    here = ipv6 ? EndpointOf("2001:db8::1", 40000) : EndpointOf("10.0.0.1", 40000);
    there = ipv6 ? EndpointOf("2001:db8::2", 80) : EndpointOf("10.0.0.2", 80);
  }

  wire::Segment FromClient(std::uint8_t flags, std::uint32_t sequence, std::uint32_t acknowledgement) const {
    wire::Segment segment;
    segment.source = here;
    segment.destination = there;
    segment.flags = flags;
    segment.sequence = sequence;
    segment.acknowledgement = acknowledgement;
    segment.window = 1000;
    return segment;
  }
  wire::Segment FromServer(std::uint8_t flags, std::uint32_t sequence, std::uint32_t acknowledgement) const {
    wire::Segment segment = FromClient(flags, sequence, acknowledgement);
    std::swap(segment.source, segment.destination);
    return segment;
  }

  // SYN, SYN-ACK and ACK; what reached the server's and the client's TCP.
  void Handshake() {
    wire::Segment syn = FromClient(wire::kSyn, 1000, 0);
    syn.options = tcps::test::LinuxSynOptions();
    syn_on_wire = client.Through(PacketOf(syn), true).at(0);
    syn_arrived = server.Through(syn_on_wire, false).at(0);
    wire::Segment syn_ack = FromServer(wire::kSyn | wire::kAck, 5000, 1001);
    syn_ack.options = tcps::test::LinuxSynOptions();
    syn_ack_arrived = client.Through(server.Through(PacketOf(syn_ack), true).at(0), false).at(0);
    for (const Bytes& packet : client.Through(PacketOf(FromClient(wire::kAck, 1001, 5001)), true)) {
      server.Through(packet, false);
    }
  }

  Host client, server;
  bool family_ipv6;
  wire::Endpoint here, there;
  Bytes syn_on_wire, syn_arrived, syn_ack_arrived;
};

Bytes Text(std::size_t size) {
  Bytes text(size);
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<std::byte>(i * 7 + i / 256);
  return text;
}

std::size_t MssOf(Bytes& packet) {
  const wire::Segment segment = SegmentOf(packet);
  const auto option = segment.options.Find(wire::kMaximumSegmentSize);
  BOOST_REQUIRE(option.has_value());
  return std::to_integer<std::size_t>(option->body()[0]) << 8 | std::to_integer<std::size_t>(option->body()[1]);
}

BOOST_AUTO_TEST_SUITE(packet_path)

BOOST_AUTO_TEST_CASE(what_the_shim_does_not_touch_goes_on_as_it_is) {
  Host host(1);
  wire::Segment segment = Hosts().FromClient(wire::kAck | wire::kPsh, 77, 88);
  Bytes text = Text(100);
  segment.payload = text;
  const Bytes packet = PacketOf(segment);
  BOOST_TEST((host.Through(packet, true) == std::vector<Bytes>(1, packet)));
  BOOST_TEST((host.fate == Fate::kAccept));
  BOOST_TEST((host.Through(packet, false) == std::vector<Bytes>(1, packet)));
  BOOST_TEST((host.fate == Fate::kAccept));
  BOOST_TEST(host.path.counters().accepted == 2U);
}

BOOST_AUTO_TEST_CASE(a_syn_leaves_with_tc_and_data_with_tm) {
  for (const bool ipv6 : {false, true}) {
    Hosts hosts(ipv6);
    hosts.Handshake();
    BOOST_TEST(tcps::FindTc(SegmentOf(hosts.syn_on_wire).options).has_value());

    wire::Segment data = hosts.FromClient(wire::kAck | wire::kPsh, 1001, 5001);
    Bytes text = Text(500);
    data.payload = text;
    const std::vector<Bytes> wire = hosts.client.Through(PacketOf(data), true);
    BOOST_REQUIRE(wire.size() == 1U);
    Bytes sealed = wire[0];
    BOOST_TEST(sealed.size() == PacketOf(data).size() + kTmSize);
    BOOST_TEST((!std::ranges::equal(SegmentOf(sealed).payload, text)));
    Bytes opened = hosts.server.Through(sealed, false).at(0);
    BOOST_TEST((std::ranges::equal(SegmentOf(opened).payload, text)));
  }
}

// tcps-wire.md, section 7: "decrypt in place, …; FIN: fin_in, DEAD if fin_out". The TM is left in the header, so that
// the payload is all that differs.
BOOST_AUTO_TEST_CASE(data_beside_the_second_fin_arrives_in_clear_in_both_dialects) {
  for (const tcps::Dialect dialect : {tcps::Dialect::kReadme, tcps::Dialect::kLkm}) {
    Hosts hosts(false, dialect);
    hosts.Handshake();
    const wire::Segment fin = hosts.FromClient(wire::kAck | wire::kFin, 1001, 5001);
    hosts.server.Through(hosts.client.Through(PacketOf(fin), true).back(), false);

    wire::Segment last = hosts.FromServer(wire::kAck | wire::kFin, 5001, 1002);
    Bytes text = Text(500);
    last.payload = text;
    Bytes sealed = hosts.server.Through(PacketOf(last), true).back();
    BOOST_TEST((!std::ranges::equal(SegmentOf(sealed).payload, text)));
    Bytes opened = hosts.client.Through(sealed, false).at(0);
    BOOST_TEST((std::ranges::equal(SegmentOf(opened).payload, text)));
  }
}

// A segment that TCP would refuse must not change what the Shim remembers.
BOOST_AUTO_TEST_CASE(a_damaged_segment_does_not_reach_the_shim) {
  Hosts hosts;
  Bytes syn = hosts.client.Through(PacketOf(hosts.FromClient(wire::kSyn, 1000, 0)), true).at(0);
  syn.back() ^= std::byte{1};
  BOOST_TEST(hosts.server.Through(syn, false).empty());
  BOOST_TEST(hosts.server.tcps.connections() == 0U);
  BOOST_TEST(hosts.server.path.counters().bad_checksum == 1U);
}

BOOST_AUTO_TEST_CASE(fragments_are_dropped_or_pass_unseen) {
  for (const tcps::Dialect dialect : {tcps::Dialect::kReadme, tcps::Dialect::kLkm}) {
    Host host(1, dialect);
    Bytes fragment = PacketOf(Hosts().FromClient(wire::kSyn, 1000, 0));
    fragment[6] = std::byte{0x20};  // more fragments
    const bool passes = dialect == tcps::Dialect::kLkm;
    for (const bool outbound : {true, false}) {
      BOOST_TEST(
          (host.Through(fragment, outbound) == (passes ? std::vector<Bytes>(1, fragment) : std::vector<Bytes>{})));
    }
    BOOST_TEST(host.path.counters().fragments == 2U);
    BOOST_TEST(host.tcps.connections() == 0U);
  }
}

BOOST_AUTO_TEST_CASE(half_a_header_is_dropped) {
  Host host(1);
  Bytes packet = PacketOf(Hosts().FromClient(wire::kAck, 1, 1));
  packet[32] = std::byte{0x40};  // a data offset of 4 words
  BOOST_TEST(host.Through(packet, false).empty());
  BOOST_TEST(host.Through(Bytes(3), true).empty());
  BOOST_TEST(host.path.counters().malformed == 2U);
}

// The client announces 1460, and lowers it by TM's 20 on the wire. The server's own link may carry less.
BOOST_AUTO_TEST_CASE(our_tcp_is_told_an_mss_that_leaves_room_for_tm) {
  for (const bool ipv6 : {false, true}) {
    for (const std::size_t mtu : {1500U, 1280U, 9000U}) {
      Hosts hosts(ipv6);
      hosts.server.mtu.mtu = mtu;
      hosts.Handshake();
      const std::size_t headers = ipv6 ? 60 : 40;
      BOOST_TEST(MssOf(hosts.syn_on_wire) == 1440U);
      BOOST_TEST(MssOf(hosts.syn_arrived) == std::min<std::size_t>(1440, mtu - headers - kTmSize));
      BOOST_TEST(MssOf(hosts.syn_ack_arrived) == std::min<std::size_t>(1440, 1500 - headers - kTmSize));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_plain_syn_keeps_its_mss) {
  Host host(1);
  host.mtu.mtu = 1000;
  wire::Segment syn = Hosts().FromClient(wire::kSyn, 1000, 0);
  syn.options = tcps::test::LinuxSynOptions();
  BOOST_TEST((host.Through(PacketOf(syn), false).at(0) == PacketOf(syn)));
}

BOOST_AUTO_TEST_CASE(no_packet_is_longer_than_the_path_mtu) {
  for (const bool ipv6 : {false, true}) {
    for (const std::size_t mtu : {1500U, 1499U, 900U, 101U}) {
      Hosts hosts(ipv6);
      hosts.Handshake();
      hosts.client.mtu.mtu = mtu;
      wire::Segment data = hosts.FromClient(wire::kAck | wire::kPsh | wire::kFin, 1001, 5001);
      Bytes text = Text(1440);
      data.payload = text;
      Bytes delivered;
      std::uint32_t next = 1001;
      const std::vector<Bytes> wire = hosts.client.Through(PacketOf(data), true);
      for (std::size_t i = 0; i < wire.size(); ++i) {
        BOOST_TEST(wire[i].size() <= mtu);
        const std::vector<Bytes> arrived = hosts.server.Through(wire[i], false);
        BOOST_REQUIRE(arrived.size() == 1U);
        Bytes packet = arrived[0];
        const wire::Segment segment = SegmentOf(packet);
        if (segment.payload.empty() && !segment.Has(wire::kFin)) continue;  // TI, before the FIN
        BOOST_TEST(segment.sequence == next);
        BOOST_TEST(segment.Has(wire::kFin) == (i + 1 == wire.size()));
        next += static_cast<std::uint32_t>(segment.payload.size());
        delivered.insert(delivered.end(), segment.payload.begin(), segment.payload.end());
      }
      BOOST_TEST((delivered == text));
      const std::size_t headers = (ipv6 ? 60 : 40) + kTmSize;
      BOOST_TEST(hosts.client.path.counters().split == (1440 + headers > mtu ? 1U : 0U));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_path_that_carries_no_payload_at_all) {
  Hosts hosts;
  hosts.Handshake();
  hosts.client.mtu.mtu = 60;
  wire::Segment data = hosts.FromClient(wire::kAck, 1001, 5001);
  Bytes text = Text(10);
  data.payload = text;
  BOOST_TEST(hosts.client.Through(PacketOf(data), true).empty());
  BOOST_TEST(hosts.client.path.counters().too_long == 1U);
}

// The TI rule (spec tcps-dialects.md): an ACK of the shim's own, when TCP sends none for 200 ms.
BOOST_AUTO_TEST_CASE(what_the_shim_sends_is_a_whole_packet) {
  for (const bool ipv6 : {false, true}) {
    Hosts hosts(ipv6);
    hosts.Handshake();
    Host& server = hosts.server;
    server.now += 10s;
    BOOST_TEST((server.tcps.NextDeadline() <= server.now));
    server.wire.works = false;
    server.path.Expire(server.now);
    BOOST_REQUIRE(server.wire.sent.size() == 1U);
    const wire::Segment ack = SegmentOf(server.wire.sent[0]);
    BOOST_TEST(ack.IsPureAck());
    BOOST_TEST(tcps::FindTi(ack.options).has_value());
    BOOST_TEST((ack.source == hosts.there));
    BOOST_TEST(server.path.counters().emitted == 1U);
    BOOST_TEST(server.path.counters().send_failed == 1U);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::linux_host
