/**
 * @file
 * @ingroup tcps
 * A firewall that does not let unknown options through.
 */
#ifndef TCPS_SYN_DROPPER_H
#define TCPS_SYN_DROPPER_H

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
 * ns3::TcpsSynDropper drops segments with SYN (SYN and SYN-ACK) that hold an option of a kind that `KnownKinds` does
 * not list. With `First` above 0 it lets go after so many of them on a connection, as paths do where only a
 * retransmission gets through.
 */
class TcpsSynDropper : public TcpsSelectiveElement
{
  public:
    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsSynDropper();
    ~TcpsSynDropper() override;

  private:
    void HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) override;
    void HandleOther(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) override;
    bool SetKnownKinds(std::string list);
    std::string GetKnownKinds() const;

    std::set<uint8_t> m_known; //!< attribute KnownKinds
    uint32_t m_first{0};       //!< attribute First
    class Connections;
    std::unique_ptr<Connections> m_connections; //!< how many were dropped on each
};

} // namespace ns3

#endif /* TCPS_SYN_DROPPER_H */
