/**
 * @file
 * @ingroup tcps
 * An attacker that forges acknowledgements.
 */
#ifndef TCPS_ACK_INJECTOR_H
#define TCPS_ACK_INJECTOR_H

#include <cstdint>

#include "tcps-injector.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * ns3::TcpsAckInjector sends pure ACKs into connections (`When`, `Towards` and so on: TcpsInjector); TCP/S
 * authenticates neither their acknowledgement nor their window nor their urgent pointer. `Acknowledges` says what:
 *
 * - `last`: what the end in whose name the ACK comes acknowledged last, so that `Count` 3 makes a fast retransmission.
 * - `in-flight`: everything that the receiver has sent as far as the path has seen it, whether it arrives or not.
 * - `unsent`: `Ahead` bytes more.
 */
class TcpsAckInjector : public TcpsInjector
{
  public:
    /** Attribute Acknowledges. */
    enum Acknowledges
    {
        ACKNOWLEDGES_LAST,      //!< "last"
        ACKNOWLEDGES_IN_FLIGHT, //!< "in-flight"
        ACKNOWLEDGES_UNSENT     //!< "unsent"
    };

    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsAckInjector();
    ~TcpsAckInjector() override;

  private:
    void Fire(const TcpsTrackedFlow& flow, Direction direction, uint32_t shot) override;

    Acknowledges m_acknowledges{ACKNOWLEDGES_LAST}; //!< attribute Acknowledges
    uint32_t m_ahead{1};                            //!< attribute Ahead
    int32_t m_window{-1};                           //!< attribute Window
    int32_t m_urgentPointer{-1};                    //!< attribute UrgentPointer
};

} // namespace ns3

#endif /* TCPS_ACK_INJECTOR_H */
