/**
 * @file
 * @ingroup tcps
 * Values of ns-3 as values of the protocol stack, and back. Internal: C++20, not installed.
 */
#ifndef TCPS_CONVERT_H
#define TCPS_CONVERT_H

#include "ns3/address.h"
#include "ns3/enum.h"
#include "ns3/ipv4-address.h"
#include "ns3/ipv6-address.h"
#include "ns3/nstime.h"
#include "reference/crypto/random.h"
#include "reference/stack/instant.h"
#include "reference/wire/address.h"

namespace ns3
{

tcpslab::wire::Address TcpsToWire(Ipv4Address address);
tcpslab::wire::Address TcpsToWire(const Ipv6Address& address);
/** An InetSocketAddress or Inet6SocketAddress; anything else is fatal. */
tcpslab::wire::Endpoint TcpsToWire(const Address& socketAddress);
/** The address must be of that family. */
Ipv4Address TcpsToIpv4(const tcpslab::wire::Address& address);
Ipv6Address TcpsToIpv6(const tcpslab::wire::Address& address);

/** As an Ipv4Address or Ipv6Address. */
Address TcpsToNs3(const tcpslab::wire::Address& address);
/** As an InetSocketAddress or Inet6SocketAddress. */
Address TcpsToNs3(const tcpslab::wire::Endpoint& endpoint);

/** Simulation time as the stack's clock. */
tcpslab::stack::Instant TcpsNow();
Time TcpsToTime(tcpslab::stack::Instant instant);
tcpslab::stack::Duration TcpsToDuration(Time time);

/**
 * Randomness that depends on ns-3's seed and run number and on a stream index alone.
 * @param stream as in AssignStreams; negative: the next automatic stream
 */
tcpslab::crypto::SeededRandom TcpsMakeRandom(int64_t stream);

/** Source address in an IP header: Ipv6Header's accessors had other names before ns-3.35. */
template <typename Header>
auto
TcpsSourceOf(const Header& header)
{
    if constexpr (requires { header.GetSource(); })
    {
        return header.GetSource();
    }
    else
    {
        return header.GetSourceAddress();
    }
}

/** Destination address in an IP header. */
template <typename Header>
auto
TcpsDestinationOf(const Header& header)
{
    if constexpr (requires { header.GetDestination(); })
    {
        return header.GetDestination();
    }
    else
    {
        return header.GetDestinationAddress();
    }
}

/** Sets both addresses in an IP header. */
template <typename Header, typename IpAddress>
void
TcpsSetAddresses(Header& header, IpAddress source, IpAddress destination)
{
    if constexpr (requires { header.SetSource(source); })
    {
        header.SetSource(source);
        header.SetDestination(destination);
    }
    else
    {
        header.SetSourceAddress(source);
        header.SetDestinationAddress(destination);
    }
}

/** MakeEnumAccessor, whose template parameters changed in ns-3.42. */
template <typename Enum, typename... Args>
auto
TcpsMakeEnumAccessor(Args... args)
{
    if constexpr (requires { MakeEnumAccessor<Enum>(args...); })
    {
        return MakeEnumAccessor<Enum>(args...);
    }
    else
    {
        return MakeEnumAccessor(args...);
    }
}

} // namespace ns3

#endif /* TCPS_CONVERT_H */
