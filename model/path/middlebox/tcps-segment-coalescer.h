/**
 * @file
 * @ingroup tcps
 * A box that joins segments into larger ones.
 */
#ifndef TCPS_SEGMENT_COALESCER_H
#define TCPS_SEGMENT_COALESCER_H

#include <cstdint>
#include <memory>

#include "ns3/nstime.h"
#include "ns3/tcps-connection-element.h"

namespace tcpslab::wire
{
struct Endpoint;
} // namespace tcpslab::wire

namespace ns3
{

/**
 * @ingroup tcps
 *
 * ns3::TcpsSegmentCoalescer joins data segments that follow each other without a gap and arrive within `Delay`, up to
 * `MaxPayload` bytes, as receive offload does and traffic normalisers. The joined segment has the options of the
 * `first` or the `last` one, as `Options` says; with `equal` only segments with the same options are joined, which is
 * what Linux's GRO does. Acknowledgement and window are the last one's, PSH and FIN those of any.
 *
 * What carries SYN, RST or URG is never joined, and nothing overtakes a segment that is held back.
 */
class TcpsSegmentCoalescer : public TcpsConnectionElement
{
  public:
    /** Attribute Options. */
    enum Options
    {
        OPTIONS_FIRST, //!< "first"
        OPTIONS_LAST,  //!< "last"
        OPTIONS_EQUAL  //!< "equal"
    };

    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsSegmentCoalescer();
    ~TcpsSegmentCoalescer() override;

    /**
     * @return the number of segments that vanished in others
     */
    uint64_t GetNJoined() const;

  protected:
    void DoDispose() override;

  private:
    void HandleSegment(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) override;
    void Hold(TcpsPathSegment& segment, Direction direction);
    void Release(const tcpslab::wire::Endpoint& source, const tcpslab::wire::Endpoint& destination);

    Time m_delay;                     //!< attribute Delay
    uint32_t m_maxPayload{1400};      //!< attribute MaxPayload
    Options m_options{OPTIONS_FIRST}; //!< attribute Options
    uint64_t m_joined{0};             //!< segments so far
    class Held;
    std::unique_ptr<Held> m_held; //!< what waits for more
};

} // namespace ns3

#endif /* TCPS_SEGMENT_COALESCER_H */
