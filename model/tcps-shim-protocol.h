/**
 * @file
 * @ingroup tcps
 * The adapter that puts a bump in the stack between a node's TCP and its IP layer.
 */
#ifndef TCPS_SHIM_PROTOCOL_H
#define TCPS_SHIM_PROTOCOL_H

#include <cstdint>
#include <memory>

#include "ns3/address.h"
#include "ns3/callback.h"
#include "ns3/ip-l4-protocol.h"
#include "ns3/ipv4-header.h"
#include "ns3/ipv6-header.h"
#include "ns3/nstime.h"
#include "ns3/traced-callback.h"

namespace ns3
{

class Node;
class Packet;
class TcpL4Protocol;

/**
 * @ingroup tcps
 *
 * Stands in TcpL4Protocol's place below IPv4 and IPv6 (protocol number 6), so that every TCP segment that leaves or
 * enters the node passes here, incoming ones after reassembly. It hands them to a Shim (the protocol, which this class
 * knows nothing about; a node may have none) and, between TCP and Shim, plays those parts of a host that TcpL4Protocol
 * lacks. Each part is an attribute and on by default:
 *
 * - `RandomIsn`: every connection starts at a random sequence number, in each direction (ns-3: always 0).
 * - `MssOption`: SYN and SYN-ACK carry the option Maximum Segment Size (RFC 9293, section 3.7.1): MTU of the route
 *   less 40 (IPv4) or 60 bytes (IPv6). The peer's is obeyed (536, or 1220 with IPv6, if it sends none): larger
 *   segments, and those that would not fit the MTU, are split before the Shim. What leaves is never fragmented.
 * - `WindowAfterUnansweredScale`: a host whose offer to scale windows was not answered announces its real window
 *   (ns-3 still shifts it).
 * - `OptionGuard`: no option reaches TcpL4Protocol that its parser does not survive, and outgoing options are padded
 *   with NOP, as Linux pads (ns-3: EOL, which would hide every option that a Shim appends).
 * - `DuplicateAckGuard`: segments with data are no duplicate acknowledgements (RFC 5681, section 2; ns-3 counts them if
 *   there is no SACK).
 * - `SendWindowGuard`: loss recovery leaves the last byte of the peer's window free: ns-3 3.37 crashes when it fills it
 *   (see tcps-send-window-guard.h).
 * - `PersistGuard`: a closed window where there is nothing to send does not crash ns-3 3.37 (see tcps-persist-guard.h).
 * - `ControlGuard`: RST, SYN and what has no ACK do to a connection only what RFC 9293, section 3.10.7, says
 *   (see tcps-control-guard.h).
 *
 * Install() works on any node that has TcpL4Protocol, at any time before its first segment. Stock sockets, applications
 * and helpers run unmodified above it. Simulation time and ns-3's random streams are the Shim's only clock and
 * randomness: call AssignStreams() for runs that repeat within one process.
 *
 * Not usable with Packet::EnableChecking(), since headers are read and written as bytes.
 */
class TcpsShimProtocol : public IpL4Protocol
{
  public:
    /** The IP protocol number of TCP. */
    static const uint8_t PROT_NUMBER;

    /** Why a segment went no further. */
    enum DropReason
    {
        DROP_SHIM_OUTBOUND, //!< the Shim dropped a segment that TCP sent
        DROP_SHIM_INBOUND,  //!< the Shim dropped a segment from the network
        DROP_MALFORMED,     //!< no whole TCP header
        DROP_BAD_CHECKSUM,  //!< GlobalValue ChecksumEnabled is set and the TCP checksum is wrong
        DROP_NO_SPACE,      //!< the headers alone exceed the MTU
        DROP_CONTROL        //!< an RST, a SYN or no ACK, and it changes nothing (attribute ControlGuard)
    };

    /**
     * Signature of the trace source Drop.
     * @param packet the segment: TCP header and payload
     * @param reason why it was dropped
     */
    using DropTracedCallback = void (*)(Ptr<const Packet> packet, DropReason reason);

    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsShimProtocol();
    ~TcpsShimProtocol() override;

