// What TCP/S costs on one core, each measurement beside the bound that it is compared with (`lab bench` forms the
// ratios).
#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "reference/crypto/chacha20.h"
#include "reference/crypto/poly1305.h"
#include "reference/crypto/x25519.h"
#include "reference/stack/services.h"
#include "reference/tcps/packet_mac.h"
#include "reference/tcps/tcps.h"

namespace {

std::atomic<std::size_t> live_bytes{0};  // on the heap, for ConnectionMemory

// Keeps the size in front of each block.
constexpr std::size_t kHeader = alignof(std::max_align_t);

}  // namespace

void* operator new(std::size_t size) {
  void* block = std::malloc(size + kHeader);
  if (block == nullptr) throw std::bad_alloc();
  *static_cast<std::size_t*>(block) = size;
  live_bytes += size;
  return static_cast<std::byte*>(block) + kHeader;
}

void operator delete(void* pointer) noexcept {
  if (pointer == nullptr) return;
  void* block = static_cast<std::byte*>(pointer) - kHeader;
  live_bytes -= *static_cast<std::size_t*>(block);
  std::free(block);
}

void operator delete(void* pointer, std::size_t) noexcept { operator delete(pointer); }

namespace tcpslab::tcps {
namespace {

using stack::Segment;

// A host that keeps nothing.
class QuietHost final : public stack::SegmentSink, public stack::EventSink {
 public:
  explicit QuietHost(std::uint64_t stream) : random_(1, stream) {}
  void ToNetwork(const Segment&) override {}
  void ToHost(const Segment&) override {}
  void OnEvent(const stack::Event&) override {}
  stack::Services services() { return {.segments = *this, .events = *this, .random = random_}; }

 private:
  crypto::SeededRandom random_;
};

Config BenchConfig() {
  Config config;
  config.policy.max_connections = std::size_t{1} << 20;
  return config;
}

// Two hosts and any number of connections between them, one per client endpoint.
class Hosts {
 public:
  Segment FromClient(std::uint32_t index, std::uint32_t sequence, std::uint32_t acknowledgement, std::uint8_t flags) {
    Segment segment;
    const std::array<std::byte, 4> client = {std::byte{10}, static_cast<std::byte>(index >> 24 & 0xff),
                                             static_cast<std::byte>(index >> 16 & 0xff), std::byte{1}};
    constexpr std::array<std::byte, 4> kServer = {std::byte{10}, std::byte{255}, std::byte{0}, std::byte{1}};
    segment.source = {wire::Address::Ipv4(client), static_cast<std::uint16_t>(index & 0xffff)};
    segment.destination = {wire::Address::Ipv4(kServer), 80};
    segment.sequence = sequence;
    segment.acknowledgement = acknowledgement;
    segment.flags = flags;
    segment.window = 65535;
    return segment;
  }

  Segment FromServer(std::uint32_t index, std::uint32_t sequence, std::uint32_t acknowledgement, std::uint8_t flags) {
    Segment segment = FromClient(index, sequence, acknowledgement, flags);
    std::swap(segment.source, segment.destination);
    return segment;
  }

  void Handshake(std::uint32_t index, std::uint32_t isn) {
    Segment syn = FromClient(index, isn, 0, wire::kSyn);
    Cross(client_, server_, syn);
    Segment syn_ack = FromServer(index, isn, isn + 1, wire::kSyn | wire::kAck);
    Cross(server_, client_, syn_ack);
    Segment ack = FromClient(index, isn + 1, isn + 1, wire::kAck);
    Cross(client_, server_, ack);
  }

  void Data(std::uint32_t index, std::uint32_t isn, std::uint32_t offset, std::span<std::byte> payload) {
    Segment segment = FromClient(index, isn + 1 + offset, isn + 1, wire::kAck);
    segment.payload = payload;
    Cross(client_, server_, segment);
  }

 private:
  static void Cross(Tcps& from, Tcps& to, Segment& segment) {
    if (from.Outbound(segment, {}) != stack::Verdict::kPass || to.Inbound(segment, {}) != stack::Verdict::kPass) {
      std::abort();
    }
  }

