/**
 * @file
 * @ingroup tcps
 * Loss, reordering and duplication, by rate or by an explicit schedule.
 */
#ifndef TCPS_IMPAIRMENT_H
#define TCPS_IMPAIRMENT_H

#include <cstdint>

#include "tcps-selective-element.h"

namespace ns3
{

/**
 * @ingroup tcps
 * What a path does to segments without meaning to: to those that the attributes of TcpsSelectiveElement choose, by
 * default to none.
 */
class TcpsImpairment : public TcpsSelectiveElement
{
  public:
    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsImpairment();
    ~TcpsImpairment() override;
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
    void HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) override;
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
    void HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) override;

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
    void HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) override;

    uint32_t m_count{1}; //!< attribute Count
};

} // namespace ns3

#endif /* TCPS_IMPAIRMENT_H */
