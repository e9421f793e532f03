/**
 * @file
 * @ingroup tcps
 * An attacker that plays a recorded connection once more.
 */
#ifndef TCPS_CONNECTION_REPLAYER_H
#define TCPS_CONNECTION_REPLAYER_H

#include <cstdint>
#include <memory>

#include "ns3/tcps-path-element.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * ns3::TcpsConnectionReplayer records what the end that opened connection `Recorded` sent (connections count from 1 in
 * the order in which they are first seen), and plays it again to the end that connection `Onto` is opened to, just
 * before that connection's SYN arrives there: the recorded SYN, and with the answer to it everything else. Client
 * address, client port and sequence numbers are the recorded ones. With `Adapt`, acknowledgements are moved to the new
 * initial sequence number, which only an attacker on the path sees; without, they are the recorded ones too. What
 * answers the replayed connection goes no further than here. Everything else passes untouched.
 *
 * Nothing is replayed if `Onto` has the very endpoints of the recorded connection.
 */
class TcpsConnectionReplayer : public TcpsPathElement
{
  public:
    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsConnectionReplayer();
    ~TcpsConnectionReplayer() override;

  private:
    void Handle(const TcpsPathPacket& packet, Direction direction) override;

    uint32_t m_recorded{1}; //!< attribute Recorded
    uint32_t m_onto{2};     //!< attribute Onto
    bool m_adapt{true};     //!< attribute Adapt
    class Tape;
    std::unique_ptr<Tape> m_tape;
};

} // namespace ns3

#endif /* TCPS_CONNECTION_REPLAYER_H */
