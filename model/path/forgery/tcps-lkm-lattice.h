/**
 * @file
 * @ingroup tcps
 * One-time MAC keys from four tags of the upstream module. Internal: C++20, not installed.
 */
#ifndef TCPS_LKM_LATTICE_H
#define TCPS_LKM_LATTICE_H

#include <cstddef>
#include <optional>
#include <span>

#include "tcps-key-recovery.h"

namespace ns3
{

/** How many messages TcpsSolveLkmKey() takes. */
inline constexpr std::size_t kTcpsLkmMessages = 4;

/**
 * With four tags where TcpsLkmSearch has two, nothing is to be searched. Each difference of the first message's tag and
 * another's gives an equation (tcps-lkm-search.h)
 *
 *     a_i r^2 + 2^64 l_i r = K_i + 2^104 u_i  (mod p),   |u_i| <= 2^26,   i = 1, 2, 3,
 *
 * with l_i the difference of the lengths, below 16, since the last block of a message is its length. The first equation
 * times l_j less the j-th one times l_1 is free of r:
 *
 *     (l_j a_1 - l_1 a_j) r^2 = l_j K_1 - l_1 K_j + 2^104 w_j,   w_j = l_j u_1 - l_1 u_j,   |w_j| < 2^31,   j = 2, 3.
 *
 * Two expressions for r^2 make w_3 = alpha w_2 + beta (mod p): 62 bits are unknown where p has 130, so that there is
 * one solution, and the closest point to (0, -beta) of the lattice spanned by (1, alpha) and (0, p) gives it, whose
 * shortest vectors have some 65 bits (Lagrange and Gauss's reduction, Babai's rounding). Then r is a square root.
 *
 * @param messages at one position, with equal flags and at most 16 bytes each, of different lengths
 * @return the key, if all messages have their tags with it
 */
std::optional<tcpslab::crypto::OneTimeKey> TcpsSolveLkmKey(
    std::span<const TcpsTaggedMessage, kTcpsLkmMessages> messages);

} // namespace ns3

#endif /* TCPS_LKM_LATTICE_H */
