#include "tcps-lkm-search.h"

#include <algorithm>
#include <array>
#include <boost/endian/conversion.hpp>
#include <utility>

#include "tcps-mac-polynomial.h"

namespace ns3
{

namespace crypto = tcpslab::crypto;
using tcpslab::tcps::TagArithmetic;

namespace
{

using Field = TcpsField1305;

constexpr unsigned kLimbBits = 26;
constexpr std::size_t kLanes = 4; //!< square roots at a time: each alone would wait for its own products

Field
FromSigned(int64_t value)
{
    return value < 0 ? -Field(static_cast<uint64_t>(-value)) : Field(static_cast<uint64_t>(value));
}

using Lanes = std::array<Field, kLanes>;

/** x^(2^128 - 1) = x^((p + 1) / 4): the square root, if there is one, since p = 3 (mod 4). */
Lanes
SquareRoots(const Lanes& x)
{
    Lanes power = x; // x^(2^n - 1)
    for (unsigned n = 1; n < 128; n *= 2)
    {
        Lanes shifted = power;
        for (unsigned i = 0; i < n; ++i)
        {
            for (Field& lane : shifted)
            {
                lane = lane * lane;
            }
        }
        for (std::size_t lane = 0; lane < kLanes; ++lane)
        {
            power[lane] = power[lane] * shifted[lane];
        }
    }
    return power;
}

} // namespace

TcpsLkmSearch::TcpsLkmSearch(TcpsTaggedMessage a, TcpsTaggedMessage b) : m_a(std::move(a)), m_b(std::move(b))
{
}

std::optional<TcpsLkmSearch>
TcpsLkmSearch::Prepare(const TcpsTaggedMessage& a, const TcpsTaggedMessage& b)
{
    TcpsLkmSearch search(a, b);
    const TcpsPolynomial difference = TcpsMacDifference(a, b);
    constexpr std::size_t degree = 2;
    const bool quadratic = difference.size() > degree && !difference[degree].IsZero() &&
                           std::all_of(difference.begin() + degree + 1,
                                       difference.end(),
                                       [](const Field& coefficient) { return coefficient.IsZero(); });
    if (!quadratic)
    {
        return std::nullopt;
    }
    search.m_linear = difference[1];
    search.m_quadratic = difference[degree];
    const crypto::Tag tags = TcpsTagDifference(a.tag, b.tag);
    uint32_t borrow = 0;
    for (unsigned limb = 0; limb < 4; ++limb)
    {
        const auto* word = reinterpret_cast<const unsigned char*>(tags.data()) + sizeof(uint32_t) * limb;
        const auto value = static_cast<int32_t>(boost::endian::load_little_u32(word) + borrow);
        if (value < -kLimit || value > kLimit)
        {
            return std::nullopt;
        }
        borrow = value < 0 ? 1 : 0;
        search.m_known = search.m_known + FromSigned(value) * Field::PowerOfTwo(kLimbBits * limb);
    }
    return search;
}

TcpsField1305
TcpsLkmSearch::Unit()
{
    return Field::PowerOfTwo(kLimbBits * 4);
}

std::vector<crypto::OneTimeKey>
TcpsLkmSearch::Search(int32_t first, int32_t last) const
{
    std::vector<crypto::OneTimeKey> keys;
    // a r^2 + b r - c = 0 with c = K + 2^104 u: r = (-b +- sqrt(b^2 + 4 a c)) / 2a
    const Field four = m_quadratic * Field(4);
    const Field scale = (m_quadratic + m_quadratic).Inverse();
    const Field middle = -(m_linear * scale);
    const Field step = four * Unit();
    Field discriminant = m_linear * m_linear + four * (m_known + FromSigned(first) * Unit());
    for (int64_t u = first; u <= last; u += kLanes)
    {
        Lanes lanes;
        for (Field& lane : lanes)
        {
            lane = discriminant;
            discriminant = discriminant + step;
        }
        for (const Field& root : SquareRoots(lanes))
        {
            const Field distance = root * scale;
            Try(middle + distance, keys);
            Try(middle - distance, keys);
        }
    }
    return keys;
}

void
TcpsLkmSearch::Try(const TcpsField1305& root, std::vector<crypto::OneTimeKey>& keys) const
{
    if (const auto r = TcpsClamped(root))
    {
        crypto::OneTimeKey key = TcpsCompleteKey(TagArithmetic::kLkm, *r, m_a);
        if (TcpsTagHolds(TagArithmetic::kLkm, key, m_b))
        {
            keys.push_back(std::move(key));
        }
    }
}

} // namespace ns3
