#include "tcps-convert.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ns3/abort.h"
#include "ns3/inet-socket-address.h"
#include "ns3/inet6-socket-address.h"
#include "ns3/rng-seed-manager.h"
#include "ns3/simulator.h"

namespace ns3
{

namespace wire = tcpslab::wire;

wire::Address
TcpsToWire(Ipv4Address address)
{
    std::array<uint8_t, wire::Address::kIpv4Size> bytes{};
    address.Serialize(bytes.data());
    return wire::Address::Ipv4(std::as_bytes(std::span(bytes)));
}

wire::Address
TcpsToWire(const Ipv6Address& address)
{
    std::array<uint8_t, wire::Address::kIpv6Size> bytes{};
    address.Serialize(bytes.data());
    return wire::Address::Ipv6(std::as_bytes(std::span(bytes)));
}

wire::Endpoint
TcpsToWire(const Address& socketAddress)
{
    if (InetSocketAddress::IsMatchingType(socketAddress))
    {
        const InetSocketAddress inet = InetSocketAddress::ConvertFrom(socketAddress);
        return {TcpsToWire(inet.GetIpv4()), inet.GetPort()};
    }
    NS_ABORT_MSG_UNLESS(Inet6SocketAddress::IsMatchingType(socketAddress),
                        "neither an InetSocketAddress nor an Inet6SocketAddress");
    const Inet6SocketAddress inet6 = Inet6SocketAddress::ConvertFrom(socketAddress);
    return {TcpsToWire(inet6.GetIpv6()), inet6.GetPort()};
}

Ipv4Address
TcpsToIpv4(const wire::Address& address)
{
    return Ipv4Address::Deserialize(reinterpret_cast<const uint8_t*>(address.bytes().data()));
}

Ipv6Address
TcpsToIpv6(const wire::Address& address)
{
    return Ipv6Address::Deserialize(reinterpret_cast<const uint8_t*>(address.bytes().data()));
}

Address
TcpsToNs3(const wire::Address& address)
{
    return address.family() == wire::Family::kIpv4 ? Address(TcpsToIpv4(address)) : Address(TcpsToIpv6(address));
}

Address
TcpsToNs3(const wire::Endpoint& endpoint)
{
    return endpoint.address.family() == wire::Family::kIpv4
               ? Address(InetSocketAddress(TcpsToIpv4(endpoint.address), endpoint.port))
               : Address(Inet6SocketAddress(TcpsToIpv6(endpoint.address), endpoint.port));
}

tcpslab::stack::Instant
TcpsNow()
{
    return tcpslab::stack::Instant(tcpslab::stack::Duration(Simulator::Now().GetNanoSeconds()));
}

Time
TcpsToTime(tcpslab::stack::Instant instant)
{
    return NanoSeconds(instant.time_since_epoch().count());
}

tcpslab::stack::Duration
TcpsToDuration(Time time)
{
    return tcpslab::stack::Duration(time.GetNanoSeconds());
}

tcpslab::crypto::SeededRandom
TcpsMakeRandom(int64_t stream)
{
    // The upper half of the stream indices is for assigned ones, as in RandomVariableStream::SetStream.
    constexpr uint64_t firstAssigned = uint64_t{1} << 63U;
    const uint64_t index =
        stream < 0 ? RngSeedManager::GetNextStreamIndex() : firstAssigned + static_cast<uint64_t>(stream);
    // Seed and run number are independent values of up to 64 bits each: a first generator makes one seed of them.
    std::array<std::byte, sizeof(uint64_t)> bytes{};
    tcpslab::crypto::SeededRandom(RngSeedManager::GetSeed(), RngSeedManager::GetRun()).Fill(bytes);
    uint64_t seed = 0;
    for (const std::byte byte : bytes)
    {
        seed = seed << 8U | std::to_integer<uint64_t>(byte);
    }
    return tcpslab::crypto::SeededRandom(seed, index);
}

} // namespace ns3
