#include "model/test/path_bench.h"

#include <array>
#include <boost/test/unit_test.hpp>

#include "model/path/tcps-path-segment.h"
#include "ns3/object-factory.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "reference/wire/address.h"
#include "reference/wire/packet.h"

namespace tcpslab::model_test {

using ns3::TcpsPathElement;
using wire::Segment;

ns3::Ptr<TcpsPathElement> Make(const std::string& type, const Attributes& attributes) {
  ns3::ObjectFactory factory(type);
  for (const auto& [name, value] : attributes) factory.Set(name, ns3::StringValue(value));
  return factory.Create<TcpsPathElement>();
}

ns3::TcpsPathPacket PacketOf(const Segment& segment) { return ns3::TcpsPathSegment::Make(segment); }

ns3::TcpsPathPacket Numbered(std::uint32_t number, std::uint8_t flags) {
  Segment segment;
  segment.source = {*wire::ParseAddress("10.0.0.1"), 1};
  segment.destination = {*wire::ParseAddress("10.0.0.2"), 2};
  segment.sequence = number;
  segment.flags = flags;
  const std::array<std::byte, 4> unknown{std::byte{253}, std::byte{4}, std::byte{1}, std::byte{2}};
  const std::array<std::byte, 4> mss{std::byte{2}, std::byte{4}, std::byte{5}, std::byte{0xb4}};
  BOOST_TEST(segment.options.Append(mss).has_value());
  BOOST_TEST(segment.options.Append(unknown).has_value());
  std::vector<std::byte> payload(10, std::byte{0x11});
  segment.payload = payload;
  return PacketOf(segment);
}

stack::OwnedSegment Travelling(TcpsPathElement::Direction direction, std::uint8_t flags, std::uint32_t sequence,
                               std::uint32_t acknowledgement, std::string_view payload, bool ipv6) {
  const wire::Endpoint client{*wire::ParseAddress(ipv6 ? "2001:db8::1" : "10.0.0.1"), 49152};
  const wire::Endpoint server{*wire::ParseAddress(ipv6 ? "2001:db8::2" : "10.0.0.2"), 443};
  const bool forward = direction == TcpsPathElement::FORWARD;
  std::vector<std::byte> bytes(payload.size());
  std::ranges::transform(payload, bytes.begin(), [](char c) { return static_cast<std::byte>(c); });
  Segment segment;
  segment.source = forward ? client : server;
  segment.destination = forward ? server : client;
  segment.sequence = sequence;
  segment.acknowledgement = acknowledgement;
  segment.flags = flags;
  segment.window = 1000;
  segment.payload = bytes;
  return stack::OwnedSegment(segment);
}

void AddOption(Segment& segment, std::uint8_t kind, std::initializer_list<std::uint8_t> body) {
  std::vector<std::uint8_t> option = {kind, static_cast<std::uint8_t>(2 + body.size())};
  option.insert(option.end(), body);
  BOOST_REQUIRE(segment.options.Append(std::as_bytes(std::span(option))).has_value());
}

Bench::Bench(ns3::Ptr<TcpsPathElement> element) : element_(element) {
  element->AssignStreams(1);
  element->SetOutput(ns3::MakeCallback(&Bench::Take, this));
}

Bench::~Bench() { ns3::Simulator::Destroy(); }

void Bench::Send(std::uint32_t first, std::uint32_t last, TcpsPathElement::Direction direction) {
  for (std::uint32_t number = first; number <= last; ++number) {
    ns3::Simulator::Schedule(ns3::MilliSeconds(number), &TcpsPathElement::Receive, element_, Numbered(number),
                             direction);
  }
}

void Bench::Receive(const ns3::TcpsPathPacket& packet, TcpsPathElement::Direction direction) {
  element_->Receive(packet, direction);
}

void Bench::Receive(const Segment& segment, TcpsPathElement::Direction direction) {
  Receive(PacketOf(segment), direction);
}

std::vector<std::uint32_t> Bench::Numbers() {
  ns3::Simulator::Run();
  std::vector<std::uint32_t> numbers;
  for (const Output& output : outputs) numbers.push_back(output.number);
  return numbers;
}

void Bench::Take(const ns3::TcpsPathPacket& packet, TcpsPathElement::Direction direction) {
  Output output{.time = ns3::Simulator::Now(), .bytes = packet.GetBytes(), .direction = direction, .segment = {}};
  std::vector<std::uint8_t> bytes = output.bytes;
  const std::span<std::byte> raw = std::as_writable_bytes(std::span(bytes));
  if (const wire::Result<wire::Packet> parsed = wire::ParsePacket(raw)) {
    output.whole = true;
    output.segment = stack::OwnedSegment(parsed->segment);
    output.number = parsed->segment.sequence;
    const std::size_t header = parsed->ip_header.size();
    output.checksum_valid =
        wire::TcpChecksumValid(raw.subspan(header, parsed->segment.HeaderSize() + parsed->segment.payload.size()),
                               parsed->segment.source.address, parsed->segment.destination.address);
  }
  outputs.push_back(std::move(output));
}

const Segment& LastOf(const Bench& bench) {
  BOOST_TEST_REQUIRE(!bench.outputs.empty());
  const Bench::Output& last = bench.outputs.back();
  BOOST_TEST_REQUIRE(last.whole);
  BOOST_TEST(last.checksum_valid);
  if (last.segment->source.address.family() == wire::Family::kIpv4) {
    BOOST_TEST(wire::InternetChecksum(std::as_bytes(std::span(last.bytes)).first(wire::kIpv4HeaderSize)) == 0U);
  }
  return *last.segment;
}

void CheckLeavesOthersAlone(const std::string& type) {
  constexpr std::size_t kFragmentPlace = 6;  // RFC 791, section 3.1: more fragments
  constexpr std::uint8_t kMoreFragments = 0x20;
  constexpr std::size_t kProtocolPlace = 9;
  constexpr std::uint8_t kUdp = 17;
  Bench bench(Make(type));
  for (const auto& [place, value] : {std::pair(kProtocolPlace, kUdp), std::pair(kFragmentPlace, kMoreFragments)}) {
    std::vector<std::uint8_t> bytes = PacketOf(*Travelling(TcpsPathElement::FORWARD, wire::kAck, 1)).GetBytes();
    bytes[place] = value;
    bench.Receive(ns3::TcpsPathPacket(bytes), TcpsPathElement::FORWARD);
    BOOST_TEST_REQUIRE(!bench.outputs.empty());
    BOOST_TEST(bench.outputs.back().bytes == bytes, boost::test_tools::per_element());
  }
}

}  // namespace tcpslab::model_test
