/**
 * @file
 * @ingroup tcps
 * Loss, reordering and duplication, by rate or by an explicit schedule.
 */
#ifndef TCPS_IMPAIRMENT_H
#define TCPS_IMPAIRMENT_H

#include <cstdint>
#include <set>
#include <string>

#include "ns3/random-variable-stream.h"
#include "tcps-path-element.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * Does something to some of the TCP segments that pass: to those that the attribute `Segments` lists ("3,7": the third
 * and the seventh TCP segment of each direction in which the element acts, counted from 1 over the whole simulation,
 * retransmissions included), and to each other one with probability `Rate`. Packets that are not TCP are passed
 * and not counted.
 */
class TcpsImpairment : public TcpsPathElement
{
  public:
    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsImpairment();
    ~TcpsImpairment() override;

    int64_t AssignStreams(int64_t stream) override;

  protected:
    /**
     * Acts on a segment that was chosen.
     * @param packet the packet
     * @param direction which way it travels
     */
    virtual void Impair(const TcpsPathPacket& packet, Direction direction) = 0;

  private:
    void Handle(const TcpsPathPacket& packet, Direction direction) final;
    void SetSegments(std::string list);
    std::string GetSegments() const;

    double m_rate{0};                    //!< attribute Rate
    std::set<uint64_t> m_segments;       //!< attribute Segments
    uint64_t m_count[2]{0, 0};           //!< TCP segments so far, by direction
    Ptr<UniformRandomVariable> m_random; //!< decides by rate
};

/**
 * @ingroup tcps
 * ns3::TcpsLoss: chosen segments are lost.
 */
class TcpsLoss : public TcpsImpairment
{
  public:
    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

  private:
    void Impair(const TcpsPathPacket& packet, Direction direction) override;
};

/**
 * @ingroup tcps
 * ns3::TcpsReorder: chosen segments are held back for the attribute `Delay`, so that later ones overtake them.
 */
class TcpsReorder : public TcpsImpairment
{
  public:
    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

  private:
    void Impair(const TcpsPathPacket& packet, Direction direction) override;

    Time m_delay; //!< attribute Delay
};

/**
 * @ingroup tcps
 * ns3::TcpsDuplicate: chosen segments are followed at once by `Count` copies.
 */
class TcpsDuplicate : public TcpsImpairment
{
  public:
    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

  private:
    void Impair(const TcpsPathPacket& packet, Direction direction) override;

    uint32_t m_count{1}; //!< attribute Count
};

} // namespace ns3

#endif /* TCPS_IMPAIRMENT_H */
