#include "reference/capture/test/recording.h"

#include <fmt/format.h>

#include <array>
#include <boost/algorithm/hex.hpp>
#include <ostream>

#include "reference/wire/packet.h"

namespace tcpslab::capture::test {

Bytes ToPacket(const wire::Segment& segment) {
  std::array<std::byte, wire::kIpv6HeaderSize> header{};
  Bytes packet(wire::kIpv6HeaderSize + wire::kMaximumTcpHeaderSize + segment.payload.size());
  const wire::Packet parts{.ip_header = wire::MakeIpHeader(segment, header).value(), .segment = segment};
  packet.resize(wire::EmitPacket(parts, packet, wire::Checksum::kCompute).value());
  return packet;
}

std::string PayloadOf(const Bytes& packet) {
  Bytes copy = packet;
  const wire::Packet parsed = wire::ParsePacket(copy).value();
  return {reinterpret_cast<const char*>(parsed.segment.payload.data()), parsed.segment.payload.size()};
}

Bytes ToBytes(std::string_view hex) {
  Bytes bytes(hex.size() / 2);
  boost::algorithm::unhex(hex.begin(), hex.end(), reinterpret_cast<unsigned char*>(bytes.data()));
  return bytes;
}

std::vector<Bytes> Record(tcps::test::Conversation& talk) {
  std::vector<Bytes> packets;
  for (const auto& [from, segment] : talk.pair().wire()) packets.push_back(ToPacket(*segment));
  return packets;
}

std::string KeyLogText(tcps::test::Conversation& talk) {
  return fmt::format("{}", fmt::join(talk.pair().key_log(), "\n"));
}

Decryptor MakeDecryptor(tcps::test::Conversation& talk) { return Decryptor(KeyLog::Parse(KeyLogText(talk)).value()); }

std::vector<PacketVerdict> Process(Decryptor& decryptor, std::vector<Bytes>& packets) {
  std::vector<PacketVerdict> verdicts;
  verdicts.reserve(packets.size());
  for (Bytes& packet : packets) verdicts.push_back(decryptor.Process(packet));
  return verdicts;
}

}  // namespace tcpslab::capture::test

namespace tcpslab::capture {

std::ostream& operator<<(std::ostream& stream, PacketVerdict verdict) {
  constexpr std::array kNames = {"not examined", "untagged", "valid", "invalid", "unverifiable"};
  return stream << kNames.at(static_cast<std::size_t>(verdict));
}

}  // namespace tcpslab::capture
