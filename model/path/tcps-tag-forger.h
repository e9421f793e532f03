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

#include "tcps-connection-element.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * ns3::TcpsTagForger waits for a retransmission with other boundaries or flags. TCP/S makes both tags with the same
 * one-time key, which depends on the position alone (tcps-wire.md, section 5.3), and two tags under one key give the
 * key (tcps-key-recovery.h has the algebra). In each direction of a connection it holds back the first segment that has
 * a tag until the sender sends that position again; if the second one differs, it recovers the key, flips bits of the
 * longer one's ciphertext, and thereby the same bits of the plaintext, makes a valid tag and sends that in their place
 * (Goal `inject`). True Poly1305 falls at once; for the upstream module's tag, `Keys` takes what the program
 * tcpslab-lkm-forgery found, and each key that explains both tags is tried. Everything else passes.
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
    class State; //!< what was held back, and Keys

    void HandleSegment(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) override;
    bool SetKeys(std::string list);
    std::string GetKeys() const;

    uint8_t m_flip{0};         //!< attribute Flip
    uint32_t m_repetitions{0}; //!< attribute Repetitions
    std::string m_keysText;    //!< attribute Keys
    std::unique_ptr<State> m_state;
};

} // namespace ns3

#endif /* TCPS_TAG_FORGER_H */
