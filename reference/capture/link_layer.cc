#include "reference/capture/link_layer.h"

#include <pcap/dlt.h>

#include <algorithm>
#include <array>
#include <boost/endian/conversion.hpp>
#include <cstdint>

namespace tcpslab::capture {
namespace {

using Frame = std::span<std::byte>;

constexpr std::size_t kMacAddresses = 12;
constexpr std::size_t kEtherTypeSize = 2;
constexpr std::size_t kVlanTagBody = 2;  // priority and identifier, between the tag's type and the next type
constexpr std::size_t kSllProtocol = 14;
constexpr std::size_t kSll2Protocol = 0;
constexpr std::size_t kSll2HeaderSize = 20;
constexpr std::size_t kLoopbackFamilySize = 4;

constexpr std::uint16_t kEtherTypeIpv4 = 0x0800;
constexpr std::uint16_t kEtherTypeIpv6 = 0x86dd;
constexpr std::uint16_t kMaximumEthernetLength = 1500;  // a type field up to here is an IEEE 802.3 length
constexpr std::uint16_t kPppIpv4 = 0x0021;
constexpr std::uint16_t kPppIpv6 = 0x0057;

std::uint16_t Load16(Frame bytes, std::size_t offset) {
  return boost::endian::load_big_u16(reinterpret_cast<const unsigned char*>(bytes.data() + offset));
}

Frame Behind(Frame frame, std::size_t offset) { return frame.size() > offset ? frame.subspan(offset) : Frame{}; }

bool IsVlanTag(std::uint16_t type) { return type == 0x8100 || type == 0x88a8 || type == 0x9100; }

// `rest` starts with what `type` announces.
Frame BehindEtherType(std::uint16_t type, Frame rest) {
  while (IsVlanTag(type)) {
    if (rest.size() < kVlanTagBody + kEtherTypeSize) return {};
    type = Load16(rest, kVlanTagBody);
    rest = rest.subspan(kVlanTagBody + kEtherTypeSize);
  }
  if (type <= kMaximumEthernetLength) {
    constexpr std::array kSnap = {std::byte{0xaa}, std::byte{0xaa}, std::byte{0x03},
                                  std::byte{0},    std::byte{0},    std::byte{0}};
    if (rest.size() < kSnap.size() + kEtherTypeSize || !std::ranges::equal(rest.first(kSnap.size()), kSnap)) return {};
    type = Load16(rest, kSnap.size());
    rest = rest.subspan(kSnap.size() + kEtherTypeSize);
  }
  return type == kEtherTypeIpv4 || type == kEtherTypeIpv6 ? rest : Frame{};
}

// An EtherType at `offset`, the packet at `payload`.
Frame FindByEtherType(Frame frame, std::size_t offset, std::size_t payload) {
  if (frame.size() < payload) return {};
  return BehindEtherType(Load16(frame, offset), frame.subspan(payload));
}

// RFC 1661 and 1662: address and control field may be absent (as in ns-3), the protocol field compressed to one byte.
Frame FindInPpp(Frame frame) {
  if (frame.size() >= 2 && Load16(frame, 0) == 0xff03) frame = frame.subspan(2);
  if (frame.size() < 2) return {};
  const bool compressed = (std::to_integer<unsigned>(frame[0]) & 1U) != 0;
  const std::uint16_t protocol = compressed ? std::to_integer<std::uint16_t>(frame[0]) : Load16(frame, 0);
  return protocol == kPppIpv4 || protocol == kPppIpv6 ? Behind(frame, compressed ? 1 : 2) : Frame{};
}

}  // namespace

bool IsSupportedLinkType(int link_type) {
  static constexpr std::array kSupported = {DLT_EN10MB, DLT_PPP,  DLT_PPP_SERIAL, DLT_LINUX_SLL, DLT_LINUX_SLL2,
                                            DLT_RAW,    DLT_IPV4, DLT_IPV6,       DLT_NULL,      DLT_LOOP};
  return std::ranges::find(kSupported, link_type) != kSupported.end();
}

std::span<std::byte> FindIpPacket(int link_type, std::span<std::byte> frame) {
  switch (link_type) {
    case DLT_EN10MB:
      return FindByEtherType(frame, kMacAddresses, kMacAddresses + kEtherTypeSize);
    case DLT_LINUX_SLL:
      return FindByEtherType(frame, kSllProtocol, kSllProtocol + kEtherTypeSize);
    case DLT_LINUX_SLL2:
      return FindByEtherType(frame, kSll2Protocol, kSll2HeaderSize);
    case DLT_PPP:
    case DLT_PPP_SERIAL:
      return FindInPpp(frame);
    case DLT_NULL:
    case DLT_LOOP:
      // The family's number and byte order are the capturing system's; the version field of what follows says the same.
      return Behind(frame, kLoopbackFamilySize);
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
      return frame;
    default:
      return {};
  }
}

}  // namespace tcpslab::capture
