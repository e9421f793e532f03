#include "tcps-replace-option.h"

#include <algorithm>
#include <array>

#include "reference/tcps/options.h"

namespace ns3
{

namespace tcps = tcpslab::tcps;
namespace wire = tcpslab::wire;

bool
TcpsReplaceOption(wire::OptionArea& area, std::span<const std::byte> option)
{
    constexpr std::size_t prefix = tcps::kOptionPrefixSize;
    for (const wire::OptionView present : area)
    {
        const std::span<const std::byte> old = present.bytes();
        if (old.size() != option.size() || old.size() < prefix ||
            !std::ranges::equal(old.first(prefix), option.first(prefix)))
        {
            continue;
        }
        std::array<std::byte, wire::kMaximumOptionBytes> bytes{};
        std::ranges::copy(area.bytes(), bytes.begin());
        std::ranges::copy(option, bytes.begin() + static_cast<std::ptrdiff_t>(present.offset()));
        area = *wire::OptionArea::FromBytes(std::span(bytes).first(area.size()));
        return true;
    }
    return false;
}

} // namespace ns3
