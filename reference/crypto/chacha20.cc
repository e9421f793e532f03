#include "reference/crypto/chacha20.h"

#include <sodium.h>

#include <algorithm>
#include <array>

namespace tcpslab::crypto {
namespace {

constexpr std::size_t kBlock = 64;
constexpr std::array<unsigned char, crypto_stream_chacha20_NONCEBYTES> kZeroNonce{};

void XorBlocks(const ChaCha20Key& key, std::uint64_t block, std::span<std::byte> data) {
  auto* raw = reinterpret_cast<unsigned char*>(data.data());
  crypto_stream_chacha20_xor_ic(raw, raw, data.size(), kZeroNonce.data(), block,
                                reinterpret_cast<const unsigned char*>(key.bytes().data()));
}

}  // namespace

void XorKeystream(const ChaCha20Key& key, std::uint64_t position, std::span<std::byte> data) {
  std::uint64_t block = position / kBlock;
  if (const std::size_t skip = position % kBlock; skip != 0 && !data.empty()) {
    Secret<kBlock> first;
    const std::size_t size = std::min(kBlock - skip, data.size());
    const std::span<std::byte> window = first.mutable_bytes().subspan(skip, size);
    std::ranges::copy(data.first(size), window.begin());
    XorBlocks(key, block, first.mutable_bytes());
    std::ranges::copy(window, data.begin());
    data = data.subspan(size);
    ++block;
  }
  if (!data.empty()) XorBlocks(key, block, data);
}

void Keystream(const ChaCha20Key& key, std::uint64_t position, std::span<std::byte> out) {
  std::ranges::fill(out, std::byte{0});
  XorKeystream(key, position, out);
}

}  // namespace tcpslab::crypto
