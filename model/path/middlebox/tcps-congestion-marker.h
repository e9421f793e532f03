/**
 * @file
 * @ingroup tcps
 * A router that marks instead of dropping.
 */
#ifndef TCPS_CONGESTION_MARKER_H
#define TCPS_CONGESTION_MARKER_H

#include "ns3/tcps-impairment.h"

namespace ns3
{

/**
 * @ingroup tcps
 * ns3::TcpsCongestionMarker: chosen segments whose sender can do ECN (ECT in the IP header) are marked Congestion
 * Experienced (RFC 3168, section 5); others pass as they are.
 */
class TcpsCongestionMarker : public TcpsImpairment
{
  public:
    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

  private:
    void HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) override;
};

} // namespace ns3

#endif /* TCPS_CONGESTION_MARKER_H */
