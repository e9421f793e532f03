/**
 * @file
 * @ingroup tcps
 * The inside of TcpsShimProtocol, and how code of this project gives a node its Shim. Internal: C++20, not installed.
 */
#ifndef TCPS_SHIM_PROTOCOL_IMPL_H
#define TCPS_SHIM_PROTOCOL_IMPL_H

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "ns3/event-id.h"
#include "ns3/ipv4-route.h"
#include "ns3/ipv4.h"
#include "ns3/ipv6-route.h"
#include "ns3/ipv6.h"
#include "ns3/packet.h"
#include "reference/crypto/random.h"
#include "reference/stack/pair.h"
#include "reference/stack/shim.h"
#include "tcps-host-parts.h"
#include "tcps-segment-buffer.h"
#include "tcps-shim-protocol.h"

namespace ns3
{

class TcpsShimProtocol::Impl final : public tcpslab::stack::SegmentSink
{
  public:
    using Segment = tcpslab::stack::Segment;
    using Shim = tcpslab::stack::Shim;
    /** Builds a Shim that emits its own segments to the sink given, which outlives it. */
    using ShimFactory = std::function<std::unique_ptr<Shim>(tcpslab::stack::SegmentSink& segments)>;

    explicit Impl(TcpsShimProtocol& owner);
    ~Impl() override;

    /**
     * Replaces the Shim: destroys the present one now and builds the new one when it is first needed. Called from
     * outside Shim calls only.
     * @param make builds the new Shim; empty: host parts only
     */
    void SetShim(ShimFactory make);
    /**
     * @return the Shim, built if need be; null if there is none
     */
    Shim* GetShim();

    // From SegmentSink
    void ToNetwork(const Segment& segment) override;
    void ToHost(const Segment& segment) override;

  private:
    friend class TcpsShimProtocol;

    using Address = tcpslab::wire::Address;

    /** Where a packet goes: the route that TCP looked up, or none. */
    struct Route
    {
        Ptr<Ipv4Route> v4;
        Ptr<Ipv6Route> v6;
    };

    /** A packet about to leave. */
    struct Departure
    {
        Ptr<Packet> packet;
        Address source;
        Address destination;
        Route route;
    };

    /** Marks a Shim call in progress: the Shim and the buffer are in use. */
    class InsideShim
    {
      public:
        explicit InsideShim(bool& inside) : m_inside(inside)
        {
            m_inside = true;
        }

        InsideShim(const InsideShim&) = delete;
        InsideShim& operator=(const InsideShim&) = delete;

        ~InsideShim()
        {
            m_inside = false;
        }

      private:
        bool& m_inside;
    };

    void Install(Ptr<Node> node);
    void Dispose();

    void Outbound4(
        Ptr<Packet> packet, Ipv4Address source, Ipv4Address destination, uint8_t protocol, Ptr<Ipv4Route> route);
    void Outbound6(
        Ptr<Packet> packet, Ipv6Address source, Ipv6Address destination, uint8_t protocol, Ptr<Ipv6Route> route);
    /** A segment of TCP's, in one piece or several. */
    void Outbound(const Departure& departure, std::size_t mtu);
    /** A segment of the script's that plays this host. */
    void OutboundFromScript(const Departure& departure);
    /** In pieces of up to `limit` bytes; `header` is the size of TCP's own in departure.packet. */
    void Split(const Departure& departure, const Segment& segment, std::size_t header, std::size_t limit);
    /** Runs the Shim over a piece whose payload lies in the buffer; departure.packet is overwritten with the result. */
    void OutboundPiece(const Departure& departure, Segment piece);
    void Send(const Departure& departure);

    /**
     * A segment for TCP: judges it and edits the packet.
     * @return whether TCP gets it
     */
    bool Inbound(const Ptr<Packet>& packet, const Address& source, const Address& destination, bool reassembled);

    /** Sends what the Shim emitted; `present` lends its route to segments for the same destination. */
    void FlushToNetwork(const Departure* present);
    void DeliverToHost();
    void DeliverToHost4(const Segment& segment);
    void DeliverToHost6(const Segment& segment);
    void Rearm();
    void Expire();

    // See TcpsSegmentBuffer.
    std::span<std::byte> CopyIn(const Packet& packet, std::size_t size);
    void Rebuild(Packet& packet, const Segment& segment);
    Ptr<Packet> MakePacket(const Segment& segment);
    void DropSegment(const Ptr<const Packet>& packet, DropReason reason);

    void NoteRx4(Ptr<const Packet> packet, Ptr<Ipv4> ipv4, uint32_t interface);
    void NoteRx6(Ptr<const Packet> packet, Ptr<Ipv6> ipv6, uint32_t interface);

    TcpsHostParts& Host();
    void GuardSendWindows(bool due);
    /**
     * The host parts see a segment that TCP is about to take, and TCP is guarded against it.
     * @return whether TcpsPassesControl() has to judge it, whatever its flags
     */
    bool HostInbound(Segment& segment);
    TcpsHostSettings HostSettings() const;
    /** Reads GlobalValue ChecksumEnabled with the first segment. */
    bool ChecksumsEnabled();

    TcpsShimProtocol& m_owner;
    Ptr<Node> m_node;
    Ptr<TcpL4Protocol> m_tcp;
    DownTargetCallback m_down4;
    DownTargetCallback6 m_down6;

    HostReceiver m_hostReceiver; //!< set: a script plays this host in place of m_tcp

    ShimFactory m_makeShim;
    std::unique_ptr<Shim> m_shim;
    bool m_insideShim = false;
    std::deque<tcpslab::stack::OwnedSegment> m_toNetwork; //!< emitted, not sent yet
    std::deque<tcpslab::stack::OwnedSegment> m_toHost;    //!< emitted, not delivered yet
    EventId m_deliverEvent;
    EventId m_expireEvent;
    EventId m_guardEvent;
    tcpslab::stack::Instant m_expireAt = tcpslab::stack::kNever; //!< when m_expireEvent fires

    int64_t m_stream = -1;
    std::optional<tcpslab::crypto::SeededRandom> m_random;
    std::optional<TcpsHostParts> m_host;
    std::optional<bool> m_checksums; //!< GlobalValue ChecksumEnabled, read with the first segment

    TcpsSegmentBuffer m_buffer; //!< not in use while anything else is called that may re-enter
    bool m_fragment4 = false;   //!< the IPv4 packet in hand is a fragment
    bool m_fragment6 = false;   //!< the IPv6 packet in hand is a fragment
};

} // namespace ns3

#endif /* TCPS_SHIM_PROTOCOL_IMPL_H */
