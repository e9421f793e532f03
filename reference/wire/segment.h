// One TCP segment in decoded form, with checked parsing from and emission to bytes (RFC 9293, section 3.1).
//
// A Segment owns its header fields and options and borrows its payload. Parse and emit are inverse: emitting what was
// parsed gives the same bytes (the checksum is computed anew), unknown options and reserved bits included.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "reference/wire/address.h"
#include "reference/wire/error.h"
#include "reference/wire/options.h"

namespace tcpslab::wire {

// Byte 13 of the TCP header.
enum Flag : std::uint8_t {
  kFin = 0x01,
  kSyn = 0x02,
  kRst = 0x04,
  kPsh = 0x08,
  kAck = 0x10,
  kUrg = 0x20,
  kEce = 0x40,
  kCwr = 0x80,
};

inline constexpr std::size_t kTcpHeaderSize = 20;  // without options
inline constexpr std::size_t kMaximumTcpHeaderSize = kTcpHeaderSize + kMaximumOptionBytes;

struct Segment {
  Endpoint source;
  Endpoint destination;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgement = 0;
  std::uint8_t flags = 0;          // byte 13, all eight bits
  std::uint8_t reserved_bits = 0;  // low four bits of byte 12 (reserved and AE), kept for re-emission
  std::uint16_t window = 0;        // as on the wire, unscaled
  std::uint16_t urgent_pointer = 0;
  OptionArea options;
  std::span<std::byte> payload;  // borrowed; may be edited in place, shortened, or pointed elsewhere
  bool reassembled = false;      // the host put this segment together from IP fragments

  [[nodiscard]] bool Has(std::uint8_t all_of) const { return (flags & all_of) == all_of; }
  [[nodiscard]] bool IsSyn() const { return (flags & (kSyn | kAck)) == kSyn; }
  [[nodiscard]] bool IsSynAck() const { return (flags & (kSyn | kAck)) == (kSyn | kAck); }
  // ACK and nothing that takes sequence space or resets.
  [[nodiscard]] bool IsPureAck() const { return (flags & (kSyn | kFin | kRst | kAck)) == kAck && payload.empty(); }
  // Sequence space taken: payload, SYN and FIN.
  [[nodiscard]] std::uint32_t SequenceLength() const;
  // Header on the wire, options padded to a multiple of 4.
  [[nodiscard]] std::size_t HeaderSize() const { return kTcpHeaderSize + options.PaddedSize(); }
};

// Who computes the TCP checksum: nobody (the field is 0), or the emitter over pseudo-header, header and payload.
enum class Checksum : std::uint8_t { kOmit, kCompute };

// Parses a TCP header and its payload. `source` and `destination` are the addresses of the IP header; the payload span
// points into `bytes`. Errors: kTcpTruncated, kDataOffsetTooSmall, kDataOffsetTooLarge. Malformed options are not an
// error here (they are data: see OptionArea::Check). The checksum is not verified: see TcpChecksumValid.
Result<Segment> ParseTcp(std::span<std::byte> bytes, const Address& source, const Address& destination);

// Writes the header at the start of `out`, options padded with zero bytes (EOL) to a multiple of 4; returns its size,
// 20 to 60 bytes. The payload is not written; with Checksum::kCompute it is read. Errors: kBufferTooSmall.
Result<std::size_t> EmitTcpHeader(const Segment& segment, std::span<std::byte> out, Checksum checksum);

// Writes header and payload; returns the total. `segment.payload` may already lie at its place inside `out`, or overlap
// it. Errors: kBufferTooSmall.
Result<std::size_t> EmitTcp(const Segment& segment, std::span<std::byte> out, Checksum checksum);

// RFC 1071 sum over pseudo-header and the whole TCP segment as it is on the wire (protocol 6, also for IPv6).
bool TcpChecksumValid(std::span<const std::byte> bytes, const Address& source, const Address& destination);

}  // namespace tcpslab::wire
