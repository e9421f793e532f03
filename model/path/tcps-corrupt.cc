#include "tcps-corrupt.h"

#include <numeric>
#include <utility>
#include <vector>

#include "../tcps-convert.h"
#include "ns3/abort.h"
#include "ns3/boolean.h"
#include "ns3/uinteger.h"
#include "reference/wire/packet.h"
#include "tcps-path-segment.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsCorrupt);

namespace wire = tcpslab::wire;

namespace
{

constexpr std::size_t kBitsPerByte = 8;

/** The bits, from the packet's first, that may be flipped. Data offset: high half of byte 12; checksum: 16 and 17. */
std::vector<std::size_t>
Candidates(TcpsPathSegment& segment, TcpsCorrupt::Where where)
{
    constexpr std::size_t dataOffset = 12;
    constexpr std::size_t checksum = 16;
    constexpr std::size_t urgentPointer = 18;
    const std::size_t header = segment.IpHeader().size();
    std::vector<std::size_t> bits;
    const auto add = [&bits](std::size_t first, std::size_t end)
    {
        const std::size_t before = bits.size();
        bits.resize(before + end - first);
        std::iota(bits.begin() + static_cast<std::ptrdiff_t>(before), bits.end(), first);
    };
    const auto addBytes = [&add, header](std::size_t first, std::size_t end)
    { add((header + first) * kBitsPerByte, (header + end) * kBitsPerByte); };
    switch (where)
    {
        case TcpsCorrupt::WHERE_PAYLOAD:
            addBytes(segment->HeaderSize(), segment->HeaderSize() + segment->payload.size());
            break;
        case TcpsCorrupt::WHERE_OPTIONS:
            addBytes(wire::kTcpHeaderSize, segment->HeaderSize());
            break;
        case TcpsCorrupt::WHERE_HEADER:
            addBytes(0, dataOffset);
            add((header + dataOffset) * kBitsPerByte + kBitsPerByte / 2, (header + checksum) * kBitsPerByte);
            addBytes(urgentPointer, wire::kTcpHeaderSize);
            break;
    }
    return bits;
}

} // namespace

TypeId
TcpsCorrupt::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsCorrupt")
            .SetParent<TcpsImpairment>()
            .SetGroupName("Tcps")
            .AddConstructor<TcpsCorrupt>()
            .AddAttribute("Bits",
                          "How many bits are flipped.",
                          UintegerValue(1),
                          MakeUintegerAccessor(&TcpsCorrupt::m_bits),
                          MakeUintegerChecker<uint32_t>(1))
            .AddAttribute("Where",
                          "What part of the segment suffers.",
                          EnumValue(WHERE_PAYLOAD),
                          TcpsMakeEnumAccessor<Where>(&TcpsCorrupt::m_where),
                          MakeEnumChecker(WHERE_PAYLOAD, "payload", WHERE_HEADER, "header", WHERE_OPTIONS, "options"))
            .AddAttribute("FixChecksum",
                          "Whether the TCP checksum is made right again.",
                          BooleanValue(false),
                          MakeBooleanAccessor(&TcpsCorrupt::m_fixChecksum),
                          MakeBooleanChecker());
    return tid;
}

void
TcpsCorrupt::HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction)
{
    std::vector<std::size_t> candidates = Candidates(segment, m_where);
    if (candidates.empty())
    {
        Forward(packet, direction);
        return;
    }
    std::vector<uint8_t> bytes = packet.GetBytes();
    for (uint32_t flipped = 0; flipped < m_bits && !candidates.empty(); ++flipped)
    {
        std::size_t& chosen = candidates[GetRandom()->GetInteger(0, static_cast<uint32_t>(candidates.size() - 1))];
        bytes[chosen / kBitsPerByte] ^= static_cast<uint8_t>(1U << (kBitsPerByte - 1 - chosen % kBitsPerByte));
        std::swap(chosen, candidates.back());
        candidates.pop_back();
    }
    if (m_fixChecksum)
    {
        const std::span<std::byte> raw = std::as_writable_bytes(std::span(bytes));
        const wire::Result<wire::Packet> parsed = wire::ParsePacket(raw);
        NS_ABORT_MSG_UNLESS(parsed && wire::EmitPacket(*parsed, raw, wire::Checksum::kCompute),
                            "a segment was spoiled so far that it is none");
    }
    TcpsPathPacket spoiled = packet;
    spoiled.SetBytes(bytes);
    Forward(spoiled, direction, true);
    Achieve("spoiled a segment");
}

} // namespace ns3
