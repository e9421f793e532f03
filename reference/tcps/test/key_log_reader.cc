#include "reference/tcps/test/key_log_reader.h"

#include <algorithm>
#include <array>
#include <boost/algorithm/hex.hpp>
#include <iterator>
#include <vector>

namespace tcpslab::tcps::test {
namespace {

std::array<std::byte, 8> LittleEndian64(std::uint64_t value) {
  std::array<std::byte, 8> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(value >> (8 * i));
  return bytes;
}

crypto::SharedSecret FromHex(const std::string& hex) {
  std::vector<unsigned char> bytes;
  boost::algorithm::unhex(hex, std::back_inserter(bytes));
  return crypto::SharedSecret(std::as_bytes(std::span(bytes)).first<crypto::kX25519Size>());
}

// The four kinds of blocks of section 5, in order.
template <class Poly1305>
crypto::Tag TagOf(const crypto::ChaCha20Key& mac_key, std::uint64_t position, const OwnedSegment& segment) {
  crypto::OneTimeKey one_time;
  crypto::Keystream(mac_key, (std::uint64_t{1} << 62) + position, one_time.mutable_bytes());
  Poly1305 poly(one_time);

  std::array<std::byte, 16> block{};
  std::ranges::copy(LittleEndian64(position), block.begin());
  block[8] = std::byte{segment->flags};
  block[9] = std::byte{1};
  poly.Block(block, false);

  const std::span<const std::byte> text = segment->payload;
  const std::size_t full = text.size() / 16 * 16;
  for (std::size_t i = 0; i < full; i += 16) poly.Block(text.subspan(i).first<16>(), true);
  if (full < text.size()) {
    block = {};
    block[text.size() - full] = std::byte{1};
    std::ranges::copy(text.subspan(full), block.begin());
    poly.Block(block, false);
  }

  std::ranges::copy(LittleEndian64(8), block.begin());
  std::ranges::copy(LittleEndian64(text.size()), block.begin() + 8);
  poly.Block(block, true);
  return poly.Finish();
}

}  // namespace

std::string LastSecret(const Pair& pair, std::string_view label) {
  std::string secret;
  for (const std::string& line : pair.key_log()) {
    if (line.starts_with(label)) secret = line.substr(line.rfind(' ') + 1);
  }
  return secret;
}

std::size_t CountLines(const Pair& pair, std::string_view label) {
  return static_cast<std::size_t>(
      std::ranges::count_if(pair.key_log(), [&](const std::string& line) { return line.starts_with(label); }));
}

SessionKeys LastSessionKeys(const Pair& pair) {
  return DeriveSessionKeys(FromHex(LastSecret(pair, "TCPS_EPHEMERAL_SECRET ")));
}

std::string DecryptAt(const crypto::ChaCha20Key& key, std::uint64_t position, const OwnedSegment& segment) {
  OwnedSegment copy = segment;
  crypto::XorKeystream(key, position, copy->payload);
  return copy.PayloadText();
}

crypto::Tag StandardTag(const crypto::ChaCha20Key& mac_key, std::uint64_t position, const OwnedSegment& segment) {
  return TagOf<crypto::StandardPoly1305>(mac_key, position, segment);
}

crypto::Tag LkmTag(const crypto::ChaCha20Key& mac_key, std::uint64_t position, const OwnedSegment& segment) {
  return TagOf<crypto::LkmPoly1305>(mac_key, position, segment);
}

AuthTag ExpectedAuthTag(const Pair& pair, std::uint32_t client_isn) {
  AuthTag tag;
  crypto::Keystream(FromHex(LastSecret(pair, "TCPS_STATIC_SECRET ")), std::uint64_t{3} << 62, tag);
  for (std::size_t i = 0; i < tag.size(); ++i) tag[i] ^= static_cast<std::byte>(client_isn >> (24 - 8 * i));
  return tag;
}

}  // namespace tcpslab::tcps::test
