/**
 * @file
 * @ingroup tcps
 * A firewall that chooses initial sequence numbers anew.
 */
#ifndef TCPS_ISN_REWRITER_H
#define TCPS_ISN_REWRITER_H

#include <array>
#include <cstdint>
#include <map>

#include "ns3/random-variable-stream.h"
#include "ns3/tcps-connection-element.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * ns3::TcpsIsnRewriter adds a random offset to the sequence numbers of each connection, so that hosts with predictable
 * initial sequence numbers get better ones (RFC 6528 names the problem). `Rewrites` says whose numbers: those of the
 * path's `client` end, of its `server` end, or of `both`, each with an offset of its own. Sequence numbers on the way
 * out, acknowledgements and SACK blocks on the way back follow; with `SackFixup` false SACK blocks are forgotten, as in
 * boxes that knew no SACK.
 *
 * Connections whose SYN has not passed here stay as they are.
 */
class TcpsIsnRewriter : public TcpsConnectionElement
{
  public:
    /** Attribute Rewrites. */
    enum Rewrites
    {
        REWRITES_CLIENT, //!< "client"
        REWRITES_SERVER, //!< "server"
        REWRITES_BOTH    //!< "both"
    };

    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsIsnRewriter();
    ~TcpsIsnRewriter() override;

    int64_t AssignStreams(int64_t stream) override;

  private:
    using Offsets = std::array<uint32_t, 2>; //!< by the direction in which the sequence number travels

    void HandleSegment(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) override;
    Offsets DrawOffsets();

    Rewrites m_rewrites{REWRITES_BOTH};    //!< attribute Rewrites
    bool m_sackFixup{true};                //!< attribute SackFixup
    std::map<uint32_t, Offsets> m_offsets; //!< by the connection's number
    Ptr<UniformRandomVariable> m_random;   //!< draws offsets
};

} // namespace ns3

#endif /* TCPS_ISN_REWRITER_H */
