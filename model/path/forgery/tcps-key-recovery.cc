#include "tcps-key-recovery.h"

#include <utility>

#include "tcps-mac-polynomial.h"

namespace ns3
{

namespace crypto = tcpslab::crypto;
using tcpslab::tcps::TagArithmetic;

std::vector<crypto::OneTimeKey>
TcpsRecoverKeys(const TcpsTaggedMessage& a, const TcpsTaggedMessage& b)
{
    const TcpsPolynomial difference = TcpsMacDifference(a, b);
    const TcpsField1305 tags = TcpsField1305::FromBytes(TcpsTagDifference(a.tag, b.tag), 0);
    const TcpsField1305 lift = TcpsField1305::PowerOfTwo(128);
    std::vector<crypto::OneTimeKey> keys;
    TcpsField1305 value = tags - lift * TcpsField1305(4);
    for (int k = -4; k <= 3; ++k)
    {
        TcpsPolynomial polynomial = difference;
        polynomial[0] = -value;
        for (const TcpsField1305& root : TcpsRootsOf(std::move(polynomial)))
        {
            const auto r = TcpsClamped(root);
            if (!r)
            {
                continue;
            }
            crypto::OneTimeKey key = TcpsCompleteKey(TagArithmetic::kStandard, *r, a);
            if (TcpsTagHolds(TagArithmetic::kStandard, key, b))
            {
                keys.push_back(std::move(key));
            }
        }
        value = value + lift;
    }
    return keys;
}

} // namespace ns3
