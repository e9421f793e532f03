/**
 * @file
 * @ingroup tcps
 * Arithmetic modulo 2^130 - 5, as attacks on Poly1305 need it. Internal: C++20, not installed.
 */
#ifndef TCPS_FIELD1305_H
#define TCPS_FIELD1305_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ns3
{

/**
 * @ingroup tcps
 * An element of GF(2^130 - 5). Not for secrets: its time depends on values.
 */
class TcpsField1305
{
  public:
    static constexpr std::size_t kByteSize = 17;
    /** 192 bits, lowest first. */
    using Exponent = std::array<uint64_t, 3>;
    static constexpr Exponent kPrime{~uint64_t{4}, ~uint64_t{0}, 3};

    constexpr TcpsField1305() = default;
    explicit TcpsField1305(uint64_t value);

    /**
     * @param low 16 bytes, little-endian
     * @param high what is added in units of 2^128, below 2^32
     */
    static TcpsField1305 FromBytes(std::span<const std::byte, 16> low, uint64_t high);
    /** @return 2^exponent */
    static TcpsField1305 PowerOfTwo(unsigned exponent);

    /** @return the representative below 2^130 - 5, little-endian */
    std::array<std::byte, kByteSize> ToBytes() const;

    bool IsZero() const;
    TcpsField1305 operator-() const;
    TcpsField1305 Inverse() const;
    /** @return one of the two, if there are any; else no root */
    TcpsField1305 SquareRoot() const;
    TcpsField1305 Power(const Exponent& exponent) const;

    friend TcpsField1305 operator+(const TcpsField1305& a, const TcpsField1305& b)
    {
        return Carried({a.m_limbs[0] + b.m_limbs[0], a.m_limbs[1] + b.m_limbs[1], a.m_limbs[2] + b.m_limbs[2]});
    }
    friend TcpsField1305 operator-(const TcpsField1305& a, const TcpsField1305& b)
    {
        // Twice the prime keeps every limb positive.
        return Carried({a.m_limbs[0] + 2 * (kMask44 - 4) - b.m_limbs[0],
                        a.m_limbs[1] + 2 * kMask44 - b.m_limbs[1],
                        a.m_limbs[2] + 2 * kMask42 - b.m_limbs[2]});
    }
    friend TcpsField1305 operator*(const TcpsField1305& a, const TcpsField1305& b)
    {
        // 2^132 = 4 * 2^130 = 20: what goes beyond the third limb comes back at the first.
        const Limbs& x = a.m_limbs;
        const Limbs& y = b.m_limbs;
        const uint64_t y1 = y[1] * 20;
        const uint64_t y2 = y[2] * 20;
        Wide d0 = Wide{x[0]} * y[0] + Wide{x[1]} * y2 + Wide{x[2]} * y1;
        Wide d1 = Wide{x[0]} * y[1] + Wide{x[1]} * y[0] + Wide{x[2]} * y2;
        Wide d2 = Wide{x[0]} * y[2] + Wide{x[1]} * y[1] + Wide{x[2]} * y[0];
        Limbs h{};
        h[0] = static_cast<uint64_t>(d0) & kMask44;
        d1 += static_cast<uint64_t>(d0 >> 44U);
        h[1] = static_cast<uint64_t>(d1) & kMask44;
        d2 += static_cast<uint64_t>(d1 >> 44U);
        h[2] = static_cast<uint64_t>(d2) & kMask42;
        h[0] += static_cast<uint64_t>(d2 >> 42U) * 5;
        h[1] += h[0] >> 44U;
        h[0] &= kMask44;
        return TcpsField1305(h);
    }
    friend bool operator==(const TcpsField1305& a, const TcpsField1305& b)
    {
        return (a - b).IsZero();
    }

  private:
    __extension__ using Wide = unsigned __int128;
    using Limbs = std::array<uint64_t, 3>; //!< 44, 44 and 42 bits, the upper two a little more

    static constexpr uint64_t kMask44 = (uint64_t{1} << 44U) - 1;
    static constexpr uint64_t kMask42 = (uint64_t{1} << 42U) - 1;

    explicit TcpsField1305(const Limbs& limbs) : m_limbs(limbs)
    {
    }

    static TcpsField1305 Carried(Limbs h)
    {
        h[1] += h[0] >> 44U;
        h[0] &= kMask44;
        h[2] += h[1] >> 44U;
        h[1] &= kMask44;
        h[0] += (h[2] >> 42U) * 5;
        h[2] &= kMask42;
        h[1] += h[0] >> 44U;
        h[0] &= kMask44;
        return TcpsField1305(h);
    }
    Limbs Canonical() const;

    Limbs m_limbs{};
};

} // namespace ns3

#endif /* TCPS_FIELD1305_H */
