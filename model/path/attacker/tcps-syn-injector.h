/**
 * @file
 * @ingroup tcps
 * An attacker that forges SYNs: one, or a flood.
 */
#ifndef TCPS_SYN_INJECTOR_H
#define TCPS_SYN_INJECTOR_H

#include <cstdint>
#include <string>

#include "tcps-injector.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * ns3::TcpsSynInjector sends SYNs with random sequence numbers (moment and receiver: TcpsInjector). They come in the
 * name of the connection's own end, or, if `Source` is an address, from that address and a port of its own for each
 * shot, 1024 and up: with `Count`, a flood that fills tables. `When` `syn` with `Before` floods a server just before
 * the genuine client knocks. The flood goes to the connection's own port, where something listens, or to `Port`.
 * `Offer` adds a TC option with a random key, so that TCP/S takes part.
 *
 * `Acknowledges` makes them SYN-ACKs: `exact`, of what the receiver sent last, or `random`, as one off the path
 * guesses.
 */
class TcpsSynInjector : public TcpsInjector
{
  public:
    /** Attribute Offer. */
    enum Offer
    {
        OFFER_NONE,  //!< "none"
        OFFER_RANDOM //!< "random"
    };

    /** Attribute Acknowledges. */
    enum Acknowledges
    {
        ACKNOWLEDGES_NONE,  //!< "none"
        ACKNOWLEDGES_EXACT, //!< "exact"
        ACKNOWLEDGES_RANDOM //!< "random"
    };

    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsSynInjector();
    ~TcpsSynInjector() override;

  private:
    void Fire(const TcpsTrackedFlow& flow, Direction direction, uint32_t shot) override;
    bool SetSource(std::string address);
    std::string GetSource() const;

    Offer m_offer{OFFER_NONE};                      //!< attribute Offer
    Acknowledges m_acknowledges{ACKNOWLEDGES_NONE}; //!< attribute Acknowledges
    std::string m_source;                           //!< attribute Source; an IP address, or empty
    uint16_t m_port{0};                             //!< attribute Port
};

} // namespace ns3

#endif /* TCPS_SYN_INJECTOR_H */
