/**
 * @file
 * @ingroup tcps
 * An attacker that shows false identities.
 */
#ifndef TCPS_IDENTITY_FORGER_H
#define TCPS_IDENTITY_FORGER_H

#include <cstdint>
#include <memory>

#include "tcps-injector.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * ns3::TcpsIdentityForger sends pure ACKs with a TI option that shows a key of its choice, without proof. An ACK has no
 * tag, so that whoever knows the numbers can send one in an end's name (tcps-dialects.md, weakness 5): to a host that
 * has not met its peer yet, before the genuine one, it is the identity that is remembered (Goal `poison`); to one that
 * has, it is a man in the middle (Goal `block`). When, how often and towards whom: see TcpsInjector.
 */
class TcpsIdentityForger : public TcpsInjector
{
  public:
    /** Attribute Key. */
    enum Key
    {
        KEY_OWN,      //!< "own": always the same
        KEY_RANDOM,   //!< "random": another one in each ACK
        KEY_LOW_ORDER //!< "low-order": 32 zero bytes, with which every secret is zero (RFC 7748, section 6.1)
    };

    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsIdentityForger();
    ~TcpsIdentityForger() override;

    int64_t AssignStreams(int64_t stream) override;

  private:
    class Keys; //!< what it shows

    void Fire(const TcpsTrackedFlow& flow, Direction direction, uint32_t shot) override;

    Key m_key{KEY_OWN};                 //!< attribute Key
    int64_t m_sequenceOffset{0};        //!< attribute SequenceOffset
    int64_t m_acknowledgementOffset{0}; //!< attribute AcknowledgementOffset
    int64_t m_stream{-1};               //!< of the keys
    std::unique_ptr<Keys> m_keys;       //!< made with the first ACK
};

} // namespace ns3

#endif /* TCPS_IDENTITY_FORGER_H */
