/**
 * @file
 * @ingroup tcps
 * A firewall that cleans TCP headers up.
 */
#ifndef TCPS_HEADER_NORMALISER_H
#define TCPS_HEADER_NORMALISER_H

#include <cstdint>

#include "ns3/tcps-selective-element.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * ns3::TcpsHeaderNormaliser edits the headers of the segments that the attributes of TcpsSelectiveElement choose.
 * Options that it removes become NOPs, so that headers keep their size. Each attribute is off by default:
 *
 * - `MssClamp`: no MSS option above this many bytes;
 * - `RemoveWindowScale`, `RemoveTimestamps`, `RemoveSack` (SACK-permitted and SACK);
 * - `ClearUrgent`: URG and the urgent pointer become 0;
 * - `ClearReserved`: the four bits between data offset and flags become 0 (RFC 9293, section 3.1; AE of RFC 9768);
 * - `ClearEcnFlags`: ECE and CWR become 0;
 * - `BleachEcn`: the same, and the IP header's ECN field becomes Not-ECT (RFC 3168, sections 5 and 6.1).
 */
class TcpsHeaderNormaliser : public TcpsSelectiveElement
{
  public:
    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsHeaderNormaliser();
    ~TcpsHeaderNormaliser() override;

  private:
    void HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) override;
    bool EditOptions(TcpsPathSegment& segment) const;
    bool ClampMss(TcpsPathSegment& segment) const;
    bool EditFields(TcpsPathSegment& segment) const;

    uint16_t m_mssClamp{0};          //!< attribute MssClamp, bytes; 0: off
    bool m_removeWindowScale{false}; //!< attribute RemoveWindowScale
    bool m_removeTimestamps{false};  //!< attribute RemoveTimestamps
    bool m_removeSack{false};        //!< attribute RemoveSack
    bool m_clearUrgent{false};       //!< attribute ClearUrgent
    bool m_clearReserved{false};     //!< attribute ClearReserved
    bool m_clearEcnFlags{false};     //!< attribute ClearEcnFlags
    bool m_bleachEcn{false};         //!< attribute BleachEcn
};

} // namespace ns3

#endif /* TCPS_HEADER_NORMALISER_H */
