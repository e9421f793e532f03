/**
 * @file
 * @ingroup tcps
 * Bit errors.
 */
#ifndef TCPS_CORRUPT_H
#define TCPS_CORRUPT_H

#include <cstdint>

#include "tcps-impairment.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * ns3::TcpsCorrupt flips `Bits` different bits, chosen at random, of chosen segments; fewer if there are fewer.
 *
 * - `Where`: `payload`; `header`: the fixed 20 bytes of the TCP header, without data offset and checksum, so that what
 *   comes out is still a segment; `options`.
 * - `FixChecksum`: whether the TCP checksum is made right again, as a box does that spoils a segment in its own memory,
 *   so that TCP takes it for good. Otherwise the receiving TCP drops it.
 *
 * A segment that has nothing of the sort passes as it is.
 */
class TcpsCorrupt : public TcpsImpairment
{
  public:
    /** Attribute Where. */
    enum Where
    {
        WHERE_PAYLOAD, //!< "payload"
        WHERE_HEADER,  //!< "header"
        WHERE_OPTIONS  //!< "options"
    };

    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

  private:
    void HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) override;

    uint32_t m_bits{1};           //!< attribute Bits
    Where m_where{WHERE_PAYLOAD}; //!< attribute Where
    bool m_fixChecksum{false};    //!< attribute FixChecksum
};

} // namespace ns3

#endif /* TCPS_CORRUPT_H */
