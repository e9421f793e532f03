#include "tcps-option-stripper.h"

#include "../tcps-convert.h"
#include "ns3/string.h"
#include "reference/wire/packet.h"
#include "tcps-number-list.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsOptionStripper);

namespace wire = tcpslab::wire;

TypeId
TcpsOptionStripper::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsOptionStripper")
            .SetParent<TcpsPathElement>()
            .SetGroupName("Tcps")
            .AddConstructor<TcpsOptionStripper>()
            .AddAttribute("Kinds",
                          "Option kinds to remove, as \"253,254\".",
                          StringValue("253"),
                          MakeStringAccessor(&TcpsOptionStripper::SetKinds, &TcpsOptionStripper::GetKinds),
                          MakeStringChecker())
            .AddAttribute("Segments",
                          "From which segments; syn: SYN and SYN-ACK.",
                          EnumValue(SEGMENTS_ALL),
                          TcpsMakeEnumAccessor<Segments>(&TcpsOptionStripper::m_segments),
                          MakeEnumChecker(SEGMENTS_SYN, "syn", SEGMENTS_NON_SYN, "non-syn", SEGMENTS_ALL, "all"))
            .AddAttribute("Mode",
                          "remove: the header gets shorter. nop: NOPs take the option's place.",
                          EnumValue(MODE_REMOVE),
                          TcpsMakeEnumAccessor<Mode>(&TcpsOptionStripper::m_mode),
                          MakeEnumChecker(MODE_REMOVE, "remove", MODE_NOP, "nop"));
    return tid;
}

TcpsOptionStripper::TcpsOptionStripper() = default;

TcpsOptionStripper::~TcpsOptionStripper() = default;

uint64_t
TcpsOptionStripper::GetNRemoved() const
{
    return m_removed;
}

void
TcpsOptionStripper::Handle(const TcpsPathPacket& packet, Direction direction)
{
    std::vector<uint8_t> bytes = packet.GetBytes();
    const std::span<std::byte> raw = std::as_writable_bytes(std::span(bytes));
    wire::Result<wire::Packet> parsed = wire::ParsePacket(raw);
    const bool concerned =
        parsed && (m_segments == SEGMENTS_ALL || parsed->segment.Has(wire::kSyn) == (m_segments == SEGMENTS_SYN));
    std::size_t removed = 0;
    if (concerned)
    {
        wire::OptionArea& options = parsed->segment.options;
        for (const uint8_t kind : m_kinds)
        {
            removed += m_mode == MODE_REMOVE ? options.Remove(kind) : options.Blank(kind);
        }
    }
    if (removed == 0)
    {
        Forward(packet, direction);
        return;
    }
    m_removed += removed;
    // What gets shorter fits where it was.
    bytes.resize(*wire::EmitPacket(*parsed, raw, wire::Checksum::kCompute));
    TcpsPathPacket edited = packet;
    edited.SetBytes(bytes);
    Forward(edited, direction, true);
    Achieve("removed an option");
}

void
TcpsOptionStripper::SetKinds(std::string list)
{
    m_kinds = TcpsParseNumbers<uint8_t>(list);
}

std::string
TcpsOptionStripper::GetKinds() const
{
    return TcpsFormatNumbers(m_kinds);
}

} // namespace ns3