    /**
     * Takes the place of the node's TcpL4Protocol and aggregates this object to the node. The node needs TcpL4Protocol
     * and at least one of Ipv4 and Ipv6.
     * @param node the node, which carries no other TcpsShimProtocol
     */
    void Install(Ptr<Node> node);

    /**
     * Fixes the random stream that initial sequence numbers are drawn from. Without it, the next automatic stream is
     * used.
     * @param stream first stream index to use
     * @return the number of stream indices assigned: 1
     */
    int64_t AssignStreams(int64_t stream);

    /**
     * Receives what would have gone to TCP: header and payload, source and destination (Ipv4Address or Ipv6Address).
     */
    using HostReceiver = Callback<void, Ptr<const Packet>, const Address&, const Address&>;

    /**
     * Plays a host without its TCP: what comes in goes to the receiver instead of TcpL4Protocol, whose own segments are
     * discarded, and the host parts are off. See SendFromHost().
     * @param receiver whom to call
     */
    void SetHostReceiver(HostReceiver receiver);

    /**
     * Sends a segment as if it came from the node's TCP: through the Shim and to IP.
     * @param segment TCP header and payload, not malformed; the checksum is computed here
     * @param source an Ipv4Address or Ipv6Address of this node
     * @param destination the peer's address, of the same family
     */
    void SendFromHost(Ptr<Packet> segment, const Address& source, const Address& destination);

    /**
     * @return the number of connections that host parts remember something about
     */
    uint32_t GetNFlows() const;

    // From IpL4Protocol
    int GetProtocolNumber() const override;
    IpL4Protocol::RxStatus Receive(Ptr<Packet> packet,
                                   const Ipv4Header& header,
                                   Ptr<Ipv4Interface> incomingInterface) override;
    IpL4Protocol::RxStatus Receive(Ptr<Packet> packet,
                                   const Ipv6Header& header,
                                   Ptr<Ipv6Interface> incomingInterface) override;
    void ReceiveIcmp(Ipv4Address icmpSource,
                     uint8_t icmpTtl,
                     uint8_t icmpType,
                     uint8_t icmpCode,
                     uint32_t icmpInfo,
                     Ipv4Address payloadSource,
                     Ipv4Address payloadDestination,
                     const uint8_t payload[8]) override;
    void ReceiveIcmp(Ipv6Address icmpSource,
                     uint8_t icmpTtl,
                     uint8_t icmpType,
                     uint8_t icmpCode,
                     uint32_t icmpInfo,
                     Ipv6Address payloadSource,
                     Ipv6Address payloadDestination,
                     const uint8_t payload[8]) override;
    void SetDownTarget(IpL4Protocol::DownTargetCallback cb) override;
    void SetDownTarget6(IpL4Protocol::DownTargetCallback6 cb) override;
    IpL4Protocol::DownTargetCallback GetDownTarget() const override;
    IpL4Protocol::DownTargetCallback6 GetDownTarget6() const override;

    /** The inside; defined in tcps-shim-protocol-impl.h, which is no part of the public interface. */
    class Impl;
    /**
     * @return the inside
     */
    Impl& GetImpl();

  protected:
    void DoDispose() override;

  private:
    bool m_randomIsn{true};                  //!< attribute RandomIsn
    int64_t m_isn{-1};                       //!< attribute Isn
    bool m_mssOption{true};                  //!< attribute MssOption
    bool m_windowAfterUnansweredScale{true}; //!< attribute WindowAfterUnansweredScale
    bool m_optionGuard{true};                //!< attribute OptionGuard
    bool m_duplicateAckGuard{true};          //!< attribute DuplicateAckGuard
    bool m_sendWindowGuard{true};            //!< attribute SendWindowGuard
    bool m_persistGuard{true};               //!< attribute PersistGuard
    bool m_controlGuard{true};               //!< attribute ControlGuard
    uint32_t m_maxFlows{0};                  //!< attribute MaxFlows
    Time m_flowTimeout;                      //!< attribute FlowTimeout

    TracedCallback<Ptr<const Packet>, DropReason> m_dropTrace; //!< trace source Drop

    std::unique_ptr<Impl> m_impl; //!< everything that knows the protocol stack
};

} // namespace ns3

#endif /* TCPS_SHIM_PROTOCOL_H */
