#include "tcps-field1305.h"

#include <boost/endian/conversion.hpp>

namespace ns3
{

namespace
{

uint64_t
Load64(const std::byte* bytes)
{
    return boost::endian::load_little_u64(reinterpret_cast<const unsigned char*>(bytes));
}

} // namespace

TcpsField1305::TcpsField1305(uint64_t value) : m_limbs{value & kMask44, value >> 44U, 0}
{
}

TcpsField1305
TcpsField1305::FromBytes(std::span<const std::byte, 16> low, uint64_t high)
{
    const uint64_t low64 = Load64(low.data());
    const uint64_t high64 = Load64(low.data() + 8);
    return Carried({low64 & kMask44, (low64 >> 44U | high64 << 20U) & kMask44, (high64 >> 24U) + (high << 40U)});
}

TcpsField1305
TcpsField1305::PowerOfTwo(unsigned exponent)
{
    TcpsField1305 result(1);
    for (unsigned i = 0; i < exponent; ++i)
    {
        result = result + result;
    }
    return result;
}

TcpsField1305::Limbs
TcpsField1305::Canonical() const
{
    const Limbs h = Carried(m_limbs).m_limbs;
    // h - p = h + 5 - 2^130: if that does not borrow, it is the representative.
    Limbs g{};
    g[0] = h[0] + 5;
    g[1] = h[1] + (g[0] >> 44U);
    g[0] &= kMask44;
    g[2] = h[2] + (g[1] >> 44U);
    g[1] &= kMask44;
    if (g[2] >> 42U != 0)
    {
        g[2] &= kMask42;
        return g;
    }
    return {h[0], h[1] & kMask44, h[2] + (h[1] >> 44U)};
}

std::array<std::byte, TcpsField1305::kByteSize>
TcpsField1305::ToBytes() const
{
    const Limbs h = Canonical();
    std::array<std::byte, kByteSize> bytes{};
    auto* out = reinterpret_cast<unsigned char*>(bytes.data());
    boost::endian::store_little_u64(out, h[0] | h[1] << 44U);
    boost::endian::store_little_u64(out + 8, h[1] >> 20U | h[2] << 24U);
    out[16] = static_cast<unsigned char>(h[2] >> 40U);
    return bytes;
}

bool
TcpsField1305::IsZero() const
{
    return Canonical() == Limbs{};
}

TcpsField1305
TcpsField1305::operator-() const
{
    return TcpsField1305() - *this;
}

TcpsField1305
TcpsField1305::Inverse() const
{
    Exponent exponent = kPrime; // Fermat
    exponent[0] -= 2;
    return Power(exponent);
}

TcpsField1305
TcpsField1305::SquareRoot() const
{
    return Power({~uint64_t{0}, ~uint64_t{0}, 0}); // (p + 1) / 4, since p = 3 (mod 4)
}

TcpsField1305
TcpsField1305::Power(const Exponent& exponent) const
{
    TcpsField1305 result(1);
    for (unsigned bit = 192; bit-- > 0;)
    {
        result = result * result;
        if ((exponent[bit / 64] >> bit % 64 & 1U) != 0)
        {
            result = result * *this;
        }
    }
    return result;
}

} // namespace ns3
