#include "reference/tcps/packet_mac.h"

#include <algorithm>
#include <array>
#include <boost/endian/conversion.hpp>

namespace tcpslab::tcps {
namespace {

constexpr std::uint64_t kOneTimeKeyBase = std::uint64_t{1} << 62;
// What the last block gives as the length of the header bytes, although ten are used.
constexpr std::uint64_t kStatedHeaderLength = 8;

using Block = std::array<std::byte, crypto::kPoly1305BlockSize>;

void StoreLittle64(std::uint64_t value, std::byte* out) {
  boost::endian::store_little_u64(reinterpret_cast<unsigned char*>(out), value);
}

// The block sequence of section 5: which blocks have 2^128 added is the specification's, not RFC 8439's.
template <class Mac>
crypto::Tag TagWith(const crypto::OneTimeKey& key, std::uint64_t position, std::uint8_t tcp_flags,
                    std::span<const std::byte> ciphertext) {
  Mac mac(key);

  Block header{};
  StoreLittle64(position, header.data());
  header[8] = std::byte{tcp_flags};
  header[9] = std::byte{1};
  mac.Block(header, false);

  const std::size_t full = ciphertext.size() / crypto::kPoly1305BlockSize * crypto::kPoly1305BlockSize;
  mac.FullBlocks(ciphertext.first(full));
  if (full < ciphertext.size()) {
    Block last{};
    const auto end = std::ranges::copy(ciphertext.subspan(full), last.begin()).out;
    *end = std::byte{1};
    mac.Block(last, false);
  }

  Block lengths{};
  StoreLittle64(kStatedHeaderLength, lengths.data());
  StoreLittle64(ciphertext.size(), lengths.data() + 8);
  mac.Block(lengths, true);
  return mac.Finish();
}

}  // namespace

std::string_view ToString(TagArithmetic arithmetic) {
  return arithmetic == TagArithmetic::kStandard ? "standard" : "lkm";
}

crypto::OneTimeKey DeriveOneTimeKey(const crypto::ChaCha20Key& mac_key, std::uint64_t position) {
  crypto::OneTimeKey key;
  crypto::Keystream(mac_key, kOneTimeKeyBase + position, key.mutable_bytes());
  return key;
}

crypto::Tag PacketTag(TagArithmetic arithmetic, const crypto::ChaCha20Key& mac_key, std::uint64_t position,
                      std::uint8_t tcp_flags, std::span<const std::byte> ciphertext) {
  const crypto::OneTimeKey key = DeriveOneTimeKey(mac_key, position);
  return arithmetic == TagArithmetic::kStandard
             ? TagWith<crypto::StandardPoly1305>(key, position, tcp_flags, ciphertext)
             : TagWith<crypto::LkmPoly1305>(key, position, tcp_flags, ciphertext);
}

}  // namespace tcpslab::tcps
