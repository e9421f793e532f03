// The Shim seam: a protocol as a bump in the stack between a host's TCP and its IP layer.
//
// A host hands every TCP segment that leaves or enters it to the Shim, delivers what the Shim emits through its
// SegmentSink, and calls Expire when NextDeadline has come. A Shim is not thread-safe: one host calls it from one
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "reference/stack/instant.h"
#include "reference/wire/segment.h"

namespace tcpslab::stack {

using wire::Segment;

enum class Verdict : std::uint8_t { kPass, kDrop };
std::string_view ToString(Verdict verdict);

// Where a Shim's own segments go. Both calls copy the segment and deliver it after the Shim call in progress returned,
// in order; what is emitted inside Outbound leaves before the segment itself. Emitted segments never pass the Shim
// again.
class SegmentSink {
 public:
  virtual ~SegmentSink() = default;
  virtual void ToNetwork(const Segment& segment) = 0;
  virtual void ToHost(const Segment& segment) = 0;
};

class Shim {
 public:
  virtual ~Shim() = default;

  // A segment from the host's TCP to the network, and the reverse. The Shim may edit the segment and its payload in
  // place; on kPass the host forwards the result, on kDrop it forgets the segment and sends nothing instead. Spans are
  // valid during the call only.
  virtual Verdict Outbound(Segment& segment, Instant now) = 0;
  virtual Verdict Inbound(Segment& segment, Instant now) = 0;

  // When Expire must be called at the latest; kNever if nothing is due. May change with every call.
  [[nodiscard]] virtual Instant NextDeadline() const = 0;
  virtual void Expire(Instant now) = 0;

  // Bytes by which Outbound may lengthen a segment that carries data.
  [[nodiscard]] virtual std::size_t Overhead() const = 0;
};

}  // namespace tcpslab::stack
