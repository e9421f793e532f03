/**
 * @file
 * @ingroup tcps
 * One-time MAC keys from tags that should not have been made with them. Internal: C++20, not installed.
 */
#ifndef TCPS_KEY_RECOVERY_H
#define TCPS_KEY_RECOVERY_H

#include <cstddef>
#include <cstdint>
#include <vector>

#include "reference/crypto/poly1305.h"

namespace ns3
{

/** What a tag was seen on. */
struct TcpsTaggedMessage
{
    uint64_t position = 0; //!< in the stream: names the one-time key (tcps-wire.md, section 5)
    uint8_t flags = 0;     //!< byte 13 of the TCP header
    std::vector<std::byte> ciphertext;
    tcpslab::crypto::Tag tag{};
};

/**
 * Two different messages under one one-time key (r, s), as a retransmission with other boundaries or flags makes them
 * (tcps-wire.md, section 5.3), with true Poly1305 tags. A message is a polynomial m(r) modulo p = 2^130 - 5 whose
 * coefficients are known, since they are ciphertext and header, and
 *
 *     tag = (m(r) mod p + s) mod 2^128.
 *
 * The difference of two tags, taken from 0 to 2^128 - 1, is free of s. It lacks what the reductions modulo 2^128 took
 * away: with residues below p < 4 * 2^128 that is k * 2^128 for one k from -4 to 3. For each k, r is a root of
 *
 *     m1(r) - m2(r) - (tag1 - tag2 + k * 2^128) = 0  (mod p),
 *
 * and of the few roots, one in 2^24 has zeros where the clamp puts them (RFC 8439, section 2.5). Then s = tag1 - m1(r).
 *
 * @param a one message
 * @param b another at the same position
 * @return all keys with which both have their tag: nearly always one, none if the tags are of another kind
 */
std::vector<tcpslab::crypto::OneTimeKey> TcpsRecoverKeys(const TcpsTaggedMessage& a, const TcpsTaggedMessage& b);

} // namespace ns3

#endif /* TCPS_KEY_RECOVERY_H */
