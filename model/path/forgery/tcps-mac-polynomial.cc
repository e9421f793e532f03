#include "tcps-mac-polynomial.h"

#include <algorithm>
#include <array>

namespace ns3
{

namespace crypto = tcpslab::crypto;
namespace tcps = tcpslab::tcps;

namespace
{

/** Evaluated by Horner's rule from the first block on, the first one has the highest power and the last one r^1. */
TcpsPolynomial
PolynomialOf(const TcpsTaggedMessage& message)
{
    const std::vector<tcps::MacBlock> blocks = tcps::MacBlocks(message.position, message.flags, message.ciphertext);
    TcpsPolynomial polynomial(blocks.size() + 1);
    for (std::size_t i = 0; i < blocks.size(); ++i)
    {
        polynomial[blocks.size() - i] = TcpsField1305::FromBytes(blocks[i].bytes, blocks[i].high_bit ? 1 : 0);
    }
    return polynomial;
}

} // namespace

TcpsPolynomial
TcpsMacDifference(const TcpsTaggedMessage& a, const TcpsTaggedMessage& b)
{
    TcpsPolynomial difference = PolynomialOf(a);
    const TcpsPolynomial other = PolynomialOf(b);
    difference.resize(std::max(difference.size(), other.size()));
    for (std::size_t i = 0; i < other.size(); ++i)
    {
        difference[i] = difference[i] - other[i];
    }
    return difference;
}

std::optional<std::array<std::byte, 16>>
TcpsClamped(const TcpsField1305& r)
{
    const std::array<std::byte, TcpsField1305::kByteSize> bytes = r.ToBytes();
    std::array<std::byte, 16> low{};
    std::ranges::copy(std::span(bytes).first<16>(), low.begin());
    bool clamped = bytes[16] == std::byte{0};
    for (const std::size_t top : {3U, 7U, 11U, 15U})
    {
        clamped = clamped && (low[top] & std::byte{0xf0}) == std::byte{0};
    }
    for (const std::size_t bottom : {4U, 8U, 12U})
    {
        clamped = clamped && (low[bottom] & std::byte{0x03}) == std::byte{0};
    }
    return clamped ? std::optional(low) : std::nullopt;
}

crypto::OneTimeKey
TcpsCompleteKey(tcps::TagArithmetic arithmetic, const std::array<std::byte, 16>& r, const TcpsTaggedMessage& message)
{
    crypto::OneTimeKey key;
    std::ranges::copy(r, key.mutable_bytes().begin());
    // With s = 0 the tag is what s is added to.
    const crypto::Tag value =
        tcps::PacketTagUnder(arithmetic, key, message.position, message.flags, message.ciphertext);
    std::ranges::copy(TcpsTagDifference(message.tag, value), key.mutable_bytes().last<16>().begin());
    return key;
}

bool
TcpsTagHolds(tcps::TagArithmetic arithmetic, const crypto::OneTimeKey& key, const TcpsTaggedMessage& message)
{
    return tcps::PacketTagUnder(arithmetic, key, message.position, message.flags, message.ciphertext) == message.tag;
}

crypto::Tag
TcpsTagDifference(const crypto::Tag& a, const crypto::Tag& b)
{
    crypto::Tag difference{};
    unsigned borrow = 0;
    for (std::size_t i = 0; i < difference.size(); ++i)
    {
        const unsigned value = 256U + std::to_integer<unsigned>(a[i]) - std::to_integer<unsigned>(b[i]) - borrow;
        difference[i] = static_cast<std::byte>(value);
        borrow = value < 256U ? 1 : 0;
    }
    return difference;
}

} // namespace ns3
