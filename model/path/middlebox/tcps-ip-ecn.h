/**
 * @file
 * @ingroup tcps
 * The ECN field of an IP header (RFC 3168, section 5). Internal: C++20, not installed.
 */
#ifndef TCPS_IP_ECN_H
#define TCPS_IP_ECN_H

#include <cstddef>
#include <cstdint>
#include <span>

namespace ns3
{

/** Codepoints. */
enum class TcpsEcn : uint8_t
{
    NOT_ECT = 0,
    ECT_1 = 1,
    ECT_0 = 2,
    CE = 3
};

/** Where the field's two bits are: always in the header's second byte, in IPv6 two bits further up. */
constexpr unsigned
TcpsEcnShift(std::span<const std::byte> ipHeader)
{
    constexpr unsigned ipv6 = 6;
    return std::to_integer<unsigned>(ipHeader[0]) >> 4U == ipv6 ? 4 : 0;
}

/** @param ipHeader IPv4 or IPv6, whole */
constexpr TcpsEcn
TcpsGetEcn(std::span<const std::byte> ipHeader)
{
    return static_cast<TcpsEcn>(std::to_integer<unsigned>(ipHeader[1]) >> TcpsEcnShift(ipHeader) & 3U);
}

/**
 * Leaves the IPv4 header checksum to whoever emits the header.
 * @param ipHeader IPv4 or IPv6, whole
 * @param ecn the new codepoint
 */
constexpr void
TcpsSetEcn(std::span<std::byte> ipHeader, TcpsEcn ecn)
{
    const unsigned shift = TcpsEcnShift(ipHeader);
    ipHeader[1] = (ipHeader[1] & ~(std::byte{3} << shift)) | std::byte{static_cast<uint8_t>(ecn)} << shift;
}

} // namespace ns3

#endif /* TCPS_IP_ECN_H */
