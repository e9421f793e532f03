/**
 * @file
 * @ingroup tcps
 * Attackers that send segments of their own into connections that they watch.
 */
#ifndef TCPS_INJECTOR_H
#define TCPS_INJECTOR_H

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "ns3/random-variable-stream.h"
#include "ns3/tcps-path-element.h"

namespace tcpslab::wire
{
struct Endpoint;
} // namespace tcpslab::wire

namespace ns3
{

class TcpsFlowTracker;
class TcpsPathSegment;
struct TcpsTrackedFlow;

/**
 * @ingroup tcps
 *
 * Watches both directions, lets everything pass, and fires when a connection comes to a certain moment. Attributes, the
 * same for every injector:
 *
 * - `When`: the moment: `syn`, `syn-ack`, `established` (the first other segment of the end that opened), `data` (a
 *   segment with payload), `fin`, `closed` (the second end's FIN).
 * - `Nth`: of that moment's segments on a connection, the nth (1).
 * - `Before`: whether the forged segment overtakes the one that made the moment (false). Its numbers are then those
 *   from before that segment: data takes the place of the genuine data.
 * - `Delay`: how long after it (0).
 * - `Towards`: `client`, `server` or `both`: the ends of the path, whoever opened the connection. With `both`, the
 *   client's comes first.
 * - `Connections`: which connections, "1,3", counted from 1 in the order in which they are first seen; all if empty.
 * - `Count` and `Interval`: how often to fire, and how far apart (1, 0).
 * - `Fragmented`: whether forged segments travel as two IP fragments each, which some hooks do not look into (false).
 *
 * A retransmission counts as a segment of its own. The attribute `Direction` restricts what an injector watches, so it
 * is best left alone.
 */
class TcpsInjector : public TcpsPathElement
{
  public:
    /** Attribute When. */
    enum When
    {
        WHEN_SYN,         //!< "syn"
        WHEN_SYN_ACK,     //!< "syn-ack"
        WHEN_ESTABLISHED, //!< "established"
        WHEN_DATA,        //!< "data"
        WHEN_FIN,         //!< "fin"
        WHEN_CLOSED       //!< "closed"
    };

    /** Attribute Towards. */
    enum Towards
    {
        TOWARDS_CLIENT, //!< "client"
        TOWARDS_SERVER, //!< "server"
        TOWARDS_BOTH    //!< "both"
    };

    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsInjector();
    ~TcpsInjector() override;

    int64_t AssignStreams(int64_t stream) override;

  protected:
    /**
     * Sends what this attacker sends: InjectSegment().
     * @param flow the connection as it is now
     * @param direction which way the forged segment is to travel: towards the end that is attacked
     * @param shot counting from 0
     */
    virtual void Fire(const TcpsTrackedFlow& flow, Direction direction, uint32_t shot) = 0;

    /**
     * A segment passes, whether or not it makes a moment; for attackers that remember what they saw.
     * @param segment as it passes
     * @param flow its connection, the segment counted in
     * @param direction which way it travels
     */
    virtual void Watch(const TcpsPathSegment& segment, const TcpsTrackedFlow& flow, Direction direction);

    /**
     * @param flow the connection
     * @param direction which way the forged segment travels
     * @return a pure ACK in the name of the end whose segments travel that way: its endpoint, next sequence number,
     *         last acknowledgement and window, and timestamps if the connection has them (a receiver drops what comes
     *         without: RFC 7323, section 3.2). The caller adds to it.
     */
    static TcpsPathSegment Forge(const TcpsTrackedFlow& flow, Direction direction);

    /**
     * @param segment to be sent; in fragments, if the attribute says so
     * @param direction which way
     */
    void InjectSegment(const TcpsPathSegment& segment, Direction direction);

    /**
     * @return randomness for what is guessed or made up; AssignStreams() gives it a stream
     */
    Ptr<UniformRandomVariable> GetRandom() const;

  private:
    void Handle(const TcpsPathPacket& packet, Direction direction) final;
    bool IsMoment(const TcpsPathSegment& segment, const TcpsTrackedFlow& flow) const;
    void Schedule(const TcpsTrackedFlow& flow);
    void FireLater(const tcpslab::wire::Endpoint& client,
                   const tcpslab::wire::Endpoint& server,
                   uint32_t number,
                   uint32_t shot);
    void FireNow(const TcpsTrackedFlow& flow, uint32_t shot);
    bool SetConnections(std::string list);
    std::string GetConnections() const;

    When m_when{WHEN_ESTABLISHED};     //!< attribute When
    uint32_t m_nth{1};                 //!< attribute Nth
    bool m_before{false};              //!< attribute Before
    Time m_delay;                      //!< attribute Delay
    Towards m_towards{TOWARDS_SERVER}; //!< attribute Towards
    std::set<uint32_t> m_connections;  //!< attribute Connections
    uint32_t m_count{1};               //!< attribute Count
    Time m_interval;                   //!< attribute Interval
    bool m_fragmented{false};          //!< attribute Fragmented
    uint32_t m_identification{0};      //!< of the last packet that was sent in fragments
    Ptr<UniformRandomVariable> m_random;
    std::unique_ptr<TcpsFlowTracker> m_tracker;
    class Moments;
    std::unique_ptr<Moments> m_moments; //!< how many there were on each connection
};

} // namespace ns3

#endif /* TCPS_INJECTOR_H */
