/**
 * @file
 * @ingroup tcps
 * An IP packet on its way through path elements.
 */
#ifndef TCPS_PATH_PACKET_H
#define TCPS_PATH_PACKET_H

#include <cstdint>
#include <vector>

#include "ns3/packet.h"
#include "ns3/ptr.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * One IP packet, as an ns3::Packet and as bytes; each form is made from the other only when someone asks for it. A
 * value: copies share what is unchanged, and editing one copy leaves others as they are.
 */
class TcpsPathPacket
{
  public:
    /**
     * @param packet begins with an IP header; never changed. Its tags and uid stay with the result of GetPacket().
     */
    explicit TcpsPathPacket(Ptr<const Packet> packet);
    /**
     * @param bytes begin with an IP header
     */
    explicit TcpsPathPacket(const std::vector<uint8_t>& bytes);

    /**
     * @return IP header and all that follows; valid until this object changes
     */
    const std::vector<uint8_t>& GetBytes() const;
    /**
     * Replaces the whole packet. Whoever edits sees to lengths and checksums (reference/wire does).
     * @param bytes begin with an IP header
     */
    void SetBytes(const std::vector<uint8_t>& bytes);
    /**
     * @return size in bytes, IP header included
     */
    uint32_t GetSize() const;
    /**
     * @return a packet of its own to send
     */
    Ptr<Packet> GetPacket() const;

  private:
    Ptr<const Packet> m_packet;           //!< the original; null if made from bytes
    mutable std::vector<uint8_t> m_bytes; //!< filled when first asked for
    bool m_modified;                      //!< m_bytes differ from m_packet
};

} // namespace ns3

#endif /* TCPS_PATH_PACKET_H */
