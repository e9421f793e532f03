/**
 * @file
 * @ingroup tcps
 * An attacker that makes a tag from two others.
 */
#ifndef TCPS_TAG_FORGER_H
#define TCPS_TAG_FORGER_H

#include <cstdint>
#include <memory>
#include <string>

#include "ns3/tcps-connection-element.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * ns3::TcpsTagForger waits for retransmissions with other boundaries or flags. TCP/S makes all tags of a position with
 * the same one-time key (tcps-wire.md, section 5.3), and enough of them give the key. In each direction of a connection
 * it holds back the first segment that has a tag until the sender sends that position again, up to `Tags` different
 * messages. As soon as it has the key, it flips bits of the longest one's ciphertext, and thereby the same bits of the
 * plaintext, makes a valid tag and sends that in their place (Goal `inject`). Everything else passes.
 *
 * Two tags of true Poly1305 suffice (tcps-key-recovery.h has the algebra), four of the upstream module
 * (tcps-lkm-lattice.h). With two of the module's, `Keys` takes what the program tcpslab-lkm-forgery found
 * (tcps-lkm-search.h), and each key that explains both tags is tried.
 */
class TcpsTagForger : public TcpsConnectionElement
{
  public:
    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsTagForger();
    ~TcpsTagForger() override;

  private:
    class State;   //!< what was held back, and Keys
    struct Stream; //!< one direction of a connection

    void HandleSegment(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) override;
    void Forge(TcpsPathSegment& segment, Direction direction, Stream& stream);
    bool SetKeys(std::string list);
    std::string GetKeys() const;

    uint8_t m_flip{0};         //!< attribute Flip
    uint32_t m_tags{0};        //!< attribute Tags
    uint32_t m_repetitions{0}; //!< attribute Repetitions
    std::string m_keysText;    //!< attribute Keys
    std::unique_ptr<State> m_state;
};

} // namespace ns3

#endif /* TCPS_TAG_FORGER_H */
