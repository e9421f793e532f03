// A whole IP packet that carries TCP: IPv4 (RFC 791) or IPv6 (RFC 8200) header, then the segment.
//
//   Result<Packet> packet = ParsePacket(bytes);
//   packet->segment.window = 0;
//   Result<std::size_t> size = EmitPacket(*packet, out, Checksum::kCompute);
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "reference/wire/error.h"
#include "reference/wire/segment.h"

namespace tcpslab::wire {

inline constexpr std::size_t kIpv4HeaderSize = 20;
inline constexpr std::size_t kIpv6HeaderSize = 40;
inline constexpr std::uint8_t kProtocolTcp = 6;

// Header bytes as they came (IPv4 with its options; IPv6 with its extension headers), borrowed. Emission copies them
// and rewrites only what must change: lengths, and the IPv4 header checksum.
struct Packet {
  std::span<const std::byte> ip_header;
  Segment segment;
};

// Parses the packet at the start of `bytes`; trailing bytes beyond the IP length (link-layer padding) are ignored.
// Errors: every kIp*, kNotTcp, and those of ParseTcp. The IPv4 header checksum is not verified. Source routes are not
// followed: the destination is the address in the IP header.
Result<Packet> ParsePacket(std::span<std::byte> bytes);

// Writes headers and payload; returns the total size. `segment.payload` may overlap `out` in any way; `ip_header` lies
// at the start of `out` or outside it. Errors: kBufferTooSmall, kPacketTooLong; kIpTruncated, kIpVersion or
// kIpHeaderLength for an `ip_header` that is not a whole header.
Result<std::size_t> EmitPacket(const Packet& packet, std::span<std::byte> out, Checksum checksum);

// A minimal header (no options, TTL 64, DF set, identification 0) for a segment that has none yet; EmitPacket fills in
// length and header checksum. Writes 20 or 40 bytes to `out` and returns them. Errors: kBufferTooSmall; kIpVersion for
// addresses of different families.
Result<std::span<const std::byte>> MakeIpHeader(const Segment& segment, std::span<std::byte> out);

// One's-complement sum of RFC 1071, folded and complemented, in host byte order. Bytes that already hold their checksum
// give 0. `initial` is a sum of big-endian 16-bit words to go on from: that of a pseudo-header, or the complement of
// the checksum of the bytes before, which are even in number.
std::uint16_t InternetChecksum(std::span<const std::byte> bytes, std::uint32_t initial = 0);

}  // namespace tcpslab::wire
