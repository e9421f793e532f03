#include "bindings/sim/card.h"

#include <algorithm>
#include <boost/endian/conversion.hpp>

#include "reference/wire/packet.h"

namespace tcpslab::bindings {
namespace {

using wire::Address;
using wire::Error;
using wire::kIpv4HeaderSize;
using wire::kIpv6HeaderSize;
using wire::kProtocolTcp;
using Bytes = std::span<const std::byte>;

constexpr std::size_t kFragmentHeaderSize = 8;
constexpr std::size_t kEchoHeaderSize = 8;
constexpr unsigned kIcmp = 1;
constexpr unsigned kIcmpEchoReply = 0;
constexpr unsigned kIcmpEchoRequest = 8;
constexpr unsigned kIcmpv6 = 58;
constexpr unsigned kIcmpv6EchoRequest = 128;
constexpr unsigned kIcmpv6EchoReply = 129;
constexpr unsigned kFragmentHeader = 44;
constexpr std::size_t kFragmentUnit = 8;
constexpr std::size_t kMaximumLength = 0xffff;
// Of the 16 bits behind an IPv4 header's identification.
constexpr unsigned kMoreFragments = 0x2000;
constexpr unsigned kFragmentOffset = 0x1fff;

unsigned At(Bytes bytes, std::size_t offset) { return std::to_integer<unsigned>(bytes[offset]); }
unsigned Load16(Bytes bytes, std::size_t offset) {
  return boost::endian::load_big_u16(reinterpret_cast<const unsigned char*>(&bytes[offset]));
}
void Store16(ByteVector& bytes, std::size_t offset, std::size_t value) {
  boost::endian::store_big_u16(reinterpret_cast<unsigned char*>(&bytes[offset]), static_cast<std::uint16_t>(value));
}

// Of other protocols than TCP a host answers a ping. ns-3 takes for granted that the header is there.
bool IsPing(Bytes payload, unsigned request) { return payload.size() >= kEchoHeaderSize && At(payload, 0) == request; }

bool IsBetween(const Address& source, const Address& destination, const Address& host) {
  return destination == host && source != host && IsPeerAddress(source);
}

// `offset` in bytes; `room` is what a reassembled packet may hold behind its IPv4 or basic IPv6 header.
bool IsFragmentOfAPacket(std::size_t offset, std::size_t size, bool more, std::size_t room) {
  return size > 0 && offset + size <= room && (!more || size % kFragmentUnit == 0);
}

wire::Result<ByteVector> AdmitIpv4(Bytes bytes, const Address& host) {
  if (bytes.size() < kIpv4HeaderSize) return tl::unexpected(Error::kIpTruncated);
  const std::size_t header = (At(bytes, 0) & 0x0fU) * 4;
  if (header < kIpv4HeaderSize) return tl::unexpected(Error::kIpHeaderLength);
  if (header > bytes.size()) return tl::unexpected(Error::kIpTruncated);
  const std::size_t total = Load16(bytes, 2);
  if (total < header || total > bytes.size()) return tl::unexpected(Error::kIpTotalLength);

  const Bytes payload = bytes.subspan(header, total - header);
  const unsigned fragment = Load16(bytes, 6);
  const bool more = (fragment & kMoreFragments) != 0;
  const std::size_t offset = (fragment & kFragmentOffset) * kFragmentUnit;
  const unsigned protocol = At(bytes, 9);
  const bool ping = protocol == kIcmp && !more && offset == 0 && IsPing(payload, kIcmpEchoRequest);
  if (wire::InternetChecksum(bytes.first(header)) != 0 || (protocol != kProtocolTcp && !ping) ||
      !IsBetween(Address::Ipv4(bytes.subspan<12, Address::kIpv4Size>()),
                 Address::Ipv4(bytes.subspan<16, Address::kIpv4Size>()), host)) {
    return ByteVector{};
  }
  if (!IsFragmentOfAPacket(offset, payload.size(), more, kMaximumLength - kIpv4HeaderSize)) return ByteVector{};

  // ns-3 takes options for payload.
  ByteVector packet(kIpv4HeaderSize + payload.size());
  std::ranges::copy(bytes.first(kIpv4HeaderSize), packet.begin());
  std::ranges::copy(payload, packet.begin() + kIpv4HeaderSize);
  packet[0] = std::byte{0x45};
  Store16(packet, 2, packet.size());
  Store16(packet, 10, 0);
  Store16(packet, 10, wire::InternetChecksum(std::span(packet).first(kIpv4HeaderSize)));
  return packet;
}

wire::Result<ByteVector> AdmitIpv6(Bytes bytes, const Address& host) {
  if (bytes.size() < kIpv6HeaderSize) return tl::unexpected(Error::kIpTruncated);
  const std::size_t total = kIpv6HeaderSize + Load16(bytes, 4);
  if (total > bytes.size()) return tl::unexpected(Error::kIpTotalLength);
  bytes = bytes.first(total);
  if (!IsBetween(Address::Ipv6(bytes.subspan<8, Address::kIpv6Size>()),
                 Address::Ipv6(bytes.subspan<24, Address::kIpv6Size>()), host)) {
    return ByteVector{};
  }
  const bool ping = At(bytes, 6) == kIcmpv6 && IsPing(bytes.subspan(kIpv6HeaderSize), kIcmpv6EchoRequest);
  if (At(bytes, 6) == kProtocolTcp || ping) return ToVector(bytes);
  constexpr std::size_t kHeaders = kIpv6HeaderSize + kFragmentHeaderSize;
  if (At(bytes, 6) != kFragmentHeader || total < kHeaders || At(bytes, kIpv6HeaderSize) != kProtocolTcp) {
    return ByteVector{};
  }
  const unsigned fragment = Load16(bytes, kIpv6HeaderSize + 2);
  const bool more = (fragment & 1U) != 0;
  const std::size_t offset = fragment & 0xfff8U;
  if (!IsFragmentOfAPacket(offset, total - kHeaders, more, kMaximumLength)) return ByteVector{};
  if (more || offset != 0) return ToVector(bytes);

  // A whole packet with a fragment header is no fragment, whatever else of it is under way (RFC 8200, section 4.5).
  ByteVector packet = ToVector(bytes.first(kIpv6HeaderSize));
  packet.insert(packet.end(), bytes.begin() + kHeaders, bytes.end());
  Store16(packet, 4, packet.size() - kIpv6HeaderSize);
  packet[6] = std::byte{kProtocolTcp};
  return packet;
}

}  // namespace

bool IsPeerAddress(const Address& address) {
  const Bytes bytes = address.bytes();
  if (address.IsLoopback()) return false;
  if (address.family() == wire::Family::kIpv4) return At(bytes, 0) != 0 && At(bytes, 0) < 224;
  constexpr std::size_t kMappedPrefix = 10;
  const bool zeros =
      std::ranges::all_of(bytes.first(kMappedPrefix), [](std::byte byte) { return byte == std::byte{}; });
  const bool mapped = zeros && At(bytes, 10) == 0xff && At(bytes, 11) == 0xff;
  return At(bytes, 0) != 0xff && !mapped && address != *wire::ParseAddress("::");
}

bool IsForPeers(Bytes packet) {
  const bool v4 = At(packet, 0) >> 4U == 4;
  const unsigned protocol = At(packet, v4 ? 9 : 6);
  if (protocol == kProtocolTcp || (!v4 && protocol == kFragmentHeader)) return true;
  if (v4) {
    // Of ICMP nothing but a long answer to a ping comes in fragments; the first of them has the header.
    const bool later = (Load16(packet, 6) & kFragmentOffset) != 0;
    return protocol == kIcmp && (later || At(packet, kIpv4HeaderSize) == kIcmpEchoReply);
  }
  return protocol == kIcmpv6 && At(packet, kIpv6HeaderSize) == kIcmpv6EchoReply;
}

wire::Result<ByteVector> Admit(Bytes bytes, const HostAddresses& host) {
  if (bytes.empty()) return tl::unexpected(Error::kIpTruncated);
  switch (At(bytes, 0) >> 4U) {
    case 4:
      return AdmitIpv4(bytes, host.ipv4);
    case 6:
      return AdmitIpv6(bytes, host.ipv6);
    default:
      return tl::unexpected(Error::kIpVersion);
  }
}

}  // namespace tcpslab::bindings
