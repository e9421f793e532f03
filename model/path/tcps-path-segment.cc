#include "tcps-path-segment.h"

#include <algorithm>
#include <array>
#include <boost/endian/conversion.hpp>

#include "ns3/abort.h"

namespace ns3
{

namespace wire = tcpslab::wire;
using boost::endian::load_big_u16;
using boost::endian::store_big_u16;

namespace
{

std::vector<uint8_t>
Emit(std::span<const std::byte> ipHeader, const wire::Segment& segment)
{
    std::vector<uint8_t> bytes(ipHeader.size() + segment.HeaderSize() + segment.payload.size());
    const wire::Result<std::size_t> size =
        wire::EmitPacket({ipHeader, segment}, std::as_writable_bytes(std::span(bytes)), wire::Checksum::kCompute);
    NS_ABORT_MSG_UNLESS(size, "a path element made a packet longer than IP can carry");
    bytes.resize(*size);
    return bytes;
}

constexpr std::size_t kChecksum = 16; // its place in the TCP header (RFC 9293, section 3.1)

/** Of a packet that was parsed before. A checksum of 0 that is not right has never been computed. */
bool
HasWrongChecksum(const TcpsPathPacket& packet)
{
    std::vector<uint8_t> bytes = packet.GetBytes();
    const std::span<std::byte> raw = std::as_writable_bytes(std::span(bytes));
    const wire::Result<wire::Packet> parsed = wire::ParsePacket(raw);
    const wire::Segment& segment = parsed->segment;
    const std::span<const std::byte> tcp =
        raw.subspan(parsed->ip_header.size(), segment.HeaderSize() + segment.payload.size());
    return load_big_u16(&bytes[parsed->ip_header.size() + kChecksum]) != 0 &&
           !wire::TcpChecksumValid(tcp, segment.source.address, segment.destination.address);
}

} // namespace

TcpsPathSegment::TcpsPathSegment(const TcpsPathPacket& packet) : m_packet(packet), m_bytes(packet.GetBytes())
{
}

std::optional<TcpsPathSegment>
TcpsPathSegment::Parse(const TcpsPathPacket& packet)
{
    TcpsPathSegment result(packet);
    const wire::Result<wire::Packet> parsed = wire::ParsePacket(std::as_writable_bytes(std::span(result.m_bytes)));
    if (!parsed)
    {
        return std::nullopt;
    }
    result.m_ipHeaderSize = parsed->ip_header.size();
    result.m_segment = parsed->segment; // the payload stays where it is when m_bytes moves
    return result;
}

TcpsPathPacket
TcpsPathSegment::Make(const Segment& segment)
{
    std::array<std::byte, wire::kIpv6HeaderSize> storage{};
    return TcpsPathPacket(Emit(*wire::MakeIpHeader(segment, storage), segment));
}

void
TcpsPathSegment::SetPayload(std::span<const std::byte> payload)
{
    std::vector<std::byte> copy(payload.begin(), payload.end());
    m_payload.swap(copy);
    m_segment.payload = m_payload;
}

std::span<std::byte>
TcpsPathSegment::IpHeader()
{
    return std::as_writable_bytes(std::span(m_bytes)).first(m_ipHeaderSize);
}

void
TcpsPathSegment::SetSource(const wire::Endpoint& source)
{
    m_segment.source = source;
    SetIpAddress(12, 8, source.address); // RFC 791, section 3.1; RFC 8200, section 3
}

void
TcpsPathSegment::SetDestination(const wire::Endpoint& destination)
{
    m_segment.destination = destination;
    SetIpAddress(16, 24, destination.address); // as above
}

void
TcpsPathSegment::SetIpAddress(std::size_t ipv4Offset, std::size_t ipv6Offset, const wire::Address& address)
{
    const bool ipv4 = address.family() == wire::Family::kIpv4;
    const std::size_t offset = ipv4 ? ipv4Offset : ipv6Offset;
    std::ranges::copy(address.bytes(), IpHeader().subspan(offset).begin());
}

bool
TcpsPathSegment::IsDamaged() const
{
    return HasWrongChecksum(m_packet);
}

TcpsPathPacket
TcpsPathSegment::ToPacket() const
{
    TcpsPathPacket packet = m_packet;
    std::vector<uint8_t> bytes = Emit(std::as_bytes(std::span(m_bytes)).first(m_ipHeaderSize), m_segment);
    if (IsDamaged())
    {
        // As a box that adjusts the sum for what it changed (RFC 1624). One more, with end-around carry, is never
        // right.
        uint8_t* const checksum = &bytes[m_ipHeaderSize + kChecksum];
        const uint16_t right = load_big_u16(checksum);
        store_big_u16(checksum, right == UINT16_MAX ? uint16_t{1} : static_cast<uint16_t>(right + 1));
    }
    packet.SetBytes(bytes);
    return packet;
}

} // namespace ns3
