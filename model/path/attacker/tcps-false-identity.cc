#include "tcps-false-identity.h"

#include <array>
#include <boost/endian/conversion.hpp>
#include <optional>

#include "reference/tcps/identity.h"

namespace ns3
{

namespace crypto = tcpslab::crypto;
namespace tcps = tcpslab::tcps;

namespace
{

/** From a proof to its mask, or from a mask to the proof: both are the other XOR the number, big-endian. */
tcps::AuthTag
Mask(tcps::AuthTag tag, uint32_t clientIsn)
{
    std::array<unsigned char, tcps::kAuthTagSize> number{};
    boost::endian::store_big_u32(number.data(), clientIsn);
    for (std::size_t i = 0; i < tag.size(); ++i)
    {
        tag[i] ^= static_cast<std::byte>(number[i]);
    }
    return tag;
}

} // namespace

TcpsFalseIdentity::TcpsFalseIdentity(crypto::Random& random)
    : m_random(random), m_own(crypto::KeyPair::Generate(random))
{
}

void
TcpsFalseIdentity::Learn(const Passing& passing)
{
    m_keys[passing.sender] = passing.shown.key;
    if (!tcps::IsZero(passing.shown.proof))
    {
        m_masks[{passing.sender, passing.receiver}] = Mask(passing.shown.proof, passing.clientIsnAtSender);
    }
}

tcps::Identity
TcpsFalseIdentity::Own(const Passing& passing) const
{
    tcps::Identity own = OwnWithoutProof();
    if (const auto known = m_keys.find(passing.receiver); known != m_keys.end())
    {
        if (const auto shared = crypto::Agree(m_own.private_key, known->second))
        {
            own.proof = tcps::ComputeAuthTag(*shared, passing.clientIsnAtReceiver);
        }
    }
    return own;
}

tcps::Identity
TcpsFalseIdentity::OwnWithoutProof() const
{
    return {.key = m_own.public_key, .proof = {}};
}

tcps::Identity
TcpsFalseIdentity::Guess(const Passing& passing)
{
    tcps::Identity guess{.key = passing.shown.key, .proof = {}};
    m_random.Fill(guess.proof);
    return guess;
}

tcps::Identity
TcpsFalseIdentity::Forge(const Passing& passing) const
{
    tcps::Identity forged{.key = passing.shown.key, .proof = {}};
    if (const auto mask = m_masks.find({passing.sender, passing.receiver}); mask != m_masks.end())
    {
        forged.proof = Mask(mask->second, passing.clientIsnAtReceiver);
    }
    return forged;
}

} // namespace ns3
