#include "reference/tcps/packet_mac.h"

#include <algorithm>
#include <array>
#include <boost/endian/conversion.hpp>
#include <utility>

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
// TCPS-FIN-03, TCPS-TM-12, TCPS-TM-13
template <class Sink>
void Feed(Sink& sink, std::uint64_t position, std::uint8_t tcp_flags, std::span<const std::byte> ciphertext) {
  // TCPS-FIN-06, TCPS-TM-08, TCPS-TM-09, TCPS-TM-16
  Block header{};
  StoreLittle64(position, header.data());
  header[8] = std::byte{tcp_flags};
  header[9] = std::byte{1};
  sink.Block(header, false);

  const std::size_t full = ciphertext.size() / crypto::kPoly1305BlockSize * crypto::kPoly1305BlockSize;
  // TCPS-TM-10, TCPS-TM-17
  sink.FullBlocks(ciphertext.first(full));
  // TCPS-TM-10, TCPS-TM-18
  if (full < ciphertext.size()) {
    Block last{};
    const auto end = std::ranges::copy(ciphertext.subspan(full), last.begin()).out;
    *end = std::byte{1};
    sink.Block(last, false);
  }

  // TCPS-TM-11, TCPS-TM-19
  Block lengths{};
  StoreLittle64(kStatedHeaderLength, lengths.data());
  StoreLittle64(ciphertext.size(), lengths.data() + 8);
  sink.Block(lengths, true);
}

template <class Mac>
crypto::Tag TagWith(const crypto::OneTimeKey& key, std::uint64_t position, std::uint8_t tcp_flags,
                    std::span<const std::byte> ciphertext) {
  Mac mac(key);
  Feed(mac, position, tcp_flags, ciphertext);
  return mac.Finish();
}

// Keeps the blocks.
struct Collector {
  void Block(const std::array<std::byte, crypto::kPoly1305BlockSize>& block, bool high_bit) {
    blocks.push_back({block, high_bit});
  }
  void FullBlocks(std::span<const std::byte> bytes) {
    for (; !bytes.empty(); bytes = bytes.subspan(crypto::kPoly1305BlockSize)) {
      MacBlock& block = blocks.emplace_back(MacBlock{.bytes = {}, .high_bit = true});
      std::ranges::copy(bytes.first(block.bytes.size()), block.bytes.begin());
    }
  }
  std::vector<MacBlock> blocks;
};

}  // namespace

std::string_view ToString(TagArithmetic arithmetic) {
  return arithmetic == TagArithmetic::kStandard ? "standard" : "lkm";
}

// TCPS-TM-14
crypto::OneTimeKey DeriveOneTimeKey(const crypto::ChaCha20Key& mac_key, std::uint64_t position) {
  crypto::OneTimeKey key;
  crypto::Keystream(mac_key, kOneTimeKeyBase + position, key.mutable_bytes());
  return key;
}

crypto::Tag PacketTag(TagArithmetic arithmetic, const crypto::ChaCha20Key& mac_key, std::uint64_t position,
                      std::uint8_t tcp_flags, std::span<const std::byte> ciphertext) {
  return PacketTagUnder(arithmetic, DeriveOneTimeKey(mac_key, position), position, tcp_flags, ciphertext);
}

crypto::Tag PacketTagUnder(TagArithmetic arithmetic, const crypto::OneTimeKey& key, std::uint64_t position,
                           std::uint8_t tcp_flags, std::span<const std::byte> ciphertext) {
  return arithmetic == TagArithmetic::kStandard
             ? TagWith<crypto::StandardPoly1305>(key, position, tcp_flags, ciphertext)
             : TagWith<crypto::LkmPoly1305>(key, position, tcp_flags, ciphertext);
}

std::vector<MacBlock> MacBlocks(std::uint64_t position, std::uint8_t tcp_flags, std::span<const std::byte> ciphertext) {
  Collector collector;
  Feed(collector, position, tcp_flags, ciphertext);
  return std::move(collector.blocks);
}

}  // namespace tcpslab::tcps
