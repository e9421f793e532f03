#include "tcps-path-segment.h"

#include <algorithm>
#include <array>

#include "ns3/abort.h"

namespace ns3
{

namespace wire = tcpslab::wire;

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

TcpsPathPacket
TcpsPathSegment::ToPacket() const
{
    TcpsPathPacket packet = m_packet;
    packet.SetBytes(Emit(std::as_bytes(std::span(m_bytes)).first(m_ipHeaderSize), m_segment));
    return packet;
}

} // namespace ns3
