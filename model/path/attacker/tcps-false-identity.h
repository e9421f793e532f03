/**
 * @file
 * @ingroup tcps
 * What a man in the middle makes of identities. Internal: C++20, not installed.
 */
#ifndef TCPS_FALSE_IDENTITY_H
#define TCPS_FALSE_IDENTITY_H

#include <cstdint>
#include <map>
#include <set>

#include "reference/crypto/random.h"
#include "reference/crypto/x25519.h"
#include "reference/tcps/options.h"
#include "reference/wire/address.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * Watches TI options and makes false ones (tcps-wire.md, section 6). An identity's proof is 4 bytes that depend on both
 * static keys and on the client's initial sequence number alone:
 *
 *     proof = KS(static shared secret, 3 * 2^62, 4) XOR client ISN
 *
 * so the attacker proves its own key to whoever has shown it theirs, and one proof of a genuine key reveals the mask
 * KS(...) of that pair of hosts, with which it makes the proof for any other initial sequence number.
 */
class TcpsFalseIdentity
{
  public:
    /**
     * @param random for the attacker's static key and its guesses
     */
    explicit TcpsFalseIdentity(tcpslab::crypto::Random& random);

    /** A TI on its way. */
    struct Passing
    {
        tcpslab::tcps::Identity shown;   //!< as its sender made it
        tcpslab::wire::Address sender;   //!< whose it is
        tcpslab::wire::Address receiver; //!< who judges it
        uint32_t clientIsnAtSender{0};   //!< what the sender's proof covers
        uint32_t clientIsnAtReceiver{0}; //!< what the receiver will expect
    };

    /** Remembers what a genuine TI reveals. */
    void Learn(const Passing& passing);

    /** The attacker's own key, with the proof for it if the receiver's key is known, else without. */
    tcpslab::tcps::Identity Own(const Passing& passing) const;
    /** The attacker's own key without proof. */
    tcpslab::tcps::Identity OwnWithoutProof() const;
    /** The sender's genuine key with a random proof. */
    tcpslab::tcps::Identity Guess(const Passing& passing);
    /** The sender's genuine key with the proof that the receiver expects, if the mask is known, else without. */
    tcpslab::tcps::Identity Forge(const Passing& passing) const;

  private:
    using Pair = std::set<tcpslab::wire::Address>; //!< of the two hosts, in either order

    tcpslab::crypto::Random& m_random;
    tcpslab::crypto::KeyPair m_own;
    std::map<tcpslab::wire::Address, tcpslab::crypto::PublicKey> m_keys; //!< genuine, as shown
    std::map<Pair, tcpslab::tcps::AuthTag> m_masks;
};

} // namespace ns3

#endif /* TCPS_FALSE_IDENTITY_H */
