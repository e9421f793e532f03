// A whole IP packet with TCP that owns its bytes, as Python holds one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "reference/stack/pair.h"
#include "reference/wire/packet.h"

namespace tcpslab::bindings {

// All errors are Python exceptions: tcpslab.errors.WireError.
class OwnedPacket {
 public:
  // With a minimal IP header (wire::MakeIpHeader).
  explicit OwnedPacket(stack::OwnedSegment segment);
  static OwnedPacket Parse(std::span<const std::byte> bytes);

  [[nodiscard]] const std::vector<std::byte>& ip_header() const { return ip_header_; }
  stack::OwnedSegment& segment() { return segment_; }
  [[nodiscard]] const stack::OwnedSegment& segment() const { return segment_; }
  // Header and segment have the same addresses, of one family (else a ValueError, and nothing changed).
  void SetSource(const wire::Endpoint& source);
  void SetDestination(const wire::Endpoint& destination);

  [[nodiscard]] std::vector<std::byte> Emit(wire::Checksum checksum) const;

 private:
  OwnedPacket() = default;
  // `place` is the offset of the address in the IP header.
  void SetAddress(const wire::Address& address, std::size_t place);

  std::vector<std::byte> ip_header_;
  stack::OwnedSegment segment_;
};

// Whether the IPv4 header checksum (IPv6 has none) and the TCP checksum of the packet at the start of `bytes` are
// right.
bool ChecksumsValid(std::span<const std::byte> bytes);

// What a shim sent on its own, with a minimal IP header.
std::vector<std::byte> EmitSegment(const stack::OwnedSegment& segment);

}  // namespace tcpslab::bindings