  QuietHost client_host_{0};
  QuietHost server_host_{1};
  Tcps client_{BenchConfig(), client_host_.services()};
  Tcps server_{BenchConfig(), server_host_.services()};
};

// One segment through both ends of a connection: encrypt, tag, verify, decrypt.
void ProtectOpen(benchmark::State& state) {
  Hosts hosts;
  hosts.Handshake(1, 1000);
  std::vector<std::byte> payload(static_cast<std::size_t>(state.range(0)));
  std::uint32_t offset = 0;
  for (auto _ : state) {
    hosts.Data(1, 1000, offset, payload);
    offset += static_cast<std::uint32_t>(payload.size());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(ProtectOpen)->Arg(64)->Arg(1400);

// The bound of ProtectOpen: ChaCha20 over the payload and for the one-time key, Poly1305 over the payload and the two
// blocks of framing, each once for either end.
void Primitives(benchmark::State& state) {
  crypto::ChaCha20Key encryption;
  crypto::ChaCha20Key mac;
  std::vector<std::byte> payload(static_cast<std::size_t>(state.range(0)));
  const std::size_t full = payload.size() / crypto::kPoly1305BlockSize * crypto::kPoly1305BlockSize;
  std::array<std::byte, crypto::kPoly1305BlockSize> block{};
  std::uint64_t position = 0;
  for (auto _ : state) {
    for (int end = 0; end < 2; ++end) {
      crypto::XorKeystream(encryption, position, payload);
      crypto::OneTimeKey key;
      crypto::Keystream(mac, position, key.mutable_bytes());
      crypto::StandardPoly1305 poly(key);
      poly.Block(block, false);
      poly.FullBlocks(std::span(payload).first(full));
      poly.Block(block, true);
      benchmark::DoNotOptimize(poly.Finish());
    }
    position += payload.size();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(Primitives)->Arg(64)->Arg(1400);

// A whole handshake on both ends.
void ConnectionSetUp(benchmark::State& state) {
  Hosts hosts;
  std::uint32_t isn = 0;
  for (auto _ : state) hosts.Handshake(1, isn += 1000);  // another initial sequence number: another connection
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ConnectionSetUp);

// The bound of ConnectionSetUp: each end makes a key pair and agrees once.
void X25519Bound(benchmark::State& state) {
  crypto::SeededRandom random(1);
  for (auto _ : state) {
    const crypto::KeyPair client = crypto::KeyPair::Generate(random);
    const crypto::KeyPair server = crypto::KeyPair::Generate(random);
    benchmark::DoNotOptimize(crypto::Agree(client.private_key, server.public_key));
    benchmark::DoNotOptimize(crypto::Agree(server.private_key, client.public_key));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(X25519Bound);

// Heap bytes that one established connection takes on one host, table and timers included, less its four session keys
// and the public key that it keeps for retransmissions.
void ConnectionMemory(benchmark::State& state) {
  constexpr std::uint32_t kConnections = 10000;
  constexpr double kKeyBytes = 5 * 32;
  double bytes = 0;
  for (auto _ : state) {
    auto hosts = std::make_unique<Hosts>();
    hosts->Handshake(0, 1000);
    const std::size_t before = live_bytes;
    for (std::uint32_t i = 1; i <= kConnections; ++i) hosts->Handshake(i, 1000);
    bytes = static_cast<double>(live_bytes - before) / (2 * kConnections) - kKeyBytes;
  }
  state.counters["bytes_per_connection"] = bytes;
}
BENCHMARK(ConnectionMemory);

// What one connection costs - handshake and one segment - with so many others in the table.
void ConnectionTable(benchmark::State& state) {
  Hosts hosts;
  const auto others = static_cast<std::uint32_t>(state.range(0));
  for (std::uint32_t i = 0; i < others; ++i) hosts.Handshake(i, 1000);
  std::array<std::byte, 64> payload{};
  std::uint32_t isn = 1000;
  std::uint32_t index = 0;
  for (auto _ : state) {
    isn += 1000;
    index = (index + 7919) % others;
    hosts.Handshake(index, isn);
    hosts.Data(index, isn, 0, payload);
  }
}
BENCHMARK(ConnectionTable)->Arg(10)->Arg(1000)->Arg(100000);

}  // namespace
}  // namespace tcpslab::tcps

BENCHMARK_MAIN();
