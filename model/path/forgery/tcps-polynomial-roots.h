/**
 * @file
 * @ingroup tcps
 * Roots of polynomials modulo 2^130 - 5. Internal: C++20, not installed.
 */
#ifndef TCPS_POLYNOMIAL_ROOTS_H
#define TCPS_POLYNOMIAL_ROOTS_H

#include <vector>

#include "tcps-field1305.h"

namespace ns3
{

/** Coefficients, the constant one first. */
using TcpsPolynomial = std::vector<TcpsField1305>;

/**
 * Every root once, in no particular order; none for a constant. gcd(x^p - x, f) has the roots that lie in the field,
 * and gcd((x + a)^((p-1)/2) - 1, .) takes half of them for each a (Cantor and Zassenhaus; Knuth, The Art of Computer
 * Programming, volume 2, section 4.6.2).
 */
std::vector<TcpsField1305> TcpsRootsOf(TcpsPolynomial polynomial);

} // namespace ns3

#endif /* TCPS_POLYNOMIAL_ROOTS_H */
