/**
 * @file
 * @ingroup tcps
 * One-time MAC keys from two tags of the upstream module. Internal: C++20, not installed.
 */
#ifndef TCPS_LKM_SEARCH_H
#define TCPS_LKM_SEARCH_H

#include <cstdint>
#include <optional>
#include <vector>

#include "tcps-key-recovery.h"
#include "tcps-polynomial-roots.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * What TcpsRecoverKeys() does, for the tag of tcps-wire.md, section 5.1, which spreads the residue V over 32-bit words
 * in limbs of 26 bits and drops the top one:
 *
 *     tag = V0 + 2^32 V1 + 2^64 V2 + 2^96 V3 + s  (mod 2^128),   V = V0 + 2^26 V1 + 2^52 V2 + 2^78 V3 + 2^104 V4.
 *
 * The difference of two tags shows the differences of the four limbs exactly, since each has six bits to itself. That
 * of V4 is lost: one u between -2^26 and 2^26, so that
 *
 *     m1(r) - m2(r) = K + 2^104 u  (mod p)
 *
 * has to be solved 2^27 times. Messages of at most 16 bytes with equal flags differ in their last two blocks only, and
 * what is to be solved is quadratic: a square root each, of which half exist. A root has zeros where the clamp puts
 * them once in 2^24: some eight of them. Those are kept whose residues differ limb by limb as the tags say, which
 * leaves one to three; two tags cannot tell which is right. A wrong forgery costs nothing.
 */
class TcpsLkmSearch
{
  public:
    /** u lies between the negative of this and this. */
    static constexpr int32_t kLimit = int32_t{1} << 26U;

    /**
     * @return nothing if the difference of the messages is not quadratic, or the tags are not the module's
     */
    static std::optional<TcpsLkmSearch> Prepare(const TcpsTaggedMessage& a, const TcpsTaggedMessage& b);

    /**
     * @param first of the u to try
     * @param last of them
     * @return keys with which both messages have their tag, by u
     */
    std::vector<tcpslab::crypto::OneTimeKey> Search(int32_t first, int32_t last) const;

    /** The equation: Quadratic() r^2 + Linear() r = Known() + Unit() u. */
    const TcpsField1305& Quadratic() const
    {
        return m_quadratic;
    }
    const TcpsField1305& Linear() const
    {
        return m_linear;
    }
    const TcpsField1305& Known() const
    {
        return m_known;
    }
    /** @return 2^104 */
    static TcpsField1305 Unit();

  private:
    TcpsLkmSearch(TcpsTaggedMessage a, TcpsTaggedMessage b);
    void Try(const TcpsField1305& root, std::vector<tcpslab::crypto::OneTimeKey>& keys) const;

    TcpsTaggedMessage m_a;
    TcpsTaggedMessage m_b;
    TcpsField1305 m_known; //!< K
    TcpsField1305 m_linear;
    TcpsField1305 m_quadratic;
};

} // namespace ns3

#endif /* TCPS_LKM_SEARCH_H */
