#include "tcps-abort.h"

#include "ns3/tcp-socket-base.h"

namespace ns3
{

namespace
{

/** Reaches the one that TcpSocketBase keeps to itself. */
class Aborter : public TcpSocketBase
{
  public:
    static void Abort(TcpSocketBase& socket)
    {
        (socket.*(&Aborter::SendRST))();
    }
};

} // namespace

void
TcpsAbort(const Ptr<Socket>& socket)
{
    Aborter::Abort(*DynamicCast<TcpSocketBase>(socket));
}

} // namespace ns3
