/**
 * @file
 * @ingroup tcps
 * TCP/S on a node.
 */
#ifndef TCPS_STACK_H
#define TCPS_STACK_H

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ns3/address.h"
#include "ns3/nstime.h"
#include "ns3/object.h"
#include "ns3/traced-callback.h"
#include "tcps-event.h"

namespace ns3
{

class OutputStreamWrapper;

/**
 * @ingroup tcps
 *
 * Aggregated to a Node: this node speaks TCP/S. It holds the node's identity key, its trust-on-first-use cache and all
 * its connections. TcpsHelper::Install() makes one.
 *
 * Policies and limits are attributes; changed during a run, they take effect with the next segment, and connections
 * keep their state. `Dialect` and `Deviations` take effect with the next Restart() once the first segment has passed.
 *
 * Trace sources: `Event` and `StateChange`; see TcpsEvent and TcpsStateChange for what is in them.
 */
class TcpsStack : public Object
{
  public:
    /** What upstream promises, or what it does. */
    enum Dialect
    {
        README, //!< TCP/S as its readme promises it ("readme")
        LKM     //!< the upstream kernel module, defects included ("lkm")
    };

    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsStack();
    ~TcpsStack() override;

    /**
     * What a reload of the kernel module, or a reboot, does: a new identity key, an empty trust cache, no connections.
     * TCP's own connections go on, as far as the peers let them. Not to be called from within a trace of this object.
     */
    void Restart();

    /**
     * Fixes the random stream that keys are drawn from; otherwise the next automatic one is used. Equal streams, seed
     * and run number give equal keys. Call it before the simulation starts: it renews the identity.
     * @param stream first stream index to use
     * @return the number of stream indices assigned: 1
     */
    int64_t AssignStreams(int64_t stream);

    /**
     * Writes the secrets of all connections made from now on, one a line, in the format that `lab decrypt` reads.
     * @param stream where to; null: nowhere
     */
    void SetKeyLogStream(Ptr<OutputStreamWrapper> stream);

    /**
     * @return what people compare: the first 8 bytes of the identity's public key as 16 hexadecimal digits
     */
    std::string GetIdentityFingerprint();

    /**
     * @param local an InetSocketAddress or Inet6SocketAddress of this node
     * @param remote the other end
     * @return the connection's state ("NONE", "SYN_SENT", "SYN_RECV", "ENCRYPTED", "AUTHENTICATED", "DEAD", "BLOCKED")
     */
    std::string GetState(const Address& local, const Address& remote) const;

    /**
     * @param name an event kind ("tag-invalid"), or one of "outbound-passed", "outbound-dropped", "inbound-passed",
     *        "inbound-dropped", "emitted", which count segments. Any other name is fatal.
     * @return how often it happened since the last Restart()
     */
    uint64_t GetCounter(const std::string& name) const;

    /**
     * @return every name that GetCounter() knows
     */
    static std::vector<std::string> GetCounterNames();

    /**
     * @return the number of connections in the table, whatever their state; blocked ones not counted
     */
    uint32_t GetNConnections() const;

  protected:
    void NotifyNewAggregate() override;
    void DoDispose() override;

  private:
    class Impl;

    // Attribute accessors: a value set during a run reaches the protocol at once.
    template <typename T, T TcpsStack::*Member>
    void Set(T value);
    template <typename T, T TcpsStack::*Member>
    T Get() const;

    Dialect m_dialect{README};    //!< attribute Dialect
    std::string m_deviations;     //!< attribute Deviations
    bool m_enforce{false};        //!< attribute Enforce
    bool m_tofuEnforce{true};     //!< attribute TofuEnforce
    uint32_t m_maxConnections{0}; //!< attribute MaxConnections
    uint32_t m_maxBlocked{0};     //!< attribute MaxBlocked
    Time m_collectInterval;       //!< attribute CollectInterval
    Time m_halfOpenTimeout;       //!< attribute HalfOpenTimeout
    Time m_deadTimeout;           //!< attribute DeadTimeout
    Time m_closedTimeout;         //!< attribute ClosedTimeout
    Time m_idleTimeout;           //!< attribute IdleTimeout
    std::unique_ptr<Impl> m_impl; //!< what knows the protocol stack

    TracedCallback<const TcpsEvent&> m_eventTrace;             //!< trace source Event
    TracedCallback<const TcpsStateChange&> m_stateChangeTrace; //!< trace source StateChange
};

} // namespace ns3

#endif /* TCPS_STACK_H */
