#include "reference/wire/segment.h"

#include <algorithm>
#include <boost/endian/conversion.hpp>
#include <cstring>

#include "reference/wire/packet.h"

namespace tcpslab::wire {
namespace {

unsigned char* Raw(std::byte* bytes) { return reinterpret_cast<unsigned char*>(bytes); }
const unsigned char* Raw(const std::byte* bytes) { return reinterpret_cast<const unsigned char*>(bytes); }

constexpr std::size_t kChecksumOffset = 16;

// RFC 9293, section 3.1: the sum over the pseudo-header.
std::uint32_t PseudoHeaderSum(const Address& source, const Address& destination, std::size_t tcp_length) {
  std::uint32_t sum =
      kProtocolTcp + static_cast<std::uint32_t>(tcp_length >> 16) + static_cast<std::uint32_t>(tcp_length & 0xffff);
  for (const Address* address : {&source, &destination}) {
    const std::span<const std::byte> bytes = address->bytes();
    for (std::size_t i = 0; i < bytes.size(); i += 2) sum += boost::endian::load_big_u16(Raw(&bytes[i]));
  }
  return sum;
}

}  // namespace

std::uint32_t Segment::SequenceLength() const {
  return static_cast<std::uint32_t>(payload.size()) + (Has(kSyn) ? 1 : 0) + (Has(kFin) ? 1 : 0);
}

Result<Segment> ParseTcp(std::span<std::byte> bytes, const Address& source, const Address& destination) {
  if (bytes.size() < kTcpHeaderSize) return tl::unexpected(Error::kTcpTruncated);
  const std::size_t header = static_cast<std::size_t>(std::to_integer<unsigned>(bytes[12]) >> 4U) * 4;
  if (header < kTcpHeaderSize) return tl::unexpected(Error::kDataOffsetTooSmall);
  if (header > bytes.size()) return tl::unexpected(Error::kDataOffsetTooLarge);
  const unsigned char* raw = Raw(bytes.data());
  Segment segment;
  segment.source = {source, boost::endian::load_big_u16(raw)};
  segment.destination = {destination, boost::endian::load_big_u16(raw + 2)};
  segment.sequence = boost::endian::load_big_u32(raw + 4);
  segment.acknowledgement = boost::endian::load_big_u32(raw + 8);
  segment.reserved_bits = raw[12] & 0x0fU;
  segment.flags = raw[13];
  segment.window = boost::endian::load_big_u16(raw + 14);
  segment.urgent_pointer = boost::endian::load_big_u16(raw + 18);
  // The data offset counts at most 15 words, so the options always fit.
  segment.options = *OptionArea::FromBytes(bytes.subspan(kTcpHeaderSize, header - kTcpHeaderSize));
  segment.payload = bytes.subspan(header);
  return segment;
}

Result<std::size_t> EmitTcpHeader(const Segment& segment, std::span<std::byte> out, Checksum checksum) {
  const std::size_t header = segment.HeaderSize();
  if (out.size() < header) return tl::unexpected(Error::kBufferTooSmall);
  unsigned char* raw = Raw(out.data());
  boost::endian::store_big_u16(raw, segment.source.port);
  boost::endian::store_big_u16(raw + 2, segment.destination.port);
  boost::endian::store_big_u32(raw + 4, segment.sequence);
  boost::endian::store_big_u32(raw + 8, segment.acknowledgement);
  raw[12] = static_cast<unsigned char>((header / 4) << 4U | (segment.reserved_bits & 0x0fU));
  raw[13] = segment.flags;
  boost::endian::store_big_u16(raw + 14, segment.window);
  boost::endian::store_big_u16(raw + kChecksumOffset, 0);
  boost::endian::store_big_u16(raw + 18, segment.urgent_pointer);
  std::ranges::copy(segment.options.bytes(), out.begin() + kTcpHeaderSize);
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(kTcpHeaderSize + segment.options.size()),
            out.begin() + static_cast<std::ptrdiff_t>(header), std::byte{kEndOfOptions});
  if (checksum == Checksum::kCompute) {
    const std::uint32_t pseudo =
        PseudoHeaderSum(segment.source.address, segment.destination.address, header + segment.payload.size());
    const std::uint16_t of_header = InternetChecksum(out.first(header), pseudo);
    const std::uint16_t sum = InternetChecksum(segment.payload, static_cast<std::uint16_t>(~of_header));
    boost::endian::store_big_u16(raw + kChecksumOffset, sum);
  }
  return header;
}

Result<std::size_t> EmitTcp(const Segment& segment, std::span<std::byte> out, Checksum checksum) {
  const std::size_t header = segment.HeaderSize();
  const std::size_t total = header + segment.payload.size();
  if (out.size() < total) return tl::unexpected(Error::kBufferTooSmall);
  const std::span<std::byte> place = out.subspan(header, segment.payload.size());
  if (!segment.payload.empty() && place.data() != segment.payload.data()) {
    std::memmove(place.data(), segment.payload.data(), place.size());
  }
  Segment placed = segment;
  placed.payload = place;
  return EmitTcpHeader(placed, out, checksum).map([total](std::size_t) { return total; });
}

bool TcpChecksumValid(std::span<const std::byte> bytes, const Address& source, const Address& destination) {
  return InternetChecksum(bytes, PseudoHeaderSum(source, destination, bytes.size())) == 0;
}

}  // namespace tcpslab::wire
