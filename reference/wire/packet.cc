#include "reference/wire/packet.h"

#include <algorithm>
#include <boost/endian/conversion.hpp>
#include <cstring>
#include <optional>

namespace tcpslab::wire {
namespace {

unsigned char* Raw(std::byte* bytes) { return reinterpret_cast<unsigned char*>(bytes); }
const unsigned char* Raw(const std::byte* bytes) { return reinterpret_cast<const unsigned char*>(bytes); }
unsigned At(std::span<const std::byte> bytes, std::size_t offset) { return std::to_integer<unsigned>(bytes[offset]); }

constexpr std::size_t kMaximumLength = 0xffff;
constexpr std::size_t kIpv4ChecksumOffset = 10;

// IPv6 extension headers (RFC 8200, section 4; RFC 4302 for AH).
enum NextHeader : std::uint8_t {
  kHopByHop = 0,
  kRouting = 43,
  kFragment = 44,
  kAuthentication = 51,
  kDestination = 60
};

Result<Packet> ParseIpv4(std::span<std::byte> bytes) {
  if (bytes.size() < kIpv4HeaderSize) return tl::unexpected(Error::kIpTruncated);
  const std::size_t header = (At(bytes, 0) & 0x0fU) * 4;
  if (header < kIpv4HeaderSize) return tl::unexpected(Error::kIpHeaderLength);
  if (header > bytes.size()) return tl::unexpected(Error::kIpTruncated);
  const std::size_t total = boost::endian::load_big_u16(Raw(&bytes[2]));
  if (total < header || total > bytes.size()) return tl::unexpected(Error::kIpTotalLength);
  if (At(bytes, 9) != kProtocolTcp) return tl::unexpected(Error::kNotTcp);
  constexpr unsigned kMoreFragmentsAndOffset = 0x3fff;
  if ((boost::endian::load_big_u16(Raw(&bytes[6])) & kMoreFragmentsAndOffset) != 0) {
    return tl::unexpected(Error::kIpFragment);
  }
  const Address source = Address::Ipv4(bytes.subspan<12, Address::kIpv4Size>());
  const Address destination = Address::Ipv4(bytes.subspan<16, Address::kIpv4Size>());
  return ParseTcp(bytes.subspan(header, total - header), source, destination).map([&](const Segment& segment) {
    return Packet{bytes.first(header), segment};
  });
}

// Size of the extension header of type `type` at the start of `bytes`.
Result<std::size_t> ExtensionHeaderSize(unsigned type, std::span<const std::byte> bytes) {
  constexpr std::size_t kUnit = 8;
  if (type != kHopByHop && type != kRouting && type != kFragment && type != kAuthentication && type != kDestination) {
    return tl::unexpected(Error::kNotTcp);
  }
  if (bytes.size() < kUnit) return tl::unexpected(Error::kIpTruncated);
  std::size_t size = (At(bytes, 1) + std::size_t{1}) * kUnit;
  if (type == kAuthentication) size = (At(bytes, 1) + std::size_t{2}) * 4;
  if (type == kFragment) {
    // With neither offset nor M flag it is a whole packet (RFC 8200, section 4.5).
    constexpr unsigned kOffsetAndMoreFragments = 0xfff9;
    if ((boost::endian::load_big_u16(Raw(&bytes[2])) & kOffsetAndMoreFragments) != 0) {
      return tl::unexpected(Error::kIpFragment);
    }
    size = kUnit;
  }
  if (size > bytes.size()) return tl::unexpected(Error::kIpTruncated);
  return size;
}

Result<Packet> ParseIpv6(std::span<std::byte> bytes) {
  if (bytes.size() < kIpv6HeaderSize) return tl::unexpected(Error::kIpTruncated);
  const std::size_t payload = boost::endian::load_big_u16(Raw(&bytes[4]));
  const std::size_t total = kIpv6HeaderSize + payload;
  if (payload == 0 || total > bytes.size()) return tl::unexpected(Error::kIpTotalLength);
  std::size_t header = kIpv6HeaderSize;
  unsigned next = At(bytes, 6);
  while (next != kProtocolTcp) {
    const Result<std::size_t> size = ExtensionHeaderSize(next, bytes.subspan(header, total - header));
    if (!size) return tl::unexpected(size.error());
    next = At(bytes, header);
    header += *size;
  }
  const Address source = Address::Ipv6(bytes.subspan<8, Address::kIpv6Size>());
  const Address destination = Address::Ipv6(bytes.subspan<24, Address::kIpv6Size>());
  return ParseTcp(bytes.subspan(header, total - header), source, destination).map([&](const Segment& segment) {
    return Packet{bytes.first(header), segment};
  });
}

// Why `header` is not a whole IP header; nothing if it is one.
std::optional<Error> CheckHeader(std::span<const std::byte> header) {
  if (header.empty()) return Error::kIpTruncated;
  const unsigned version = At(header, 0) >> 4U;
  if (version != 4 && version != 6) return Error::kIpVersion;
  if (header.size() < (version == 4 ? kIpv4HeaderSize : kIpv6HeaderSize)) return Error::kIpTruncated;
  if (version == 4 && header.size() != (At(header, 0) & 0x0fU) * 4) return Error::kIpHeaderLength;
  return std::nullopt;
}

}  // namespace

Result<Packet> ParsePacket(std::span<std::byte> bytes) {
  if (bytes.empty()) return tl::unexpected(Error::kIpTruncated);
  switch (At(bytes, 0) >> 4U) {
    case 4:
      return ParseIpv4(bytes);
    case 6:
      return ParseIpv6(bytes);
    default:
      return tl::unexpected(Error::kIpVersion);
  }
}

Result<std::size_t> EmitPacket(const Packet& packet, std::span<std::byte> out, Checksum checksum) {
  if (const auto error = CheckHeader(packet.ip_header)) return tl::unexpected(*error);
  const std::size_t ip = packet.ip_header.size();
  const bool v4 = At(packet.ip_header, 0) >> 4U == 4;
  const std::size_t tcp = packet.segment.HeaderSize() + packet.segment.payload.size();
  const std::size_t counted = v4 ? ip + tcp : ip - kIpv6HeaderSize + tcp;
  if (counted > kMaximumLength) return tl::unexpected(Error::kPacketTooLong);
  if (out.size() < ip + tcp) return tl::unexpected(Error::kBufferTooSmall);
  // TCP first: its payload may lie where the IP header goes.
  const Result<std::size_t> emitted = EmitTcp(packet.segment, out.subspan(ip), checksum);
  if (!emitted) return emitted;
  if (out.data() != packet.ip_header.data()) std::memmove(out.data(), packet.ip_header.data(), ip);
  const auto length = static_cast<std::uint16_t>(counted);
  boost::endian::store_big_u16(Raw(&out[v4 ? 2 : 4]), length);
  if (v4) {
    boost::endian::store_big_u16(Raw(&out[kIpv4ChecksumOffset]), 0);
    boost::endian::store_big_u16(Raw(&out[kIpv4ChecksumOffset]), InternetChecksum(out.first(ip)));
  }
  return ip + tcp;
}

Result<std::span<const std::byte>> MakeIpHeader(const Segment& segment, std::span<std::byte> out) {
  const bool v4 = segment.source.address.family() == Family::kIpv4;
  if (segment.destination.address.family() != segment.source.address.family()) {
    return tl::unexpected(Error::kIpVersion);
  }
  const std::size_t size = v4 ? kIpv4HeaderSize : kIpv6HeaderSize;
  if (out.size() < size) return tl::unexpected(Error::kBufferTooSmall);
  const std::span<std::byte> header = out.first(size);
  constexpr std::byte kHopLimit{64};
  std::ranges::fill(header, std::byte{0});
  header[0] = v4 ? std::byte{0x45} : std::byte{0x60};
  if (v4) {
    header[6] = std::byte{0x40};  // don't fragment
    header[8] = kHopLimit;
    header[9] = std::byte{kProtocolTcp};
  } else {
    header[6] = std::byte{kProtocolTcp};
    header[7] = kHopLimit;
  }
  const auto after = std::ranges::copy(segment.source.address.bytes(), header.begin() + (v4 ? 12 : 8)).out;
  std::ranges::copy(segment.destination.address.bytes(), after);
  return header;
}

std::uint16_t InternetChecksum(std::span<const std::byte> bytes, std::uint32_t initial) {
  // Sums native-endian 32-bit words into 64 bits: one's-complement sums do not depend on byte order (RFC 1071, section
  // 2B).
  std::uint64_t sum = 0;
  const std::byte* next = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; next += 8, left -= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, next, sizeof word);
    sum += (word & 0xffffffffU) + (word >> 32U);
  }
  if (left > 0) {
    std::uint64_t word = 0;
    std::memcpy(&word, next, left);
    sum += (word & 0xffffffffU) + (word >> 32U);
  }
  while (sum >> 16U != 0) sum = (sum & 0xffffU) + (sum >> 16U);
  std::uint32_t folded = boost::endian::native_to_big(static_cast<std::uint16_t>(sum));
  folded += (initial & 0xffffU) + (initial >> 16U);
  while (folded >> 16U != 0) folded = (folded & 0xffffU) + (folded >> 16U);
  return static_cast<std::uint16_t>(~folded);
}

}  // namespace tcpslab::wire
