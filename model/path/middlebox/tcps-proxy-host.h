/**
 * @file
 * @ingroup tcps
 * The nodes inside a proxy. Internal: C++20, not installed.
 */
#ifndef TCPS_PROXY_HOST_H
#define TCPS_PROXY_HOST_H

#include <cstdint>
#include <functional>
#include <map>

#include "../tcps-path-packet.h"
#include "ns3/node.h"
#include "ns3/socket.h"
#include "ns3/virtual-net-device.h"
#include "reference/wire/address.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * A node with ns-3's TCP that nobody sees. It has the address of a host, speaks in that host's name, and its only link
 * is the proxy.
 */
class TcpsProxyHost
{
  public:
    using Output = std::function<void(const TcpsPathPacket& packet)>;
    using Accept = std::function<void(
        const Ptr<Socket>& socket, const tcpslab::wire::Endpoint& local, const tcpslab::wire::Endpoint& remote)>;

    /**
     * @param address that it has
     * @param stream first of kStreams stream indices; negative: automatic ones
     * @param output takes the TCP segments that it sends; what else it sends is discarded
     * @param accept is called for every connection that it accepts
     */
    TcpsProxyHost(const tcpslab::wire::Address& address, int64_t stream, Output output, Accept accept);
    ~TcpsProxyHost();
    TcpsProxyHost(const TcpsProxyHost&) = delete;
    TcpsProxyHost& operator=(const TcpsProxyHost&) = delete;

    /** Stream indices that one host may take. */
    static constexpr int64_t kStreams = 20;

    /** Accepts connections to that port from now on. */
    void Listen(uint16_t port);

    /**
     * @param port its own; another if that is taken: one of ns-3's nodes can use a port once only, whoever the peer is
     * @return a socket to connect with; null if all are taken
     */
    Ptr<Socket> Open(uint16_t port);

    /** A packet for it arrives. */
    void Receive(const TcpsPathPacket& packet);

  private:
    void AddAddress();
    Ptr<Socket> CreateSocket() const;
    bool Bind(const Ptr<Socket>& socket, uint16_t port) const;
    bool Send(Ptr<Packet> packet, const Address& source, const Address& destination, uint16_t protocol);
    void OnAccepted(Ptr<Socket> socket, const Address& from);

    tcpslab::wire::Address m_address;
    Output m_output;
    Accept m_accept;
    Ptr<Node> m_node;
    Ptr<VirtualNetDevice> m_device;
    std::map<uint16_t, Ptr<Socket>> m_listeners; //!< by port
};

} // namespace ns3

#endif /* TCPS_PROXY_HOST_H */
