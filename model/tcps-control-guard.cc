#include "tcps-control-guard.h"

#include <cstdint>

#include "ns3/address.h"
#include "ns3/inet-socket-address.h"
#include "ns3/inet6-socket-address.h"
#include "ns3/object-ptr-container.h"
#include "ns3/packet.h"
#include "ns3/tcp-header.h"
#include "ns3/tcp-l4-protocol.h"
#include "ns3/tcp-rx-buffer.h"
#include "ns3/tcp-socket-base.h"
#include "tcps-convert.h"

namespace ns3
{

namespace wire = tcpslab::wire;

namespace
{

constexpr uint32_t kNextAfterSyn = 1; //!< ns-3's TCP counts from 0

/** Reaches what TcpSocketBase keeps to itself. */
class Access : public TcpSocketBase
{
  public:
    static TcpStates_t State(const TcpSocketBase& socket)
    {
        return socket.*(&Access::m_state);
    }

    static void SendAck(TcpSocketBase& socket)
    {
        (socket.*(&Access::SendEmptyPacket))(TcpHeader::ACK);
    }
};

bool
IsEndpoint(const Address& address, const wire::Endpoint& endpoint)
{
    const bool socketAddress =
        InetSocketAddress::IsMatchingType(address) || Inet6SocketAddress::IsMatchingType(address);
    return socketAddress && TcpsToWire(address) == endpoint;
}

/** The socket of the connection that a segment belongs to; null if none has it. */
Ptr<TcpSocketBase>
FindSocket(const TcpL4Protocol& tcp, const wire::Segment& segment)
{
    ObjectPtrContainerValue sockets;
    tcp.GetAttribute("SocketList", sockets);
    for (auto entry = sockets.Begin(); entry != sockets.End(); ++entry)
    {
        const Ptr<TcpSocketBase> socket = DynamicCast<TcpSocketBase>(entry->second);
        Address local;
        Address remote;
        if (Access::State(*socket) != TcpSocket::LISTEN && socket->GetPeerName(remote) == 0 &&
            IsEndpoint(remote, segment.source) && socket->GetSockName(local) == 0 &&
            IsEndpoint(local, segment.destination))
        {
            return socket;
        }
    }
    return nullptr;
}

bool
PassesReset(TcpSocketBase& socket, wire::Segment& segment)
{
    const bool ack = segment.Has(wire::kAck);
    segment.flags = static_cast<uint8_t>(segment.flags & ~wire::kAck);
    if (Access::State(socket) == TcpSocket::CLOSED)
    {
        return false;
    }
    if (Access::State(socket) == TcpSocket::SYN_SENT)
    {
        return ack && segment.acknowledgement == kNextAfterSyn;
    }
    const uint32_t next = socket.GetRxBuffer()->NextRxSequence().GetValue();
    const uint32_t end = socket.GetRxBuffer()->MaxRxSequence().GetValue();
    const bool inWindow = segment.sequence - next < end - next;
    if (inWindow && segment.sequence != next)
    {
        Access::SendAck(socket);
    }
    return segment.sequence == next;
}

/** RFC 9293, section 3.10.7.3: what acknowledges another SYN than ours is answered with <SEQ=SEG.ACK><CTL=RST>. */
void
RefuseAcknowledgement(TcpL4Protocol& tcp, TcpSocketBase& socket, const wire::Segment& segment)
{
    TcpHeader reset;
    reset.SetSourcePort(segment.destination.port);
    reset.SetDestinationPort(segment.source.port);
    reset.SetSequenceNumber(SequenceNumber32(segment.acknowledgement));
    reset.SetFlags(TcpHeader::RST);
    tcp.SendPacket(Create<Packet>(),
                   reset,
                   TcpsToNs3(segment.destination.address),
                   TcpsToNs3(segment.source.address),
                   socket.GetBoundNetDevice());
}

/** A challenge ACK where there is a connection that is established or closing; TCP may have the segment otherwise. */
bool
PassesChallenged(TcpSocketBase& socket)
{
    switch (Access::State(socket))
    {
        case TcpSocket::ESTABLISHED:
        case TcpSocket::CLOSE_WAIT:
        case TcpSocket::LAST_ACK:
        case TcpSocket::FIN_WAIT_1:
        case TcpSocket::FIN_WAIT_2:
        case TcpSocket::CLOSING:
            Access::SendAck(socket);
            return false;
        default:
            return true;
    }
}

bool
PassesSyn(TcpL4Protocol& tcp, TcpSocketBase& socket, const wire::Segment& segment)
{
    const bool refused = Access::State(socket) == TcpSocket::SYN_SENT && segment.Has(wire::kAck) &&
                         segment.acknowledgement != kNextAfterSyn;
    if (refused)
    {
        RefuseAcknowledgement(tcp, socket, segment);
    }
    return !refused && PassesChallenged(socket);
}

} // namespace

bool
TcpsPassesControl(TcpL4Protocol& tcp, wire::Segment& segment)
{
    const Ptr<TcpSocketBase> socket = FindSocket(tcp, segment);
    if (!socket)
    {
        return !segment.Has(wire::kRst);
    }
    if (segment.Has(wire::kRst))
    {
        return PassesReset(*socket, segment);
    }
    if (segment.Has(wire::kSyn))
    {
        return PassesSyn(tcp, *socket, segment);
    }
    return segment.Has(wire::kAck) && PassesChallenged(*socket);
}

} // namespace ns3
