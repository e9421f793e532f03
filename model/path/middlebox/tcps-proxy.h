/**
 * @file
 * @ingroup tcps
 * A transparent proxy.
 */
#ifndef TCPS_PROXY_H
#define TCPS_PROXY_H

#include <cstdint>
#include <memory>

#include "ns3/tcps-connection-element.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * ns3::TcpsProxy terminates TCP: it answers each SYN in the server's name, whichever side that is on, connects onward
 * in the client's name once the first connection stands, and carries the bytes of either to the other. Neither end sees
 * more of the other than its address, its port (unless that is in use) and its bytes: no option, sequence number or
 * segment boundary gets through. This is what performance-enhancing and inspecting proxies do (RFC 3135).
 *
 * Both connections are those of ns-3's TCP, on nodes that nobody else sees. A reset or refused connection resets the
 * other. Connections whose SYN did not pass here pass untouched. What it carries it has read, so that with the goal
 * `read` it is an attacker.
 */
class TcpsProxy : public TcpsConnectionElement
{
  public:
    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsProxy();
    ~TcpsProxy() override;

    /** Enough for five hosts; with more, some share theirs. */
    int64_t AssignStreams(int64_t stream) override;

    /**
     * @return the number of connections accepted so far
     */
    uint32_t GetNConnections() const;

  protected:
    void DoDispose() override;

  private:
    void HandleSegment(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) override;

    class Inside;
    std::unique_ptr<Inside> m_inside; //!< hidden nodes, and what joins them
};

} // namespace ns3

#endif /* TCPS_PROXY_H */
