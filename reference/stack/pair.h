// Two hosts in one process, each carrying a Shim, joined by a wire: the smallest place to run a protocol.
//
// There is no TCP here: the caller plays both, segment by segment, and sees what crossed the wire and what arrived.
//
//   Pair pair(make_client_shim, make_server_shim);
//   auto arrived = pair.Send(Side::kClient, syn);   // what the server's TCP got
//   pair.Advance(200ms);                             // runs due timers
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reference/stack/event.h"
#include "reference/stack/instant.h"
#include "reference/stack/services.h"
#include "reference/stack/shim.h"

namespace tcpslab::stack {

// A segment that owns its payload.
class OwnedSegment {
 public:
  OwnedSegment() = default;
  explicit OwnedSegment(const Segment& segment);
  OwnedSegment(const OwnedSegment& other) : OwnedSegment(other.header_) {}
  OwnedSegment& operator=(const OwnedSegment& other);
  OwnedSegment(OwnedSegment&&) = default;
  OwnedSegment& operator=(OwnedSegment&&) = default;
  ~OwnedSegment() = default;

  Segment& operator*() { return header_; }
  const Segment& operator*() const { return header_; }
  Segment* operator->() { return &header_; }
  const Segment* operator->() const { return &header_; }
  void SetPayload(std::span<const std::byte> bytes);
  void SetPayload(std::string_view text);
  [[nodiscard]] std::string PayloadText() const;

 private:
  Segment header_;
  std::vector<std::byte> payload_;  // what header_.payload points to
};

enum class Side : std::uint8_t { kClient, kServer };
constexpr Side Opposite(Side side) { return side == Side::kClient ? Side::kServer : Side::kClient; }

class Pair {
 public:
  using MakeShim = std::function<std::unique_ptr<Shim>(const Services&)>;
  // Sees, and may edit, what `from` put on the wire; false loses it.
  using Path = std::function<bool(Side from, OwnedSegment& segment)>;

  // Randomness of both hosts comes from `seed`. Without a maker a host has no Shim.
  Pair(const MakeShim& client, const MakeShim& server, std::uint64_t seed = 1);
  ~Pair();

  // A segment of `from`'s TCP: through its shim, over the path, through the other's shim. Returns what reached the
  // other TCP, in order.
  std::vector<OwnedSegment> Send(Side from, const OwnedSegment& segment);
  // A segment that appears on the wire before `to`, as an attacker would put it there.
  std::vector<OwnedSegment> Inject(Side to, const OwnedSegment& segment);
  // Moves the clock, running due timers of both hosts in order of time. Returns what reached either TCP.
  std::vector<OwnedSegment> Advance(Duration duration);

  void SetPath(Path path) { path_ = std::move(path); }
  // Replaces a host's shim by a new one, as a restart does.
  void Restart(Side side, const MakeShim& make);

  [[nodiscard]] Instant now() const { return now_; }
  [[nodiscard]] Shim* shim(Side side);
  // Everything that was put on the wire, lost or not.
  [[nodiscard]] const std::vector<std::pair<Side, OwnedSegment>>& wire() const { return wire_; }
  [[nodiscard]] const std::vector<Event>& events(Side side) const;
  [[nodiscard]] std::size_t Count(Side side, EventKind kind) const;
  [[nodiscard]] const std::vector<std::string>& key_log() const { return key_log_; }

 private:
  struct Host;
  struct KeyLogLines;

  Host& host(Side side);
  const Host& host(Side side) const;
  void Transmit(Side from, const OwnedSegment& segment, std::vector<OwnedSegment>& arrived);
  void Receive(Side to, OwnedSegment segment, std::vector<OwnedSegment>& arrived);
  void Flush(Side side, std::vector<OwnedSegment>& arrived);

  Instant now_{};
  Path path_;
  std::vector<std::pair<Side, OwnedSegment>> wire_;
  std::vector<std::string> key_log_;
  std::unique_ptr<KeyLogLines> key_log_sink_;
  std::unique_ptr<Host> client_;
  std::unique_ptr<Host> server_;
};

}  // namespace tcpslab::stack
