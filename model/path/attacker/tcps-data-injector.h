/**
 * @file
 * @ingroup tcps
 * An attacker that forges data.
 */
#ifndef TCPS_DATA_INJECTOR_H
#define TCPS_DATA_INJECTOR_H

#include <cstdint>
#include <string>

#include "tcps-tagged-injector.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * ns3::TcpsDataInjector sends data of its own into connections (moment and receiver: TcpsInjector, `Tag`:
 * TcpsTaggedInjector). The segment has the sequence number that the receiver expects next, or with `Sequence` `ahead`
 * one that lies `Ahead` bytes behind it. With `Before`, forged data takes the place of the genuine data that it
 * overtakes.
 */
class TcpsDataInjector : public TcpsTaggedInjector
{
  public:
    /** Attribute Sequence. */
    enum Sequence
    {
        SEQUENCE_NEXT, //!< "next"
        SEQUENCE_AHEAD //!< "ahead"
    };

    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsDataInjector();
    ~TcpsDataInjector() override;

  private:
    void Shape(TcpsPathSegment& segment) override;
    bool IsLike(const TcpsPathSegment& segment) const override;

    std::string m_payload;              //!< attribute Payload
    uint32_t m_size{0};                 //!< attribute Size
    Sequence m_sequence{SEQUENCE_NEXT}; //!< attribute Sequence
    uint32_t m_ahead{0};                //!< attribute Ahead
};

} // namespace ns3

#endif /* TCPS_DATA_INJECTOR_H */
