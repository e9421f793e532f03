/**
 * @file
 * @ingroup tcps
 * What a TcpsStack reports through its trace sources.
 */
#ifndef TCPS_EVENT_H
#define TCPS_EVENT_H

#include <string>

#include "ns3/nstime.h"

namespace ns3
{

/**
 * @ingroup tcps
 * Something that the protocol noticed.
 */
struct TcpsEvent
{
    std::string kind;   //!< one of the closed list in reference/stack/event.h: "encrypted", "tag-invalid", ...
    bool alarm;         //!< whether it may mean that something is wrong on the path
    Time time;          //!< simulation time
    std::string flow;   //!< "10.0.0.1:49153 <-> 10.0.0.2:80", the connection's client first
    std::string local;  //!< this node's end of it: "10.0.0.1:49153"
    std::string remote; //!< the other end
    std::string role;   //!< of this node: "client", "server", or "unknown" if the handshake was not seen
    std::string detail; //!< for people; may be empty

    /**
     * Signature of the trace source Event.
     * @param event what happened; valid during the call
     */
    using TracedCallback = void (*)(const TcpsEvent& event);
};

/**
 * @ingroup tcps
 * A connection's protocol state changed.
 */
struct TcpsStateChange
{
    Time time;          //!< simulation time
    std::string flow;   //!< as in TcpsEvent
    std::string local;  //!< as in TcpsEvent
    std::string remote; //!< as in TcpsEvent
    std::string role;   //!< as in TcpsEvent
    std::string from;   //!< the protocol's own state names: "SYN_SENT", "ENCRYPTED", ...; "NONE" without an entry
    std::string to;     //!< likewise

    /**
     * Signature of the trace source StateChange.
     * @param change what happened; valid during the call
     */
    using TracedCallback = void (*)(const TcpsStateChange& change);
};

} // namespace ns3

#endif /* TCPS_EVENT_H */
