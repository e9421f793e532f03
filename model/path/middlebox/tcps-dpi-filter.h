/**
 * @file
 * @ingroup tcps
 * Deep packet inspection.
 */
#ifndef TCPS_DPI_FILTER_H
#define TCPS_DPI_FILTER_H

#include <memory>
#include <string>

#include "ns3/tcps-connection-element.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * ns3::TcpsDpiFilter looks at the first payload of every connection whose SYN it saw, in each direction, whoever opened
 * it, and refuses the connection unless both streams begin with one of `Prefixes`: a comma-separated list in which
 * blanks count. It reads on while what came so far may still become one of them. What follows a gap in that is
 * dropped, to be seen again in order.
 *
 * `Action` says what is done to a refused connection:
 * - `drop`: its segments, from the one that gave offence on, go no further;
 * - `reset`: the same, and each end gets an RST;
 * - `reset-only`: each end gets an RST, but everything passes: a box beside the path, not in it.
 */
class TcpsDpiFilter : public TcpsConnectionElement
{
  public:
    /** Attribute Action. */
    enum Action
    {
        ACTION_DROP,      //!< "drop"
        ACTION_RESET,     //!< "reset"
        ACTION_RESET_ONLY //!< "reset-only"
    };

    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsDpiFilter();
    ~TcpsDpiFilter() override;

  private:
    void HandleSegment(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) override;
    void PassOrDrop(const TcpsPathPacket& packet, Direction direction);
    void Refuse(const TcpsPathPacket& packet, const TcpsPathSegment& segment, Direction direction);
    bool SetPrefixes(std::string list);
    std::string GetPrefixes() const;

    Action m_action{ACTION_DROP}; //!< attribute Action
    class Inspector;
    std::unique_ptr<Inspector> m_inspector; //!< what it looks for, and what it saw
};

} // namespace ns3

#endif /* TCPS_DPI_FILTER_H */
