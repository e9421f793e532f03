#include "tcps-segment-buffer.h"

#include <algorithm>
#include <array>
#include <functional>

#include "tcps-bytes-header.h"

namespace ns3
{

namespace wire = tcpslab::wire;

namespace
{

void
ReplaceStart(Packet& packet, std::size_t size, std::span<const std::byte> bytes)
{
    packet.RemoveAtStart(static_cast<uint32_t>(size));
    packet.AddHeader(TcpsBytesHeader(bytes));
}

} // namespace

std::span<std::byte>
TcpsSegmentBuffer::CopyIn(const Packet& packet, std::size_t size)
{
    m_bytes.resize(std::max(m_bytes.size(), wire::kMaximumTcpHeaderSize + size));
    const std::span<std::byte> place = std::span(m_bytes).subspan(wire::kMaximumTcpHeaderSize, size);
    packet.CopyData(reinterpret_cast<uint8_t*>(place.data()), static_cast<uint32_t>(size));
    return place;
}

void
TcpsSegmentBuffer::Rebuild(Packet& packet, const wire::Segment& segment, wire::Checksum checksum)
{
    const std::size_t header = segment.HeaderSize();
    const std::size_t total = header + segment.payload.size();
    std::byte* const payload = segment.payload.data();
    const bool inPlace = !segment.payload.empty() && std::greater_equal<>()(payload, m_bytes.data() + header) &&
                         std::less_equal<>()(payload + segment.payload.size(), m_bytes.data() + m_bytes.size());
    // TCPS-TC-11, TCPS-TM-26
    // The buffer has the size that is asked for, so emission cannot fail.
    if (inPlace)
    {
        const std::span<std::byte> bytes(payload - header, total);
        *wire::EmitTcpHeader(segment, bytes, checksum);
        ReplaceStart(packet, packet.GetSize(), bytes);
        return;
    }
    std::vector<std::byte> bytes(total);
    *wire::EmitTcp(segment, bytes, checksum);
    ReplaceStart(packet, packet.GetSize(), bytes);
}

void
TcpsSegmentBuffer::RebuildHeader(Packet& packet, std::size_t oldHeader, const wire::Segment& segment)
{
    std::array<std::byte, wire::kMaximumTcpHeaderSize> storage{};
    const std::size_t size = *wire::EmitTcpHeader(segment, storage, wire::Checksum::kOmit);
    ReplaceStart(packet, oldHeader, std::span(storage).first(size));
}

} // namespace ns3
