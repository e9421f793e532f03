#include "tcps-sack-blocks.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace ns3
{

namespace wire = tcpslab::wire;

void
TcpsMapSackEdges(wire::OptionArea& options, const std::function<uint32_t(uint32_t)>& map)
{
    std::array<std::byte, wire::kMaximumOptionBytes> edited{};
    std::ranges::copy(options.bytes(), edited.begin());
    for (const wire::OptionView option : options)
    {
        if (option.kind() != wire::kSack)
        {
            continue;
        }
        constexpr std::size_t edgeSize = sizeof(uint32_t);
        constexpr unsigned byteBits = 8;
        const std::size_t first = option.offset() + option.bytes().size() - option.body().size();
        for (std::size_t place = 0; place + edgeSize <= option.body().size(); place += edgeSize)
        {
            const std::span<std::byte> edge = std::span(edited).subspan(first + place, edgeSize);
            uint32_t number = 0;
            for (const std::byte byte : edge)
            {
                number = number << byteBits | std::to_integer<uint32_t>(byte);
            }
            number = map(number);
            for (std::size_t i = edgeSize; i-- > 0; number >>= byteBits)
            {
                edge[i] = static_cast<std::byte>(number);
            }
        }
    }
    options = *wire::OptionArea::FromBytes(std::span(edited).first(options.size()));
}

} // namespace ns3
