/**
 * @file
 * @ingroup tcps
 * A stateful packet filter.
 */
#ifndef TCPS_FIREWALL_H
#define TCPS_FIREWALL_H

#include <cstdint>
#include <memory>

#include "ns3/nstime.h"
#include "ns3/tcps-connection-element.h"

namespace ns3
{

struct TcpsTrackedFlow;

/**
 * @ingroup tcps
 *
 * ns3::TcpsFirewall lets a connection's segments pass once it has seen the handshake, until nothing has passed for
 * `IdleTimeout`, or a RST has; everything else of TCP is refused. With `WindowCheck` a segment must also lie where the
 * last acknowledgements and windows allow (G. van Rooij, Real Stateful TCP Packet Filtering in IP Filter, 2001; also
 * Linux's conntrack): not beyond the receiver's window, not further back than one window, and acknowledging nothing
 * that was not sent. `Reply` says what the sender of a refused segment gets: `none`, or a `reset`.
 */
class TcpsFirewall : public TcpsConnectionElement
{
  public:
    /** Attribute Reply. */
    enum Reply
    {
        REPLY_NONE, //!< "none"
        REPLY_RESET //!< "reset"
    };

    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsFirewall();
    ~TcpsFirewall() override;

  private:
    void HandleSegment(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) override;
    bool IsAllowed(const TcpsTrackedFlow* flow, const TcpsPathSegment& segment, Direction direction) const;
    bool IsInWindow(const TcpsTrackedFlow& flow, const TcpsPathSegment& segment, Direction direction) const;
    void Refuse(const TcpsPathPacket& packet, const TcpsPathSegment& segment, Direction direction);

    Time m_idleTimeout;        //!< attribute IdleTimeout
    bool m_windowCheck{true};  //!< attribute WindowCheck
    Reply m_reply{REPLY_NONE}; //!< attribute Reply
    class Windows;
    std::unique_ptr<Windows> m_windows; //!< what each end of each connection may be sent
};

} // namespace ns3

#endif /* TCPS_FIREWALL_H */
