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
// Errors: every kIp*, kNotTcp, and those of ParseTcp. The IPv4 header checksum is not verified.
Result<Packet> ParsePacket(std::span<std::byte> bytes);

// Returns the total size. Errors: kBufferTooSmall, kPacketTooLong.
Result<std::size_t> EmitPacket(const Packet& packet, std::span<std::byte> out, Checksum checksum);

// A minimal header (no options, TTL 64, DF set, identification 0) for a segment that has none yet. Writes 20 or 40
// bytes to `out` and returns them. Errors: kBufferTooSmall.
Result<std::span<const std::byte>> MakeIpHeader(const Segment& segment, std::span<std::byte> out);

// One's-complement sum of RFC 1071, folded and complemented, as it stands in a header. `initial` is a sum to go on
// from.
std::uint16_t InternetChecksum(std::span<const std::byte> bytes, std::uint32_t initial = 0);

}  // namespace tcpslab::wire
