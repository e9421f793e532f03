#include "tcps-polynomial-roots.h"

#include <utility>

namespace ns3
{

namespace
{

using Field = TcpsField1305;
using Polynomial = TcpsPolynomial;

/** Without zeros at the top; empty is zero. */
void
Trim(Polynomial& f)
{
    while (!f.empty() && f.back().IsZero())
    {
        f.pop_back();
    }
}

void
MakeMonic(Polynomial& f)
{
    Trim(f);
    if (f.empty())
    {
        return;
    }
    const Field scale = f.back().Inverse();
    for (Field& coefficient : f)
    {
        coefficient = coefficient * scale;
    }
}

/** f becomes the remainder; the quotient is returned. The divisor is monic. */
Polynomial
Divide(Polynomial& f, const Polynomial& divisor)
{
    Polynomial quotient;
    const std::size_t size = divisor.size();
    if (f.size() >= size)
    {
        quotient.resize(f.size() - size + 1);
    }
    for (std::size_t place = quotient.size(); place-- > 0;)
    {
        const Field factor = f[place + size - 1];
        quotient[place] = factor;
        for (std::size_t i = 0; i < size; ++i)
        {
            f[place + i] = f[place + i] - factor * divisor[i];
        }
    }
    Trim(f);
    return quotient;
}

/** The monic greatest common divisor. */
Polynomial
Gcd(Polynomial a, Polynomial b)
{
    MakeMonic(b);
    while (!b.empty())
    {
        Divide(a, b);
        std::swap(a, b);
        MakeMonic(b);
    }
    MakeMonic(a);
    return a;
}

Polynomial
MultiplyModulo(const Polynomial& a, const Polynomial& b, const Polynomial& modulus)
{
    if (a.empty() || b.empty())
    {
        return {};
    }
    Polynomial product(a.size() + b.size() - 1);
    for (std::size_t i = 0; i < a.size(); ++i)
    {
        for (std::size_t j = 0; j < b.size(); ++j)
        {
            product[i + j] = product[i + j] + a[i] * b[j];
        }
    }
    Divide(product, modulus);
    return product;
}

Polynomial
PowerModulo(Polynomial base, const Field::Exponent& exponent, const Polynomial& modulus)
{
    Divide(base, modulus);
    Polynomial result{Field(1)};
    for (unsigned bit = 192; bit-- > 0;)
    {
        result = MultiplyModulo(result, result, modulus);
        if ((exponent[bit / 64] >> bit % 64 & 1U) != 0)
        {
            result = MultiplyModulo(result, base, modulus);
        }
    }
    return result;
}

void
Subtract(Polynomial& f, std::size_t degree, const Field& coefficient)
{
    if (f.size() <= degree)
    {
        f.resize(degree + 1);
    }
    f[degree] = f[degree] - coefficient;
    Trim(f);
}

/** Finds the roots of a monic product of different linear factors, trying `shift` first. */
void
Split(Polynomial f, uint64_t shift, std::vector<Field>& roots)
{
    if (f.size() <= 1)
    {
        return;
    }
    if (f.size() == 2)
    {
        roots.push_back(-f[0]);
        return;
    }
    // (p - 1) / 2 = 2^129 - 3
    constexpr Field::Exponent half{~uint64_t{2}, ~uint64_t{0}, 1};
    Polynomial power = PowerModulo({Field(shift), Field(1)}, half, f);
    Subtract(power, 0, Field(1));
    const Polynomial part = Gcd(f, power);
    if (part.size() <= 1 || part.size() == f.size())
    {
        Split(std::move(f), shift + 1, roots);
        return;
    }
    const Polynomial rest = Divide(f, part);
    Split(part, shift + 1, roots);
    Split(rest, shift + 1, roots);
}

} // namespace

std::vector<TcpsField1305>
TcpsRootsOf(TcpsPolynomial polynomial)
{
    MakeMonic(polynomial);
    std::vector<Field> roots;
    if (polynomial.size() <= 1)
    {
        return roots;
    }
    Polynomial power = PowerModulo({Field(0), Field(1)}, Field::kPrime, polynomial);
    Subtract(power, 1, Field(1));
    Split(power.empty() ? polynomial : Gcd(polynomial, power), 0, roots);
    return roots;
}

} // namespace ns3
