/**
 * @file
 * @ingroup tcps
 * What stands between two hosts: the base of middleboxes, attackers and impairments.
 */
#ifndef TCPS_PATH_ELEMENT_H
#define TCPS_PATH_ELEMENT_H

#include <cstdint>
#include <string>
#include <vector>

#include "ns3/callback.h"
#include "ns3/nstime.h"
#include "ns3/object.h"
#include "ns3/traced-callback.h"
#include "tcps-path-packet.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * Sees every IP packet in both directions and decides what goes on. An element implements Handle() and calls, in it or
 * later, any of Forward() (as it came or edited; more than once to duplicate), ForwardAfter() to delay, Inject() for
 * packets of its own, and Drop().
 *
 * Trace sources: `Drop`, `Modify`, `Delay`, `Inject`, each with the packet and its direction; `Achieved`; `Read`.
 */
class TcpsPathElement : public Object
{
  public:
    /** Which way a packet travels. The client is the end before the first element, the server behind the last. */
    enum Direction
    {
        FORWARD, //!< client to server
        BACKWARD //!< server to client
    };

    /** In which directions an element acts (attribute Direction). */
    enum Scope
    {
        SCOPE_BOTH,    //!< "both"
        SCOPE_FORWARD, //!< "forward"
        SCOPE_BACKWARD //!< "backward"
    };

    /** What an attacker is after (attribute Goal). */
    enum Goal
    {
        GOAL_NONE,     //!< "none": no attacker
        GOAL_READ,     //!< "read": learn application data
        GOAL_INJECT,   //!< "inject": get bytes of its own delivered to an application
        GOAL_KILL,     //!< "kill": end a connection
        GOAL_BLOCK,    //!< "block": keep connections from being established or from making progress
        GOAL_POISON,   //!< "poison": make an end remember a false identity
        GOAL_DOWNGRADE //!< "downgrade": make data flow with less protection
    };

    /**
     * Signature of the trace sources Drop, Modify, Delay and Inject.
     * @param packet IP header and all that follows
     * @param direction which way it travels
     */
    using PacketTracedCallback = void (*)(Ptr<const Packet> packet, Direction direction);

    /**
     * Signature of the trace source Achieved.
     * @param what the element did, in words
     */
    using AchievedTracedCallback = void (*)(const std::string& what);

    /**
     * Signature of the trace source Read.
     * @param bytes what the element takes for application data
     */
    using ReadTracedCallback = void (*)(const std::vector<uint8_t>& bytes);

    /** Takes what an element forwards or injects: the next element in that direction, or a device. */
    using Output = Callback<void, const TcpsPathPacket&, Direction>;

    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsPathElement();
    ~TcpsPathElement() override;

    /**
     * A packet arrives.
     * @param packet the packet
     * @param direction which way it travels
     */
    void Receive(const TcpsPathPacket& packet, Direction direction);

    /**
     * @param output where packets go from here; set by TcpsWireNode
     */
    void SetOutput(Output output);

    /**
     * @return attribute Goal
     */
    Goal GetGoal() const;

    /**
     * Whether the element did what its goal asks, as far as it can see that itself: it read application data, its
     * forged packet left, it removed what it wanted removed. Whether that had the effect hoped for is judged at the
     * hosts.
     * @return true from the first time on
     */
    bool HasAchieved() const;

    /**
     * @param stream first stream index to use
     * @return the number of stream indices assigned; 0 for elements without randomness
     */
    virtual int64_t AssignStreams(int64_t stream);

  protected:
    /**
     * A packet in a direction in which this element acts.
     * @param packet the packet
     * @param direction which way it travels
     */
    virtual void Handle(const TcpsPathPacket& packet, Direction direction) = 0;

    /**
     * Lets a packet go on.
     * @param packet the packet
     * @param direction which way it travels
     * @param modified whether this element edited it
     */
    void Forward(const TcpsPathPacket& packet, Direction direction, bool modified = false);
    /**
     * Lets a packet go on later.
     * @param delay from now
     * @param packet the packet
     * @param direction which way it travels
     */
    void ForwardAfter(Time delay, const TcpsPathPacket& packet, Direction direction);
    /**
     * Sends a packet of the element's own.
     * @param packet the packet
     * @param direction which way it travels
     */
    void Inject(const TcpsPathPacket& packet, Direction direction);
    /**
     * Notes that a packet goes no further.
     * @param packet the packet
     * @param direction which way it travelled
     */
    void Drop(const TcpsPathPacket& packet, Direction direction);
    /**
     * Notes that the element did what its goal asks.
     * @param what it did, in words
     */
    void Achieve(const std::string& what);
    /**
     * Shows what the element takes for application data, so that whoever knows what was sent can tell whether it is.
     * @param bytes as the application sent them, if the element is right
     */
    void ClaimRead(const std::vector<uint8_t>& bytes);

    void DoDispose() override;

  private:
    void Deliver(TcpsPathPacket packet, Direction direction);

    Output m_output;           //!< where packets go from here
    bool m_enabled{true};      //!< attribute Enabled
    Scope m_scope{SCOPE_BOTH}; //!< attribute Direction
    Goal m_goal{GOAL_NONE};    //!< attribute Goal
    bool m_achieved{false};    //!< Achieve() was called

    TracedCallback<Ptr<const Packet>, Direction> m_dropTrace;   //!< trace source Drop
    TracedCallback<Ptr<const Packet>, Direction> m_modifyTrace; //!< trace source Modify
    TracedCallback<Ptr<const Packet>, Direction> m_delayTrace;  //!< trace source Delay
    TracedCallback<Ptr<const Packet>, Direction> m_injectTrace; //!< trace source Inject
    TracedCallback<const std::string&> m_achievedTrace;         //!< trace source Achieved
    TracedCallback<const std::vector<uint8_t>&> m_readTrace;    //!< trace source Read
};

} // namespace ns3

#endif /* TCPS_PATH_ELEMENT_H */
