/**
 * @file
 * @ingroup tcps
 * An attacker that forges the end of a stream.
 */
#ifndef TCPS_FIN_INJECTOR_H
#define TCPS_FIN_INJECTOR_H

#include "tcps-tagged-injector.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * ns3::TcpsFinInjector sends a FIN with the sequence number that the receiver expects next, so that the stream ends
 * early (moment and receiver: TcpsInjector, `Tag`: TcpsTaggedInjector).
 */
class TcpsFinInjector : public TcpsTaggedInjector
{
  public:
    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsFinInjector();
    ~TcpsFinInjector() override;

  private:
    void Shape(TcpsPathSegment& segment) override;
    bool IsLike(const TcpsPathSegment& segment) const override;
};

} // namespace ns3

#endif /* TCPS_FIN_INJECTOR_H */
