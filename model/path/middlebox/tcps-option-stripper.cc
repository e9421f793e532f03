#include "tcps-option-stripper.h"

#include <array>
#include <string_view>

#include "../../tcps-convert.h"
#include "../tcps-number-list.h"
#include "../tcps-path-segment.h"
#include "ns3/string.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsOptionStripper);

namespace wire = tcpslab::wire;

namespace
{

/** RFC 6994; 0 if there is none. */
uint16_t
ExIdOf(const wire::OptionView& option)
{
    const std::span<const std::byte> body = option.body();
    return body.size() < 2
               ? uint16_t{0}
               : static_cast<uint16_t>(std::to_integer<unsigned>(body[0]) << 8U | std::to_integer<unsigned>(body[1]));
}

} // namespace

TypeId
TcpsOptionStripper::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsOptionStripper")
            .SetParent<TcpsSelectiveElement>()
            .SetGroupName("Tcps")
            .AddConstructor<TcpsOptionStripper>()
            .AddAttribute("Kinds",
                          "Option kinds to remove, as \"253,254\".",
                          StringValue("253"),
                          MakeStringAccessor(&TcpsOptionStripper::SetKinds, &TcpsOptionStripper::GetKinds),
                          MakeStringChecker())
            .AddAttribute("ExIds",
                          "Of these kinds, only options with one of these experiment identifiers, as \"TC,0x454e\".",
                          StringValue(""),
                          MakeStringAccessor(&TcpsOptionStripper::SetExIds, &TcpsOptionStripper::GetExIds),
                          MakeStringChecker())
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
TcpsOptionStripper::HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction)
{
    std::array<std::byte, wire::kMaximumOptionBytes> kept{};
    const std::span<const std::byte> bytes = segment->options.bytes();
    std::ranges::copy(bytes, kept.begin());
    std::size_t size = bytes.size();
    uint64_t removed = 0;
    for (const wire::OptionView option : segment->options)
    {
        if (!m_kinds.contains(option.kind()) || (!m_exIds.empty() && !m_exIds.contains(ExIdOf(option))))
        {
            continue;
        }
        ++removed;
        const std::size_t length = option.bytes().size();
        const std::size_t place = option.offset() - (bytes.size() - size);
        if (m_mode == MODE_NOP)
        {
            std::ranges::fill(std::span(kept).subspan(place, length), std::byte{wire::kNoOperation});
            continue;
        }
        std::ranges::copy(std::span(kept).first(size).subspan(place + length), kept.begin() + static_cast<long>(place));
        size -= length;
    }
    if (removed == 0)
    {
        Forward(packet, direction);
        return;
    }
    m_removed += removed;
    segment->options = *wire::OptionArea::FromBytes(std::span(kept).first(size));
    Forward(segment.ToPacket(), direction, true);
    Achieve("removed an option");
}

bool
TcpsOptionStripper::SetKinds(std::string list)
{
    return TcpsParseNumbers<uint8_t>(list, m_kinds);
}

std::string
TcpsOptionStripper::GetKinds() const
{
    return TcpsFormatNumbers(m_kinds);
}

bool
TcpsOptionStripper::SetExIds(std::string list)
{
    // Two letters are the identifier itself.
    std::string numbers;
    std::string_view rest = list;
    while (!rest.empty())
    {
        const std::string_view item = TcpsTakeItem(rest);
        const bool letters = item.size() == 2 && item.find_first_of("0123456789") == std::string_view::npos;
        numbers += letters ? std::to_string(static_cast<uint8_t>(item[0]) << 8U | static_cast<uint8_t>(item[1]))
                           : std::string(item);
        numbers += ',';
    }
    if (!TcpsParseNumbers<uint16_t>(numbers, m_exIds))
    {
        return false;
    }
    m_exIdsText = list;
    return true;
}

std::string
TcpsOptionStripper::GetExIds() const
{
    return m_exIdsText;
}

} // namespace ns3
