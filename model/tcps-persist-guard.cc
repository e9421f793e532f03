#include "tcps-persist-guard.h"

#include "ns3/event-id.h"
#include "ns3/object-ptr-container.h"
#include "ns3/simulator.h"
#include "ns3/tcp-l4-protocol.h"
#include "ns3/tcp-socket-base.h"
#include "ns3/tcp-tx-buffer.h"

namespace ns3
{

namespace
{

/** Reaches the timers, which TcpSocketBase keeps to itself. */
class Access : public TcpSocketBase
{
  public:
    /** The socket owns its timer, which therefore must not own the socket; it cancels the timer when it goes. */
    static void Guard(TcpSocketBase* socket)
    {
        EventId& timer = (*socket).*(&Access::m_persistEvent);
        if (timer.IsRunning())
        {
            const Time left = Simulator::GetDelayLeft(timer);
            timer.Cancel();
            timer = Simulator::Schedule(left, &Access::Fire, socket);
        }
    }

  private:
    static void Fire(TcpSocketBase* socket)
    {
        const Ptr<TcpSocketState> state = (*socket).*(&Access::m_tcb);
        const TcpTxBuffer& buffer = *socket->GetTxBuffer();
        if (buffer.SizeFromSequence(state->m_nextTxSequence) > 0)
        {
            ((*socket).*(&Access::PersistTimeout))(); // starts its timer anew
            Guard(socket);
            return;
        }
        if (buffer.Size() > 0)
        {
            ((*socket).*(&Access::ReTxTimeout))();
        }
        const Time period = (*socket).*(&Access::m_persistTimeout);
        (*socket).*(&Access::m_persistEvent) = Simulator::Schedule(period, &Access::Fire, socket);
    }
};

} // namespace

void
TcpsGuardPersistTimers(const TcpL4Protocol& tcp)
{
    ObjectPtrContainerValue sockets;
    tcp.GetAttribute("SocketList", sockets);
    for (auto entry = sockets.Begin(); entry != sockets.End(); ++entry)
    {
        Access::Guard(PeekPointer(DynamicCast<TcpSocketBase>(entry->second)));
    }
}

} // namespace ns3
