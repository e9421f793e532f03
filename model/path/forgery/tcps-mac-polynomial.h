/**
 * @file
 * @ingroup tcps
 * Messages as the polynomials that their tags are values of. Internal: C++20, not installed.
 */
#ifndef TCPS_MAC_POLYNOMIAL_H
#define TCPS_MAC_POLYNOMIAL_H

#include <optional>

#include "reference/tcps/packet_mac.h"
#include "tcps-key-recovery.h"
#include "tcps-polynomial-roots.h"

namespace ns3
{

/** @return m(r) of a minus that of b: zero constant term (tcps-wire.md, section 5) */
TcpsPolynomial TcpsMacDifference(const TcpsTaggedMessage& a, const TcpsTaggedMessage& b);

/** @return r, if it has zeros where the clamp puts them (RFC 8439, section 2.5), little-endian */
std::optional<std::array<std::byte, 16>> TcpsClamped(const TcpsField1305& r);

/** @return the key whose first half is r and whose second half makes the message's tag what it is */
tcpslab::crypto::OneTimeKey TcpsCompleteKey(tcpslab::tcps::TagArithmetic arithmetic,
                                            const std::array<std::byte, 16>& r,
                                            const TcpsTaggedMessage& message);

/** @return whether the message has its tag with that key */
bool TcpsTagHolds(tcpslab::tcps::TagArithmetic arithmetic,
                  const tcpslab::crypto::OneTimeKey& key,
                  const TcpsTaggedMessage& message);

/** @return a - b modulo 2^128, little-endian */
tcpslab::crypto::Tag TcpsTagDifference(const tcpslab::crypto::Tag& a, const tcpslab::crypto::Tag& b);

} // namespace ns3

#endif /* TCPS_MAC_POLYNOMIAL_H */
