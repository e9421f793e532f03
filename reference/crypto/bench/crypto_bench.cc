// The primitives on one core, beside the libraries that could have been used: what the choices in chacha20.cc and
// poly1305.cc rest on.
#include <benchmark/benchmark.h>
#include <openssl/evp.h>

#include <array>
#include <vector>

#include "reference/crypto/chacha20.h"
#include "reference/crypto/libsodium.h"
#include "reference/crypto/poly1305.h"
#include "reference/crypto/random.h"
#include "reference/crypto/x25519.h"

namespace tcpslab::crypto {
namespace {

constexpr std::size_t kBlock = 64;
constexpr std::size_t kSkip = 40;  // TCP's positions are seldom whole blocks

template <std::size_t N>
Secret<N> AnySecret() {
  SeededRandom random(1);
  Secret<N> secret;
  random.Fill(secret.mutable_bytes());
  return secret;
}

void SetBytes(benchmark::State& state) { state.SetBytesProcessed(state.iterations() * state.range(0)); }

// What the libraries get for the same stretch of the stream: the whole blocks that it touches.
std::vector<std::byte> BlocksFor(const benchmark::State& state) {
  const auto size = kSkip + static_cast<std::size_t>(state.range(0));
  return std::vector<std::byte>((size + kBlock - 1) / kBlock * kBlock);
}

void ChaCha20(benchmark::State& state) {
  const auto key = AnySecret<kChaCha20KeySize>();
  std::vector<std::byte> data(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    XorKeystream(key, kSkip, data);
    benchmark::ClobberMemory();
  }
  SetBytes(state);
}

void ChaCha20Libsodium(benchmark::State& state) {
  UseSodium();
  const auto key = AnySecret<kChaCha20KeySize>();
  const std::array<unsigned char, crypto_stream_chacha20_NONCEBYTES> nonce{};
  std::vector<std::byte> blocks = BlocksFor(state);
  for (auto _ : state) {
    crypto_stream_chacha20_xor_ic(MutableRaw(blocks), Raw(blocks), blocks.size(), nonce.data(), 0, Raw(key.bytes()));
    benchmark::ClobberMemory();
  }
  SetBytes(state);
}

void ChaCha20OpenSsl(benchmark::State& state) {
  EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, "ChaCha20", nullptr);
  const auto key = AnySecret<kChaCha20KeySize>();
  const std::array<unsigned char, 16> counter{};
  std::vector<std::byte> blocks = BlocksFor(state);
  int written = 0;
  for (auto _ : state) {
    EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex2(context, cipher, Raw(key.bytes()), counter.data(), nullptr);
    EVP_EncryptUpdate(context, MutableRaw(blocks), &written, Raw(blocks), static_cast<int>(blocks.size()));
    EVP_CIPHER_CTX_free(context);
    benchmark::ClobberMemory();
  }
  EVP_CIPHER_free(cipher);
  SetBytes(state);
}

// The alternative: one context for all calls, the key in it overwritten after each.
void ChaCha20OpenSslKept(benchmark::State& state) {
  EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, "ChaCha20", nullptr);
  const auto key = AnySecret<kChaCha20KeySize>();
  const ChaCha20Key zero;
  const std::array<unsigned char, 16> counter{};
  std::vector<std::byte> blocks = BlocksFor(state);
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  EVP_EncryptInit_ex2(context, cipher, nullptr, nullptr, nullptr);
  int written = 0;
  for (auto _ : state) {
    EVP_EncryptInit_ex2(context, nullptr, Raw(key.bytes()), counter.data(), nullptr);
    EVP_EncryptUpdate(context, MutableRaw(blocks), &written, Raw(blocks), static_cast<int>(blocks.size()));
    EVP_EncryptInit_ex2(context, nullptr, Raw(zero.bytes()), nullptr, nullptr);
    benchmark::ClobberMemory();
  }
  EVP_CIPHER_CTX_free(context);
  EVP_CIPHER_free(cipher);
  SetBytes(state);
}

void KeystreamSizes(benchmark::internal::Benchmark* benchmark) {
  for (const int size : {64, 256, 512, 640, 768, 1400, 16384}) benchmark->Arg(size);
}
BENCHMARK(ChaCha20)->Apply(KeystreamSizes);
BENCHMARK(ChaCha20Libsodium)->Apply(KeystreamSizes);
BENCHMARK(ChaCha20OpenSsl)->Apply(KeystreamSizes);
BENCHMARK(ChaCha20OpenSslKept)->Apply(KeystreamSizes);

// 32 bytes for one segment's tag, within one block and across two.
void OneTimeKeystream(benchmark::State& state) {
  const auto key = AnySecret<kChaCha20KeySize>();
  const auto position = static_cast<std::uint64_t>(state.range(0));
  OneTimeKey one_time_key;
  for (auto _ : state) {
    Keystream(key, position, one_time_key.mutable_bytes());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(OneTimeKeystream)->Arg(24)->Arg(40);

template <class Mac>
void Poly1305(benchmark::State& state) {
  const auto key = AnySecret<kPoly1305KeySize>();
  const std::vector<std::byte> message(static_cast<std::size_t>(state.range(0)), std::byte{0x5a});
  for (auto _ : state) {
    Mac mac(key);
    mac.FullBlocks(message);
    benchmark::DoNotOptimize(mac.Finish());
  }
  SetBytes(state);
}

void Poly1305Libsodium(benchmark::State& state) {
  UseSodium();
  const auto key = AnySecret<kPoly1305KeySize>();
  const std::vector<std::byte> message(static_cast<std::size_t>(state.range(0)), std::byte{0x5a});
  std::array<unsigned char, crypto_onetimeauth_poly1305_BYTES> tag{};
  for (auto _ : state) {
    crypto_onetimeauth_poly1305(tag.data(), Raw(message), message.size(), Raw(key.bytes()));
    benchmark::DoNotOptimize(tag);
  }
  SetBytes(state);
}

void MessageSizes(benchmark::internal::Benchmark* benchmark) {
  for (const int size : {64, 256, 1392, 16384}) benchmark->Arg(size);
}
BENCHMARK(Poly1305<StandardPoly1305>)->Name("Poly1305Standard")->Apply(MessageSizes);
BENCHMARK(Poly1305<LkmPoly1305>)->Name("Poly1305Lkm")->Apply(MessageSizes);
BENCHMARK(Poly1305Libsodium)->Apply(MessageSizes);

void X25519Generate(benchmark::State& state) {
  SeededRandom random(1);
  for (auto _ : state) benchmark::DoNotOptimize(KeyPair::Generate(random));
}
BENCHMARK(X25519Generate);

void X25519Agree(benchmark::State& state) {
  SeededRandom random(1);
  const auto own = KeyPair::Generate(random);
  const auto peer = KeyPair::Generate(random);
  for (auto _ : state) benchmark::DoNotOptimize(Agree(own.private_key, peer.public_key));
}
BENCHMARK(X25519Agree);

}  // namespace
}  // namespace tcpslab::crypto

BENCHMARK_MAIN();
