#include "tcps-fragments.h"

#include <algorithm>
#include <boost/endian/conversion.hpp>
#include <optional>
#include <span>

#include "reference/wire/packet.h"

namespace ns3
{

namespace wire = tcpslab::wire;
using boost::endian::load_big_u16;
using boost::endian::store_big_u16;
using boost::endian::store_big_u32;

namespace
{

using Bytes = std::vector<uint8_t>;

constexpr std::size_t kUnit = 8; //!< offsets count in it

/** An IP header as fragments carry it, and what they share out. */
struct Parts
{
    Bytes header;
    std::span<const uint8_t> payload;
    std::size_t offset = 0; //!< of the payload in the original packet
    bool more = false;      //!< the packet is a fragment itself, and not the last
};

namespace ipv4
{

constexpr std::size_t kLength = 2;
constexpr std::size_t kIdentification = 4;
constexpr std::size_t kFragment = 6;
constexpr std::size_t kChecksum = 10;
constexpr uint16_t kMoreFragments = 0x2000;
constexpr uint16_t kOffsetMask = 0x1fff;

/** RFC 791, section 3.1: options without the copied flag are in the first fragment alone; NOPs keep their place. */
void
BlankFirstFragmentOptions(std::span<uint8_t> options)
{
    constexpr uint8_t end = 0;
    constexpr uint8_t noOperation = 1;
    constexpr uint8_t copied = 0x80;
    while (!options.empty() && options[0] != end)
    {
        const std::size_t length = options[0] == noOperation || options.size() < 2
                                       ? 1
                                       : std::clamp<std::size_t>(options[1], 2, options.size());
        if ((options[0] & copied) == 0)
        {
            std::ranges::fill(options.first(length), noOperation);
        }
        options = options.subspan(length);
    }
}

std::optional<Parts>
Take(const Bytes& packet)
{
    constexpr unsigned wordsMask = 0x0f;
    constexpr std::size_t word = 4;
    if (packet.size() < wire::kIpv4HeaderSize)
    {
        return std::nullopt;
    }
    const std::size_t header = (packet[0] & wordsMask) * word;
    const std::size_t total = load_big_u16(&packet[kLength]);
    if (header < wire::kIpv4HeaderSize || header > total || total > packet.size())
    {
        return std::nullopt;
    }
    const uint16_t fragment = load_big_u16(&packet[kFragment]);
    const auto begin = packet.begin();
    return Parts{.header = {begin, begin + static_cast<std::ptrdiff_t>(header)},
                 .payload = std::span(packet).first(total).subspan(header),
                 .offset = (fragment & kOffsetMask) * kUnit,
                 .more = (fragment & kMoreFragments) != 0};
}

Bytes
Put(const Parts& parts, std::size_t place, std::span<const uint8_t> payload, uint16_t identification)
{
    const bool last = place + payload.size() == parts.payload.size() && !parts.more;
    const std::size_t offset = parts.offset + place;
    Bytes bytes = parts.header;
    if (place > 0)
    {
        BlankFirstFragmentOptions(std::span(bytes).subspan(wire::kIpv4HeaderSize));
    }
    store_big_u16(&bytes[kLength], static_cast<uint16_t>(bytes.size() + payload.size()));
    if (parts.offset == 0 && !parts.more)
    {
        store_big_u16(&bytes[kIdentification], identification);
    }
    store_big_u16(&bytes[kFragment], static_cast<uint16_t>(offset / kUnit | (last ? 0U : kMoreFragments)));
    store_big_u16(&bytes[kChecksum], 0);
    store_big_u16(&bytes[kChecksum], wire::InternetChecksum(std::as_bytes(std::span(bytes))));
    bytes.insert(bytes.end(), payload.begin(), payload.end());
    return bytes;
}

} // namespace ipv4

namespace ipv6
{

constexpr std::size_t kLength = 4;
constexpr std::size_t kNextHeader = 6;
constexpr uint8_t kHopByHop = 0;
constexpr uint8_t kRouting = 43;
constexpr uint8_t kFragment = 44;
constexpr uint8_t kDestination = 60;
constexpr std::size_t kFragmentSize = 8;

/** The per-fragment headers end with the routing header, else with the hop-by-hop options (RFC 8200, section 4.5). */
std::optional<Parts>
Take(const Bytes& packet)
{
    if (packet.size() < wire::kIpv6HeaderSize)
    {
        return std::nullopt;
    }
    const std::size_t total = wire::kIpv6HeaderSize + load_big_u16(&packet[kLength]);
    if (total > packet.size())
    {
        return std::nullopt;
    }
    std::size_t end = wire::kIpv6HeaderSize;
    std::size_t linkToPayload = kNextHeader;
    std::size_t link = kNextHeader;
    for (std::size_t place = end; place + 2 <= total;)
    {
        const uint8_t type = packet[link];
        if (type == kFragment)
        {
            return std::nullopt;
        }
        if (type != kHopByHop && type != kRouting && type != kDestination)
        {
            break;
        }
        link = place;
        place += (packet[place + 1] + std::size_t{1}) * kUnit;
        if (type != kDestination && place <= total)
        {
            end = place;
            linkToPayload = link;
        }
    }
    Parts parts{.header = {packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(end)},
                .payload = std::span(packet).first(total).subspan(end)};
    const uint8_t next = packet[linkToPayload];
    parts.header[linkToPayload] = kFragment;
    parts.header.resize(end + kFragmentSize);
    parts.header[end] = next;
    return parts;
}

Bytes
Put(const Parts& parts, std::size_t place, std::span<const uint8_t> payload, uint32_t identification)
{
    constexpr std::size_t offsetPlace = 2;
    constexpr std::size_t identificationPlace = 4;
    const bool last = place + payload.size() == parts.payload.size();
    Bytes bytes = parts.header;
    uint8_t* const fragment = &bytes[bytes.size() - kFragmentSize];
    store_big_u16(fragment + offsetPlace, static_cast<uint16_t>(place | (last ? 0U : 1U)));
    store_big_u32(fragment + identificationPlace, identification);
    const std::size_t length = bytes.size() - wire::kIpv6HeaderSize + payload.size();
    store_big_u16(&bytes[kLength], static_cast<uint16_t>(length));
    bytes.insert(bytes.end(), payload.begin(), payload.end());
    return bytes;
}

} // namespace ipv6

} // namespace

std::vector<TcpsPathPacket>
TcpsFragment(const TcpsPathPacket& packet, std::size_t size, uint32_t identification)
{
    const Bytes& bytes = packet.GetBytes();
    const unsigned version = bytes.empty() ? 0U : bytes[0] >> 4U;
    const std::optional<Parts> parts = version == 4   ? ipv4::Take(bytes)
                                       : version == 6 ? ipv6::Take(bytes)
                                                      : std::nullopt;
    const std::size_t step = std::max<std::size_t>((size + kUnit - 1) / kUnit, 1) * kUnit;
    if (!parts || parts->payload.size() <= step)
    {
        return {packet};
    }
    std::vector<TcpsPathPacket> fragments;
    for (std::size_t place = 0; place < parts->payload.size(); place += step)
    {
        const std::span<const uint8_t> part =
            parts->payload.subspan(place, std::min(step, parts->payload.size() - place));
        TcpsPathPacket fragment = packet;
        fragment.SetBytes(version == 4 ? ipv4::Put(*parts, place, part, static_cast<uint16_t>(identification))
                                       : ipv6::Put(*parts, place, part, identification));
        fragments.push_back(fragment);
    }
    return fragments;
}

} // namespace ns3
