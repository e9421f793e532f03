/**
 * @file
 * @ingroup tcps
 * Network address and port translation.
 */
#ifndef TCPS_NAPT_H
#define TCPS_NAPT_H

#include <cstdint>
#include <memory>

#include "ns3/ipv4-address.h"
#include "ns3/ipv6-address.h"
#include "ns3/tcps-connection-element.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * ns3::TcpsNapt hides the hosts on one side (`Inside`: `client` or `server`, the ends of the path) behind one public
 * address of each family, as RFC 3022 describes: a SYN from inside makes a mapping, and from then on the connection's
 * source address and port are replaced on the way out and restored on the way in. Mappings are made for each connection
 * (RFC 5382: address and port-dependent) and last as long as the simulation. What has no mapping is dropped: inbound
 * SYNs above all.
 *
 * The public addresses must reach this box from outside: on point-to-point links any address of the other host's subnet
 * does. Only TCP is translated; IP fragments pass as they are.
 */
class TcpsNapt : public TcpsConnectionElement
{
  public:
    /** Attribute Inside. */
    enum Inside
    {
        INSIDE_CLIENT, //!< "client"
        INSIDE_SERVER  //!< "server"
    };

    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsNapt();
    ~TcpsNapt() override;

    /**
     * @return the number of connections mapped so far
     */
    uint32_t GetNMappings() const;

  private:
    void HandleSegment(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) override;

    Ipv4Address m_publicAddress4;   //!< attribute PublicAddress4
    Ipv6Address m_publicAddress6;   //!< attribute PublicAddress6
    uint16_t m_portBase{0};         //!< attribute PortBase
    Inside m_inside{INSIDE_CLIENT}; //!< attribute Inside
    class Mappings;
    std::unique_ptr<Mappings> m_mappings;
};

} // namespace ns3

#endif /* TCPS_NAPT_H */
