/**
 * @file
 * @ingroup tcps
 * A box that insists on one version of every byte.
 */
#ifndef TCPS_CONSISTENCY_CHECKER_H
#define TCPS_CONSISTENCY_CHECKER_H

#include <cstdint>
#include <memory>

#include "ns3/tcps-connection-element.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * ns3::TcpsConsistencyChecker remembers the last `Memory` bytes of each direction of each connection. A segment that
 * repeats sequence numbers with other bytes, as intrusion detection systems and normalisers look for (V. Paxson,
 * M. Handley, Network Intrusion Detection: Evasion, Traffic Normalization, 2001), is dropped, or goes on with the first
 * version of these bytes, as `Action` says: `drop` or `restore`.
 */
class TcpsConsistencyChecker : public TcpsConnectionElement
{
  public:
    /** Attribute Action. */
    enum Action
    {
        ACTION_DROP,   //!< "drop"
        ACTION_RESTORE //!< "restore"
    };

    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsConsistencyChecker();
    ~TcpsConsistencyChecker() override;

    /**
     * @return the number of segments that contradicted earlier ones
     */
    uint64_t GetNInconsistent() const;

  private:
    void HandleSegment(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) override;

    Action m_action{ACTION_DROP}; //!< attribute Action
    uint32_t m_memory{65536};     //!< attribute Memory
    uint64_t m_inconsistent{0};   //!< segments so far
    class Streams;
    std::unique_ptr<Streams> m_streams; //!< what passed, by connection and direction
};

} // namespace ns3

#endif /* TCPS_CONSISTENCY_CHECKER_H */
