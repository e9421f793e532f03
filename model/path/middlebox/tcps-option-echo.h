/**
 * @file
 * @ingroup tcps
 * The load balancer that copies unknown options of a SYN into the SYN-ACK.
 */
#ifndef TCPS_OPTION_ECHO_H
#define TCPS_OPTION_ECHO_H

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "ns3/tcps-selective-element.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * ns3::TcpsOptionEcho does what some load balancers do (RFC 8547, section 8.1): it remembers the options of each SYN
 * whose kind `KnownKinds` does not list, and adds them to the SYN-ACK that answers it, as far as this has no option of
 * that kind and room for them. Every SYN is remembered; the attributes of TcpsSelectiveElement choose SYN-ACKs.
 */
class TcpsOptionEcho : public TcpsSelectiveElement
{
  public:
    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsOptionEcho();
    ~TcpsOptionEcho() override;

  private:
    void HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) override;
    void HandleOther(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) override;
    bool SetKnownKinds(std::string list);
    std::string GetKnownKinds() const;

    std::set<uint8_t> m_known; //!< attribute KnownKinds
    class Offers;
    std::unique_ptr<Offers> m_offers; //!< unknown options by connection
};

} // namespace ns3

#endif /* TCPS_OPTION_ECHO_H */
