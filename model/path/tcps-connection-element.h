/**
 * @file
 * @ingroup tcps
 * Elements that keep state of the connections that pass them.
 */
#ifndef TCPS_CONNECTION_ELEMENT_H
#define TCPS_CONNECTION_ELEMENT_H

#include <memory>

#include "tcps-path-element.h"

namespace ns3
{

class TcpsFlowTracker;
class TcpsPathSegment;

/**
 * @ingroup tcps
 *
 * The base of middleboxes that know connections: it hands them every whole TCP segment, and lets pass untouched what is
 * none (other protocols, IP fragments, malformed headers).
 */
class TcpsConnectionElement : public TcpsPathElement
{
  public:
    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsConnectionElement();
    ~TcpsConnectionElement() override;

  protected:
    /**
     * Acts on a segment: calls any of Forward(), Drop() and so on.
     * @param packet the packet
     * @param segment the same, parsed; may be edited
     * @param direction which way it travels
     */
    virtual void HandleSegment(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) = 0;

    /**
     * @return what the element knows of all connections; it calls Observe() itself, since some want to know what was
     *         so before the segment at hand
     */
    TcpsFlowTracker& GetTracker();

  private:
    void Handle(const TcpsPathPacket& packet, Direction direction) final;

    std::unique_ptr<TcpsFlowTracker> m_tracker;
};

} // namespace ns3

#endif /* TCPS_CONNECTION_ELEMENT_H */
