#include "bindings/core/packet.h"

#include <algorithm>
#include <array>
#include <utility>

#include "bindings/core/casters.h"
#include "bindings/core/errors.h"

namespace tcpslab::bindings {
namespace {

struct AddressPlaces {
  std::size_t source;
  std::size_t destination;
};

// RFC 791, section 3.1; RFC 8200, section 3.
constexpr AddressPlaces PlacesOf(wire::Family family) {
  return family == wire::Family::kIpv4 ? AddressPlaces{12, 16} : AddressPlaces{8, 24};
}

}  // namespace

OwnedPacket::OwnedPacket(stack::OwnedSegment segment) : segment_(std::move(segment)) {
  std::array<std::byte, wire::kIpv6HeaderSize> header{};
  ip_header_ = ToVector(ValueOrRaise(wire::MakeIpHeader(*segment_, header)));
}

OwnedPacket OwnedPacket::Parse(std::span<const std::byte> bytes) {
  std::vector<std::byte> copy = ToVector(bytes);
  const wire::Packet parsed = ValueOrRaise(wire::ParsePacket(copy));
  OwnedPacket packet;
  packet.ip_header_ = ToVector(parsed.ip_header);
  packet.segment_ = stack::OwnedSegment(parsed.segment);
  return packet;
}

void OwnedPacket::SetSource(const wire::Endpoint& source) {
  SetAddress(source.address, PlacesOf(segment_->source.address.family()).source);
  segment_->source = source;
}

void OwnedPacket::SetDestination(const wire::Endpoint& destination) {
  SetAddress(destination.address, PlacesOf(segment_->destination.address.family()).destination);
  segment_->destination = destination;
}

void OwnedPacket::SetAddress(const wire::Address& address, std::size_t place) {
  if (address.family() != segment_->source.address.family()) {
    throw py::value_error("the packet has an IP header of the other family");
  }
  std::ranges::copy(address.bytes(), ip_header_.begin() + static_cast<std::ptrdiff_t>(place));
}

std::vector<std::byte> OwnedPacket::Emit(wire::Checksum checksum) const {
  std::vector<std::byte> out(ip_header_.size() + segment_->HeaderSize() + segment_->payload.size());
  const wire::Packet packet{.ip_header = ip_header_, .segment = *segment_};
  out.resize(ValueOrRaise(wire::EmitPacket(packet, out, checksum)));
  return out;
}

bool ChecksumsValid(std::span<const std::byte> bytes) {
  std::vector<std::byte> copy = ToVector(bytes);
  const wire::Packet packet = ValueOrRaise(wire::ParsePacket(copy));
  const wire::Segment& segment = packet.segment;
  if (segment.source.address.family() == wire::Family::kIpv4 && wire::InternetChecksum(packet.ip_header) != 0) {
    return false;
  }
  const std::span<const std::byte> tcp =
      std::span<const std::byte>(copy).subspan(packet.ip_header.size(), segment.HeaderSize() + segment.payload.size());
  return wire::TcpChecksumValid(tcp, segment.source.address, segment.destination.address);
}

std::vector<std::byte> EmitSegment(const stack::OwnedSegment& segment) {
  return OwnedPacket(segment).Emit(wire::Checksum::kCompute);
}

}  // namespace tcpslab::bindings
