/**
 * @file
 * @ingroup tcps
 * The man in the middle of TCP/S.
 */
#ifndef TCPS_KEY_SUBSTITUTION_H
#define TCPS_KEY_SUBSTITUTION_H

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ns3/tcps-path-element.h"
#include "tcps-injector.h"

namespace tcpslab::wire
{
struct Segment;
} // namespace tcpslab::wire

namespace ns3
{

class TcpsMiddleSession;
class TcpsPathSegment;

/**
 * @ingroup tcps
 *
 * ns3::TcpsKeySubstitution replaces the key in every SYN and SYN-ACK by one of its own, so that each end shares a
 * secret with it and not with the other end. It decrypts what passes, may edit it, encrypts it for the other side and
 * makes a new tag: both hosts see valid segments, sizes and sequence numbers as the other sent them. What it decrypts
 * it claims to have read (Goal `read`), once. Connections without keys it reads and edits as they are.
 *
 * The attribute `Identity` says what becomes of the identities (TI options) that the hosts show each other:
 * - `relay`: they pass. They verify, because a proof covers the static keys and the client's initial sequence number,
 *   but nothing of the session (tcps-dialects.md, weakness 1).
 * - `own`: the attacker's own, proven to a host that has shown its key before, without proof to others.
 * - `zero`: the attacker's own, never proven.
 * - `guessed`: the genuine key, with four random bytes for a proof.
 * - `forged`: the genuine key, with the proof that the receiver expects, made from a proof seen earlier (weakness 3).
 * - `none`: they are removed (weakness 2).
 *
 * With `OwnSequence` it gives both ends initial sequence numbers of its own, as an attacker does that terminates TCP:
 * relayed proofs no longer verify then, forged ones do.
 *
 * `Text` overwrites the stream from byte `Offset` on, in the direction `Towards`, in every connection.
 */
class TcpsKeySubstitution : public TcpsPathElement
{
  public:
    /** Attribute Identity. */
    enum Identity
    {
        IDENTITY_RELAY,   //!< "relay"
        IDENTITY_OWN,     //!< "own"
        IDENTITY_ZERO,    //!< "zero"
        IDENTITY_GUESSED, //!< "guessed"
        IDENTITY_FORGED,  //!< "forged"
        IDENTITY_NONE     //!< "none"
    };

    /** Attribute Dialect: how tags are computed. */
    enum Dialect
    {
        DIALECT_AUTO,   //!< "auto": as the first tag of a connection is
        DIALECT_README, //!< "readme"
        DIALECT_LKM     //!< "lkm"
    };

    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsKeySubstitution();
    ~TcpsKeySubstitution() override;

    int64_t AssignStreams(int64_t stream) override;

    /**
     * @return connections of which it holds both keys
     */
    uint64_t GetNSubstituted() const;

  private:
    class State; //!< connections and identities

    void Handle(const TcpsPathPacket& packet, Direction direction) override;
    // Each returns whether it edited the segment.
    bool HandleSyn(TcpsPathSegment& segment, Direction direction);
    bool HandleSynAck(TcpsPathSegment& segment, Direction direction);
    bool HandleOther(TcpsPathSegment& segment, Direction direction);
    bool ReplaceIdentity(TcpsPathSegment& segment, const TcpsMiddleSession& session, Direction direction);
    bool Edit(TcpsPathSegment& segment, Direction direction, uint64_t position);

    void Read(const tcpslab::wire::Segment& segment,
              TcpsMiddleSession& session,
              Direction direction,
              uint64_t position);
    TcpsMiddleSession& SessionOf(const tcpslab::wire::Segment& syn, Direction direction);
    State& GetState();

    Identity m_identity{IDENTITY_RELAY};                           //!< attribute Identity
    Dialect m_dialect{DIALECT_AUTO};                               //!< attribute Dialect
    bool m_ownSequence{false};                                     //!< attribute OwnSequence
    std::string m_text;                                            //!< attribute Text
    uint64_t m_offset{0};                                          //!< attribute Offset
    TcpsInjector::Towards m_towards{TcpsInjector::TOWARDS_SERVER}; //!< attribute Towards
    int64_t m_stream{-1};                                          //!< of the attacker's keys
    uint64_t m_substituted{0};                                     //!< connections
    std::unique_ptr<State> m_state;                                //!< made with the first packet
};

} // namespace ns3

#endif /* TCPS_KEY_SUBSTITUTION_H */
