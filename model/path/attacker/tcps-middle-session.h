/**
 * @file
 * @ingroup tcps
 * One TCP/S connection as a man in the middle holds it. Internal: C++20, not installed.
 */
#ifndef TCPS_MIDDLE_SESSION_H
#define TCPS_MIDDLE_SESSION_H

#include <array>
#include <cstdint>
#include <optional>

#include "../tcps-path-element.h"
#include "reference/crypto/random.h"
#include "reference/crypto/x25519.h"
#include "reference/tcps/connection.h"
#include "reference/wire/segment.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * Two TCP/S sessions in place of one: with the client under a key of the attacker's that the SYN-ACK carries, with the
 * server under another that the SYN carries (tcps-wire.md, section 3). Nothing else ties a session to its ends: neither
 * the keys nor the tags cover addresses, acknowledgements or identities.
 *
 * Sequence numbers may be moved, as an attacker does that terminates TCP; positions are relative to them (section 4).
 */
class TcpsMiddleSession
{
  public:
    /** What the attacker begins a connection with. */
    struct Offer
    {
        TcpsPathElement::Direction fromClient;               //!< which way the opener's segments travel
        uint32_t clientIsn;                                  //!< as the client knows it
        std::optional<tcpslab::crypto::PublicKey> clientKey; //!< in the client's TC; absent: no protection
        /** What is added to the sequence numbers that the client and the server send. */
        std::array<uint32_t, 2> shift;
    };

    /**
     * @param offer a SYN, as the client sent it
     * @param arithmetic of the tags; if absent, found out by the first tag
     * @param random for both key pairs
     */
    TcpsMiddleSession(const Offer& offer,
                      std::optional<tcpslab::tcps::TagArithmetic> arithmetic,
                      tcpslab::crypto::Random& random);

    /** @return whether a SYN repeats the one that began this */
    bool IsBegunBy(const tcpslab::wire::Segment& syn, TcpsPathElement::Direction direction) const;

    /** @return whether a SYN-ACK, as the server sent it, answers this connection's SYN */
    bool IsAnsweredBy(const tcpslab::wire::Segment& synAck, TcpsPathElement::Direction direction) const;

    /**
     * The SYN-ACK: derives both sessions, if there are keys on both sides and neither has low order.
     * @param synAck as the server sent it
     * @return whether it did, now or before
     */
    bool Derive(const tcpslab::wire::Segment& synAck);

    /** @return the attacker's key that the server gets for the client's */
    const tcpslab::crypto::PublicKey& KeyForServer() const;
    /** @return the attacker's key that the client gets for the server's */
    const tcpslab::crypto::PublicKey& KeyForClient() const;

    /**
     * Verifies and decrypts in place.
     * @param segment as its sender made it
     * @param direction which way it travels
     * @return its position in the stream; nothing, and nothing changed, if it has no tag or a wrong one
     */
    std::optional<uint64_t> Open(tcpslab::wire::Segment& segment, TcpsPathElement::Direction direction);

    /**
     * @param segment as its sender made it
     * @param direction which way it travels
     * @return the position of a segment without tag on a connection without keys: it is plaintext
     */
    std::optional<uint64_t> PlainPosition(const tcpslab::wire::Segment& segment,
                                          TcpsPathElement::Direction direction) const;

    /**
     * @param direction a stream
     * @param end position behind bytes of it
     * @return whether none so far ended there or further: they are not only repeated
     */
    bool IsNew(TcpsPathElement::Direction direction, uint64_t end);

    /**
     * Encrypts for the other side and replaces the tag.
     * @param segment with plaintext, sequence number as its sender's
     * @param direction which way it travels
     * @param position as Open() gave it
     */
    void Seal(tcpslab::wire::Segment& segment, TcpsPathElement::Direction direction, uint64_t position) const;

    /**
     * Moves the numbers of a segment from its sender's to its receiver's.
     * @return whether they differ
     */
    bool Translate(tcpslab::wire::Segment& segment, TcpsPathElement::Direction direction) const;

    /** @return the client's initial sequence number as the sender of such a segment knows it: what its proofs cover */
    uint32_t ClientIsnAtSender(TcpsPathElement::Direction direction) const;
    /** @return the same as its receiver knows it */
    uint32_t ClientIsnAtReceiver(TcpsPathElement::Direction direction) const;

  private:
    /** One direction of the stream. */
    struct Way
    {
        uint32_t isn{0};                         //!< as its sender knows it
        uint64_t seen{0};                        //!< position behind the last byte that passed
        tcpslab::tcps::Direction sender;         //!< the keys under which its sender sends
        tcpslab::crypto::ChaCha20Key encryption; //!< the keys under which its receiver receives
        tcpslab::crypto::ChaCha20Key mac;
    };

    Way& WayOf(TcpsPathElement::Direction direction);
    const Way& WayOf(TcpsPathElement::Direction direction) const;
    void SetArithmetic(tcpslab::tcps::TagArithmetic arithmetic);

    Offer m_offer;
    std::optional<tcpslab::tcps::TagArithmetic> m_arithmetic;
    tcpslab::crypto::KeyPair m_towardsServer;
    tcpslab::crypto::KeyPair m_towardsClient;
    bool m_answered{false};                                //!< by a SYN-ACK
    std::optional<tcpslab::crypto::PublicKey> m_serverKey; //!< once both sessions are derived
    Way m_toServer;
    Way m_toClient;
};

} // namespace ns3

#endif /* TCPS_MIDDLE_SESSION_H */
