/**
 * @file
 * @ingroup tcps
 * A box that cuts segments into smaller ones.
 */
#ifndef TCPS_SEGMENT_SPLITTER_H
#define TCPS_SEGMENT_SPLITTER_H

#include <cstdint>
#include <vector>

#include "ns3/tcps-selective-element.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * ns3::TcpsSegmentSplitter cuts segments with more than `MaxPayload` bytes of payload into pieces, as segmentation
 * offload does and boxes that change the segment size. `Options` says which pieces carry the original's options: `all`
 * (what network cards do), the `first`, or `none`. PSH and FIN move to the last piece, CWR stays with the first. What
 * carries a SYN stays whole.
 */
class TcpsSegmentSplitter : public TcpsSelectiveElement
{
  public:
    /** Attribute Options. */
    enum Options
    {
        OPTIONS_ALL,   //!< "all"
        OPTIONS_FIRST, //!< "first"
        OPTIONS_NONE   //!< "none"
    };

    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsSegmentSplitter();
    ~TcpsSegmentSplitter() override;

    /**
     * @param segment is used up; with payload
     * @param maximum bytes of payload in a piece, at least 1
     * @param options which pieces carry the segment's
     * @return the pieces, in order
     */
    static std::vector<TcpsPathPacket> Split(TcpsPathSegment& segment, uint32_t maximum, Options options);

  private:
    void HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) override;

    uint32_t m_maxPayload{500};     //!< attribute MaxPayload
    Options m_options{OPTIONS_ALL}; //!< attribute Options
};

} // namespace ns3

#endif /* TCPS_SEGMENT_SPLITTER_H */
