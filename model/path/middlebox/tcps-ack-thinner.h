/**
 * @file
 * @ingroup tcps
 * A box that saves a slow return path acknowledgements.
 */
#ifndef TCPS_ACK_THINNER_H
#define TCPS_ACK_THINNER_H

#include <cstdint>
#include <memory>

#include "ns3/tcps-selective-element.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * ns3::TcpsAckThinner lets the first of every `Keep` successive pure ACKs pass, of each connection in each direction,
 * and drops the others. Only those count that the attributes of TcpsSelectiveElement choose; all else passes.
 */
class TcpsAckThinner : public TcpsSelectiveElement
{
  public:
    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsAckThinner();
    ~TcpsAckThinner() override;

  private:
    void HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) override;
    void HandleOther(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) override;

    uint32_t m_keep{2}; //!< attribute Keep
    class Connections;
    std::unique_ptr<Connections> m_connections; //!< pure ACKs so far on each
};

} // namespace ns3

#endif /* TCPS_ACK_THINNER_H */
