#include "tcps-option-mangler.h"

#include <algorithm>
#include <vector>

#include "../../tcps-convert.h"
#include "../tcps-number-list.h"
#include "../tcps-path-segment.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsOptionMangler);

namespace wire = tcpslab::wire;

namespace
{

using Bytes = std::vector<std::byte>;

/** Where an option lies in the header's option bytes. */
struct Place
{
    std::size_t offset;
    std::size_t size;
};

Bytes::iterator
At(Bytes& options, std::size_t place)
{
    return options.begin() + static_cast<std::ptrdiff_t>(place);
}

std::byte&
LengthOf(Bytes& options, Place place)
{
    return options[place.offset + 1];
}

void
Duplicate(Bytes& options, Place place)
{
    const Bytes copy(At(options, place.offset), At(options, place.offset + place.size));
    if (options.size() + copy.size() <= wire::kMaximumOptionBytes)
    {
        options.insert(At(options, place.offset + place.size), copy.begin(), copy.end());
    }
}

void
Truncate(Bytes& options, Place place, std::size_t bytes)
{
    // Last, and aligned in front: what is cut off is the option's alone, and no padding follows.
    std::rotate(At(options, place.offset), At(options, place.offset + place.size), options.end());
    const std::size_t cut = std::clamp<std::size_t>(bytes, 1, place.size - 2);
    options.resize(options.size() - cut);
    const std::size_t padding = (4 - options.size() % 4) % 4;
    options.insert(options.begin(), padding, std::byte{wire::kNoOperation});
}

void
Shorten(Bytes& options, Place place)
{
    LengthOf(options, place) = static_cast<std::byte>(place.size - 1);
    options[place.offset + place.size - 1] = std::byte{wire::kNoOperation};
}

/** Size of the option area and what an option's length byte says may differ afterwards. */
void
Damage(Bytes& options, Place place, TcpsOptionMangler::Mode mode, std::size_t bytes)
{
    switch (mode)
    {
        case TcpsOptionMangler::MODE_DUPLICATE:
            Duplicate(options, place);
            break;
        case TcpsOptionMangler::MODE_TRUNCATE:
            Truncate(options, place, bytes);
            break;
        case TcpsOptionMangler::MODE_ZERO_LENGTH:
            LengthOf(options, place) = std::byte{0};
            break;
        case TcpsOptionMangler::MODE_OVERRUN:
            LengthOf(options, place) = static_cast<std::byte>((options.size() + 3) / 4 * 4 - place.offset + bytes);
            break;
        case TcpsOptionMangler::MODE_WRONG_MAGIC:
            options[place.offset + 2] ^= std::byte{0xff};
            break;
        case TcpsOptionMangler::MODE_WRONG_LENGTH:
            Shorten(options, place);
            break;
    }
}

} // namespace

TypeId
TcpsOptionMangler::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsOptionMangler")
            .SetParent<TcpsSelectiveElement>()
            .SetGroupName("Tcps")
            .AddConstructor<TcpsOptionMangler>()
            .AddAttribute("Kinds",
                          "Option kinds to damage, as \"253,254\"; 0 and 1 have no length.",
                          StringValue("253"),
                          MakeStringAccessor(&TcpsOptionMangler::SetKinds, &TcpsOptionMangler::GetKinds),
                          MakeStringChecker())
            .AddAttribute("Mode",
                          "What is done to them.",
                          EnumValue(MODE_DUPLICATE),
                          TcpsMakeEnumAccessor<Mode>(&TcpsOptionMangler::m_mode),
                          MakeEnumChecker(MODE_DUPLICATE,
                                          "duplicate",
                                          MODE_TRUNCATE,
                                          "truncate",
                                          MODE_ZERO_LENGTH,
                                          "zero-length",
                                          MODE_OVERRUN,
                                          "overrun",
                                          MODE_WRONG_MAGIC,
                                          "wrong-magic",
                                          MODE_WRONG_LENGTH,
                                          "wrong-length"))
            .AddAttribute("Bytes",
                          "By how many bytes an option is cut, or runs past the header's end.",
                          UintegerValue(4),
                          MakeUintegerAccessor(&TcpsOptionMangler::m_bytes),
                          MakeUintegerChecker<uint32_t>(1, wire::kMaximumOptionBytes));
    return tid;
}

TcpsOptionMangler::TcpsOptionMangler() = default;

TcpsOptionMangler::~TcpsOptionMangler() = default;

void
TcpsOptionMangler::HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction)
{
    const std::span<const std::byte> present = segment->options.bytes();
    Bytes options(present.begin(), present.end());
    for (const wire::OptionView option : segment->options)
    {
        if (m_kinds.contains(option.kind()) && option.bytes().size() > 2)
        {
            Damage(options, {option.offset(), option.bytes().size()}, m_mode, m_bytes);
            break;
        }
    }
    if (std::ranges::equal(options, present))
    {
        Forward(packet, direction);
        return;
    }
    segment->options = *wire::OptionArea::FromBytes(options);
    Forward(segment.ToPacket(), direction, true);
    Achieve("damaged an option");
}

bool
TcpsOptionMangler::SetKinds(std::string list)
{
    return TcpsParseNumbers<uint8_t>(list, m_kinds);
}

std::string
TcpsOptionMangler::GetKinds() const
{
    return TcpsFormatNumbers(m_kinds);
}

} // namespace ns3
