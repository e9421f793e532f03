#include "tcps-lkm-lattice.h"

#include <algorithm>
#include <array>
#include <boost/multiprecision/cpp_int.hpp>
#include <utility>
#include <vector>

#include "tcps-lkm-search.h"
#include "tcps-mac-polynomial.h"

namespace ns3
{

namespace crypto = tcpslab::crypto;
using tcpslab::tcps::TagArithmetic;

namespace
{

using Field = TcpsField1305;
/** Without expression templates: the numbers are small. */
using Integer = boost::multiprecision::number<boost::multiprecision::cpp_int_backend<>, boost::multiprecision::et_off>;

/** Of the plane. */
struct Vector
{
    Integer x;
    Integer y;

    Integer Dot(const Vector& other) const
    {
        return x * other.x + y * other.y;
    }
    void Subtract(const Integer& multiple, const Vector& other)
    {
        x -= multiple * other.x;
        y -= multiple * other.y;
    }
};

Integer
ToInteger(const Field& element)
{
    const auto bytes = element.ToBytes();
    const auto* raw = reinterpret_cast<const unsigned char*>(bytes.data());
    Integer number;
    boost::multiprecision::import_bits(number, raw, raw + bytes.size(), 8, false);
    return number;
}

Field
ToField(const Integer& number)
{
    const Field magnitude(static_cast<uint64_t>(abs(number)));
    return number < 0 ? -magnitude : magnitude;
}

/** The integer nearest to a quotient. */
Integer
Round(const Integer& numerator, const Integer& denominator)
{
    const int sign = (numerator < 0) == (denominator < 0) ? 1 : -1;
    const Integer size = abs(denominator);
    return sign * ((2 * abs(numerator) + size) / (2 * size));
}

/** Lagrange and Gauss: two shortest vectors that span the same lattice. */
void
Reduce(Vector& u, Vector& v)
{
    while (true)
    {
        if (u.Dot(u) > v.Dot(v))
        {
            std::swap(u, v);
        }
        const Integer multiple = Round(u.Dot(v), u.Dot(u));
        if (multiple == 0)
        {
            return;
        }
        v.Subtract(multiple, u);
    }
}

/** The small w for which alpha w + beta is small, too, modulo 2^130 - 5. */
Integer
SmallSolution(const Field& alpha, const Field& beta)
{
    Vector u{1, ToInteger(alpha)};
    Vector v{0, (Integer(1) << 130U) - 5};
    Reduce(u, v);
    // Babai: (0, -beta) in terms of u and v, rounded.
    const Integer y = -ToInteger(beta);
    const Integer determinant = u.x * v.y - u.y * v.x;
    const Integer first = Round(-(y * v.x), determinant);
    const Integer second = Round(y * u.x, determinant);
    return first * u.x + second * v.x;
}

/** r^2 = constant + slope * w for a small w. */
struct Line
{
    Field constant;
    Field slope;
};

std::optional<Line>
Eliminate(const TcpsLkmSearch& first, const TcpsLkmSearch& other)
{
    // The multiples of 2^64 that the linear coefficients are.
    static const Field unit = Field::PowerOfTwo(64).Inverse();
    const Field l1 = first.Linear() * unit;
    const Field lj = other.Linear() * unit;
    const Field square = lj * first.Quadratic() - l1 * other.Quadratic();
    if (square.IsZero())
    {
        return std::nullopt;
    }
    const Field scale = square.Inverse();
    return Line{.constant = (lj * first.Known() - l1 * other.Known()) * scale, .slope = TcpsLkmSearch::Unit() * scale};
}

} // namespace

std::optional<crypto::OneTimeKey>
TcpsSolveLkmKey(std::span<const TcpsTaggedMessage, kTcpsLkmMessages> messages)
{
    std::vector<TcpsLkmSearch> equations;
    for (const TcpsTaggedMessage& other : messages.subspan<1>())
    {
        std::optional<TcpsLkmSearch> equation = TcpsLkmSearch::Prepare(messages[0], other);
        if (!equation)
        {
            return std::nullopt;
        }
        equations.push_back(std::move(*equation));
    }
    const std::optional<Line> a = Eliminate(equations[0], equations[1]);
    const std::optional<Line> b = Eliminate(equations[0], equations[2]);
    if (!a || !b)
    {
        return std::nullopt;
    }
    // a.constant + a.slope * w = b.constant + b.slope * (alpha w + beta)
    const Field scale = b->slope.Inverse();
    const Integer w = SmallSolution(a->slope * scale, (a->constant - b->constant) * scale);
    if (abs(w) > uint64_t{1} << 32U)
    {
        return std::nullopt;
    }
    const Field root = (a->constant + a->slope * ToField(w)).SquareRoot();
    for (const Field& candidate : {root, -root})
    {
        const auto r = TcpsClamped(candidate);
        if (!r)
        {
            continue;
        }
        crypto::OneTimeKey key = TcpsCompleteKey(TagArithmetic::kLkm, *r, messages[0]);
        const bool holds = std::ranges::all_of(messages,
                                               [&key](const TcpsTaggedMessage& message)
                                               { return TcpsTagHolds(TagArithmetic::kLkm, key, message); });
        if (holds)
        {
            return key;
        }
    }
    return std::nullopt;
}

} // namespace ns3
