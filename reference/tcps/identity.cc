#include "reference/tcps/identity.h"

#include <algorithm>
#include <boost/endian/conversion.hpp>
#include <span>

#include "reference/crypto/chacha20.h"
#include "reference/tcps/hex.h"

namespace tcpslab::tcps {
namespace {

constexpr std::uint64_t kAuthTagPosition = std::uint64_t{3} << 62;

}  // namespace

// TCPS-TI-08, TCPS-TI-09
AuthTag ComputeAuthTag(const crypto::SharedSecret& static_shared, std::uint32_t client_isn) {
  AuthTag tag;
  boost::endian::store_big_u32(reinterpret_cast<unsigned char*>(tag.data()), client_isn);
  crypto::XorKeystream(static_shared, kAuthTagPosition, tag);
  return tag;
}

bool IsZero(const AuthTag& tag) {
  return std::ranges::all_of(tag, [](std::byte byte) { return byte == std::byte{0}; });
}

// TCPS-LOG-02
std::string Fingerprint(const crypto::PublicKey& key) { return ToHex(std::span(key).first<8>()); }

}  // namespace tcpslab::tcps
