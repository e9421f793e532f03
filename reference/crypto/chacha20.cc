#include "reference/crypto/chacha20.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <boost/endian/conversion.hpp>
#include <memory>
#include <stdexcept>

#include "reference/crypto/libsodium.h"

// Two libraries behind one function, chosen by tcpslab-bench-crypto (x86-64 with AVX-512, positions in the middle of a
// block as TCP makes them, a new key for every call). Time of libsodium 1.0.18 / time of OpenSSL 3.0:
//
//   bytes    64    256   512   640   768   1400  16384
//   ratio    0.9   0.9   0.8   1.4   1.4   1.7   2.0
//
// OpenSSL has the faster bulk code but costs a context per call, so short data goes to libsodium. A context kept per
// thread would save a tenth at 1400 bytes; it would also keep a key beyond the call, so it is not kept.

namespace tcpslab::crypto {
namespace {

constexpr std::size_t kBlock = 64;
constexpr std::size_t kWindow = 32 * kBlock;  // one pass for any packet of an Ethernet path
constexpr std::size_t kOpenSslFrom = 10 * kBlock;

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Cipher = std::unique_ptr<EVP_CIPHER, Deleter<EVP_CIPHER_free>>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Deleter<EVP_CIPHER_CTX_free>>;  // wiped when freed

void XorWithSodium(const ChaCha20Key& key, std::uint64_t block, std::span<std::byte> blocks) {
  static constexpr std::array<unsigned char, crypto_stream_chacha20_NONCEBYTES> kZeroNonce{};
  UseSodium();
  crypto_stream_chacha20_xor_ic(MutableRaw(blocks), Raw(blocks), blocks.size(), kZeroNonce.data(), block,
                                Raw(key.bytes()));
}

// Runs on from block to block.
class OpenSslKeystream {
 public:
  OpenSslKeystream(const ChaCha20Key& key, std::uint64_t block) : context_(EVP_CIPHER_CTX_new()) {
    // The lookup is slow and its result is immutable.
    static const Cipher cipher(EVP_CIPHER_fetch(nullptr, "ChaCha20", nullptr));
    // State words 12 to 15: the block counter, then the zero nonce.
    std::array<unsigned char, 16> counter{};
    boost::endian::store_little_u64(counter.data(), block);
    Check(context_ == nullptr
              ? 0
              : EVP_EncryptInit_ex2(context_.get(), cipher.get(), Raw(key.bytes()), counter.data(), nullptr));
  }

  void XorBlocks(std::span<std::byte> blocks) {
    int written = 0;
    Check(
        EVP_EncryptUpdate(context_.get(), MutableRaw(blocks), &written, Raw(blocks), static_cast<int>(blocks.size())));
  }

 private:
  static void Check(int status) {
    if (status != 1) throw std::runtime_error("OpenSSL without ChaCha20");
  }

  CipherContext context_;
};

// Whole blocks in a window hold the data at its place in the first block, so that an odd position costs no block of its
// own, and no library keeps the unused end of a block.
template <typename XorBlocks>
void XorThroughWindow(XorBlocks xor_blocks, std::size_t skip, std::span<std::byte> data) {
  // Written before it is read; clearing all of it would cost a short call a tenth or more.
  std::array<std::byte, kWindow> window;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  std::size_t touched = 0;
  for (; !data.empty(); skip = 0) {
    const std::size_t size = std::min(data.size(), kWindow - skip);
    const std::size_t used = (skip + size + kBlock - 1) / kBlock * kBlock;
    touched = std::max(touched, used);
    const std::span<std::byte> blocks = std::span(window).first(used);
    std::ranges::fill(blocks.first(skip), std::byte{0});
    std::ranges::copy(data.first(size), blocks.subspan(skip).begin());
    std::ranges::fill(blocks.subspan(skip + size), std::byte{0});
    xor_blocks(blocks);
    std::ranges::copy(blocks.subspan(skip, size), data.begin());
    data = data.subspan(size);
  }
  Wipe(std::span(window).first(touched));
}

}  // namespace

// TCPS-ENC-04, TCPS-ENC-06, TCPS-ENC-07
void XorKeystream(const ChaCha20Key& key, std::uint64_t position, std::span<std::byte> data) {
  // TCPS-ENC-05
  const std::uint64_t block = position / kBlock;
  const std::size_t skip = position % kBlock;
  if (data.size() < kOpenSslFrom) {
    static_assert(kOpenSslFrom + kBlock <= kWindow, "libsodium is told the block once: one pass");
    XorThroughWindow([&](std::span<std::byte> blocks) { XorWithSodium(key, block, blocks); }, skip, data);
  } else {
    OpenSslKeystream stream(key, block);
    XorThroughWindow([&](std::span<std::byte> blocks) { stream.XorBlocks(blocks); }, skip, data);
  }
}

void Keystream(const ChaCha20Key& key, std::uint64_t position, std::span<std::byte> out) {
  std::ranges::fill(out, std::byte{0});
  XorKeystream(key, position, out);
}

}  // namespace tcpslab::crypto
