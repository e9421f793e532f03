/**
 * @file
 * @ingroup tcps
 * A narrow link that tells nobody.
 */
#ifndef TCPS_MTU_BLACK_HOLE_H
#define TCPS_MTU_BLACK_HOLE_H

#include <cstdint>

#include "ns3/tcps-path-element.h"

namespace ns3
{

/**
 * @ingroup tcps
 * ns3::TcpsMtuBlackHole drops every IP packet larger than `Mtu`, and sends no ICMP message (RFC 2923, section 2.1).
 */
class TcpsMtuBlackHole : public TcpsPathElement
{
  public:
    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

  private:
    void Handle(const TcpsPathPacket& packet, Direction direction) override;

    uint32_t m_mtu{1400}; //!< attribute Mtu, bytes with the IP header
};

} // namespace ns3

#endif /* TCPS_MTU_BLACK_HOLE_H */
