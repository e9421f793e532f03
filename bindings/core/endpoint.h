// A TCP/S host that a caller drives packet by packet under a clock of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/core/casters.h"
#include "reference/crypto/random.h"
#include "reference/stack/event.h"
#include "reference/stack/pair.h"
#include "reference/stack/services.h"
#include "reference/tcps/tcps.h"

namespace tcpslab::bindings {

// What a packet became, and what the protocol sent on its own: whole packets with checksums.
struct Passage {
  stack::Verdict verdict = stack::Verdict::kPass;
  std::optional<ByteVector> packet;  // as edited; nothing where it was dropped
  std::vector<ByteVector> to_network;
  std::vector<ByteVector> to_host;
};

class Endpoint {
 public:
  // Randomness is stream `stream` of `seed` (crypto::SeededRandom).
  Endpoint(const tcps::Config& config, std::uint64_t seed, std::uint64_t stream);
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  // `now` in nanoseconds, never less than in a call before (else ValueError); a packet that does not parse is a
  // WireError, and nothing happened. `reassembled`: the host put the packet together from fragments.
  Passage Outbound(std::span<const std::byte> packet, std::int64_t now);
  Passage Inbound(std::span<const std::byte> packet, std::int64_t now, bool reassembled);
  // Runs what is due. The verdict is kPass, and there is no packet.
  Passage Expire(std::int64_t now);

  tcps::Tcps& shim() { return shim_; }
  [[nodiscard]] const tcps::Tcps& shim() const { return shim_; }
  [[nodiscard]] const std::vector<stack::Event>& events() const { return records_.events; }
  [[nodiscard]] const std::vector<stack::StateChange>& state_changes() const { return records_.state_changes; }
  [[nodiscard]] const std::vector<std::string>& key_log() const { return records_.key_log; }
  // Forgets the three above.
  void ClearRecords();

 private:
  struct Records final : stack::EventSink, stack::KeyLog {
    void OnEvent(const stack::Event& event) override { events.push_back(event); }
    void OnStateChange(const stack::StateChange& change) override { state_changes.push_back(change); }
    void Line(std::string_view line) override { key_log.emplace_back(line); }
    std::vector<stack::Event> events;
    std::vector<stack::StateChange> state_changes;
    std::vector<std::string> key_log;
  };
  struct Emitted final : stack::SegmentSink {
    void ToNetwork(const stack::Segment& segment) override { to_network.emplace_back(segment); }
    void ToHost(const stack::Segment& segment) override { to_host.emplace_back(segment); }
    std::vector<stack::OwnedSegment> to_network;
    std::vector<stack::OwnedSegment> to_host;
  };
  using Call = stack::Verdict (tcps::Tcps::*)(stack::Segment&, stack::Instant);

  Passage Pass(Call call, std::span<const std::byte> bytes, std::int64_t now, bool reassembled);
  void MoveClock(std::int64_t now);
  void TakeEmitted(Passage& passage);

  crypto::SeededRandom random_;
  Records records_;
  Emitted emitted_;
  stack::Instant now_{};
  tcps::Tcps shim_;
};

}  // namespace tcpslab::bindings
