/**
 * @file
 * @ingroup tcps
 * A router with a narrow link behind it.
 */
#ifndef TCPS_FRAGMENTER_H
#define TCPS_FRAGMENTER_H

#include <cstdint>

#include "ns3/tcps-selective-element.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * ns3::TcpsFragmenter splits the packets of chosen segments that are larger than `Mtu` into IP fragments: IPv4 as in
 * RFC 791, section 3.2; IPv6 with a Fragment header as in RFC 8200, section 4.5, though there only a sending host may
 * do so. A small `Mtu` and `Segments` fragment a short segment on purpose. Fragments that arrive pass as they are.
 *
 * With `HonourDf`, packets that must not be fragmented (DF; all of IPv6) are dropped instead. No ICMP message tells the
 * sender: ns-3's TCP takes no notice of it.
 */
class TcpsFragmenter : public TcpsSelectiveElement
{
  public:
    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsFragmenter();
    ~TcpsFragmenter() override;

  private:
    void HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) override;

    uint32_t m_mtu{576};          //!< attribute Mtu, bytes with the IP header
    bool m_honourDf{false};       //!< attribute HonourDf
    uint32_t m_identification{0}; //!< the last that this box gave
};

} // namespace ns3

#endif /* TCPS_FRAGMENTER_H */
