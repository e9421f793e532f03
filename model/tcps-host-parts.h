/**
 * @file
 * @ingroup tcps
 * What a host's TCP does and ns-3's does not, as an editor of segments. Internal: C++20, not installed.
 */
#ifndef TCPS_HOST_PARTS_H
#define TCPS_HOST_PARTS_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "reference/crypto/random.h"
#include "reference/stack/flow_table.h"
#include "reference/stack/instant.h"
#include "reference/wire/segment.h"
#include "reference/wire/sequence.h"
#include "tcps-duplicate-ack-guard.h"

namespace ns3
{

/** The attributes of TcpsShimProtocol that concern host parts; see there. */
struct TcpsHostSettings
{
    bool randomIsn = true;
    std::optional<uint32_t> isn;
    bool mssOption = true;
    bool windowAfterUnansweredScale = true;
    bool optionGuard = true;
    bool duplicateAckGuard = true;
    std::size_t maxFlows = 65536;
    tcpslab::stack::Duration flowTimeout = std::chrono::seconds(240);
};

/**
 * @ingroup tcps
 *
 * Stands between TcpL4Protocol, which counts every connection's bytes from 0 in both directions, and the Shim, which
 * sees a host like any other. Outgoing sequence numbers gain the connection's initial sequence number, incoming
 * acknowledgements and SACK edges lose it. With the peer's numbers it is the other way round: ns-3 takes them to start
 * near 0 as well (TcpSocketBase::m_highRxMark).
 *
 * A connection's state is made with the first SYN in either direction and outlives the socket, since TCP answers late
 * segments with RSTs that must carry the same offset.
 */
class TcpsHostParts
{
  public:
    using Segment = tcpslab::wire::Segment;

    /** The smallest peer MSS that is believed, as in Linux (TCP_MIN_SND_MSS): smaller ones serve attacks only. */
    static constexpr std::size_t kMinimumPeerMss = 48;

    /**
     * @param random initial sequence numbers and the table's hash key are drawn from it; outlives this object
     */
    explicit TcpsHostParts(tcpslab::crypto::Random& random);

    /**
     * TCP sent a segment. May shift the sequence number, add the MSS option, scale the window back, turn EOL padding
     * into NOPs, and set a missing ACK flag. The payload is not looked at.
     * @param segment as TCP made it
     * @param mtu of the device that it leaves by
     * @param overhead Shim::Overhead()
     * @param now the time
     * @param settings which parts are on
     * @return how much payload it may have: what the peer announced, and what fits one packet after the Shim has
     *         lengthened it; 0 if the headers alone do not fit
     */
    std::size_t Outbound(Segment& segment,
                         std::size_t mtu,
                         std::size_t overhead,
                         tcpslab::stack::Instant now,
                         const TcpsHostSettings& settings);

    /**
     * Call after Outbound(), with the whole segment's payload: Outbound() may have seen the header alone.
     * @param segment after Outbound()
     * @param payload bytes
     * @return whether loss recovery may begin: TcpsGuardSendWindows() is due. True for the first such sign of a
     *         connection, unless its socket was there when the guard was last called.
     */
    bool NoteSent(const Segment& segment, std::size_t payload);

    /** What has to be done about ns-3's TCP, once it has taken a segment unless something else is said. */
    struct DueGuards
    {
        bool sendWindows = false;   //!< TcpsGuardSendWindows(), see NoteSent()
        bool persistTimers = false; //!< TcpsGuardPersistTimers(): the peer has closed its window, now or before
        bool control = false;       //!< TcpsPassesControl(), before: it acknowledges what was never sent
    };

    /**
     * A segment is about to reach TCP. Undoes what Outbound() does to numbers, and makes the options safe for ns-3.
     * @param segment as the Shim passed it; of its payload only whether there is any counts
     * @param now the time
     * @param settings which parts are on
     * @return what is due
     */
    DueGuards Inbound(Segment& segment, tcpslab::stack::Instant now, const TcpsHostSettings& settings);

    /**
     * @return connections remembered
     */
    std::size_t size() const;

  private:
    /** What a SYN says that matters after it. */
    struct Offer
    {
        std::optional<uint16_t> mss;
        std::optional<uint8_t> windowScale;
        bool sackPermitted = false;
    };

    /** One end of a connection on this host. */
    struct Flow
    {
        std::optional<uint32_t> peerIsn; //!< offset of what we receive; none before the peer's SYN
        std::optional<uint32_t> isn;     //!< offset of what we send; none before our SYN
        std::optional<Offer> peerSyn;    //!< of the last SYN that came in, not answered yet
        Offer own;                       //!< of our SYN or SYN-ACK
        Offer peer;                      //!< of the SYN or SYN-ACK that our TCP went on from
        bool peerKnown = false;          //!< peer is set
        bool spoken = false;       //!< TCP sent something other than SYN or RST: its next SYN begins another connection
        bool windowClosed = false; //!< TCP may take the peer's window to be 0
        bool heard = false;        //!< something other than SYN came in: TCP may be past the handshake
        TcpsDuplicateAckGuard duplicateAcks;
        uint64_t guards = 0; //!< m_guards when its socket was there already
        bool finSent = false;
        bool finReceived = false;
        bool reset = false;
        tcpslab::stack::Instant lastActive{};

        bool Closed() const
        {
            return reset || (finSent && finReceived);
        }

        /** RFC 9293, section 3.10.7.4: SEG.ACK > SND.NXT. */
        bool HasNotSent(uint32_t acknowledgement) const
        {
            const uint32_t data = duplicateAcks.GetHighestSent();
            const uint32_t next = (data == 0 ? 1 : data) + (finSent ? 1 : 0);
            return spoken && tcpslab::wire::SequenceBefore(next, acknowledgement);
        }

        bool UsesSack() const
        {
            return own.sackPermitted && peer.sackPermitted;
        }

        bool HalfOpen() const
        {
            return !isn || (!spoken && !heard);
        }
    };

    /** Both ends of a connection may be on this host: first that of the key's lower endpoint. */
    using Flows = std::array<std::optional<Flow>, 2>;

    Flow* Find(const tcpslab::wire::Endpoint& local, const tcpslab::wire::Endpoint& remote);
    /** Null if the table is full of connections that may still be open. */
    Flow* FindOrMake(const tcpslab::wire::Endpoint& local,
                     const tcpslab::wire::Endpoint& remote,
                     tcpslab::stack::Instant now,
                     const TcpsHostSettings& settings);
    void Forget(tcpslab::stack::Instant now, const TcpsHostSettings& settings, bool full);
    bool GuardIsDue(const Flow& flow, bool loss);
    void OutboundSyn(Segment& segment, Flow& flow, const TcpsHostSettings& settings);
    static void InboundSyn(const Segment& segment, Flow& flow);
    static void ScaleBack(Segment& segment, const Flow& flow);
    static Offer OfferOf(const Segment& segment);

    tcpslab::crypto::Random& m_random;
    tcpslab::stack::FlowTable<Flows> m_flows;
    tcpslab::stack::Instant m_nextForget{};
    bool m_windowClosed = false; //!< as in Flow, by a segment of no known connection
    uint64_t m_guards = 0;       //!< how often the sockets were guarded
};

} // namespace ns3

#endif /* TCPS_HOST_PARTS_H */
