// What happens to one packet on its way through the host, without any system call: bytes, Shim, bytes.
//
// The parts of a host that a Shim needs and the kernel has not: a damaged or fragmented segment never reaches the Shim,
// no packet leaves longer than the path MTU, and our TCP is told an MSS that leaves room for what the Shim adds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <vector>

#include "reference/stack/instant.h"
#include "reference/stack/pair.h"
#include "reference/stack/shim.h"
#include "reference/wire/packet.h"

namespace tcpslab::linux_host {

// Sends whole IP packets that do not come back to the Shim.
class PacketSender {
 public:
  virtual ~PacketSender() = default;
  // Checksums included. False if the packet could not be sent.
  virtual bool Send(std::span<const std::byte> packet, const wire::Address& destination) = 0;
};

class PathMtu {
 public:
  virtual ~PathMtu() = default;
  // Bytes of the longest packet that reaches `address` whole.
  virtual std::size_t Towards(const wire::Address& address, stack::Instant now) = 0;
};

struct PathCounters {
  std::uint64_t accepted = 0;      // packets that went on as they were
  std::uint64_t changed = 0;       // packets that went on changed
  std::uint64_t dropped = 0;       // by the Shim
  std::uint64_t malformed = 0;     // dropped: no whole TCP segment
  std::uint64_t fragments = 0;     // dropped, or passed on where fragments pass
  std::uint64_t bad_checksum = 0;  // dropped on arrival
  std::uint64_t split = 0;         // segments that were cut in two or more, for the path MTU
  std::uint64_t too_long = 0;      // dropped: not even a byte of payload would fit the path MTU
  std::uint64_t emitted = 0;       // packets of our own
  std::uint64_t send_failed = 0;   // of these, and pieces of split segments
};

// Not thread-safe.
class PacketPath final : public stack::SegmentSink {
 public:
  struct Settings {
    // Fragments pass unseen, as the upstream module has it (spec tcps-wire.md, section 1); else they are dropped (R13).
    bool fragments_pass = false;
    // Whether the Shim edits or lengthens the segments of a flow. Others go on without a copy if they are unchanged.
    std::function<bool(const stack::FlowKey&)> is_protected;
  };
  enum class Fate : std::uint8_t { kAccept, kDrop, kReplace };

  // The references outlive this object. Give it a Shim before the first packet.
  PacketPath(Settings settings, PacketSender& sender, PathMtu& mtu);
  void SetShim(stack::Shim& shim) { shim_ = &shim; }

  // From the host's TCP, and from the network. The packet is edited in place. On kReplace, Compose writes the packet
  // that goes on in its place.
  Fate Outbound(std::span<std::byte> packet, stack::Instant now);
  Fate Inbound(std::span<std::byte> packet, stack::Instant now);
  // Call right after kReplace, while that packet's bytes are valid. Returns the size.
  std::size_t Compose(std::span<std::byte> room) const;
  // Runs the Shim's due timers.
  void Expire(stack::Instant now);

  // From the Shim.
  void ToNetwork(const stack::Segment& segment) override;
  // No protocol of this host makes segments for its own TCP, and netfilter has no door for them: it is an error.
  void ToHost(const stack::Segment& segment) override;

  [[nodiscard]] const PathCounters& counters() const { return counters_; }

 private:
  Fate Malformed(wire::Error error);
  bool HasProtectedPayload(const wire::Segment& segment) const;
  // `other_content`: the payload was enciphered or deciphered in place.
  Fate Judge(stack::Verdict verdict, const wire::Segment& before, bool other_content);
  Fate Split(std::size_t limit, stack::Instant now);
  void LeaveRoom(wire::Segment& syn, stack::Instant now);
  void SendEmitted();

  Settings settings_;
  PacketSender& sender_;
  PathMtu& mtu_;
  stack::Shim* shim_ = nullptr;
  wire::Packet packet_;  // the one on its way
  std::deque<stack::OwnedSegment> emitted_;
  std::vector<std::byte> scratch_;
  PathCounters counters_;
};

}  // namespace tcpslab::linux_host
