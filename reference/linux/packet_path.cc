#include "reference/linux/packet_path.h"

#include <algorithm>
#include <array>
#include <boost/endian/conversion.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

#include "reference/stack/split.h"

namespace tcpslab::linux_host {
namespace {

using stack::Verdict;

constexpr std::size_t kMssOptionSize = 4;
constexpr std::size_t kLongestPacket = 65535;

std::size_t IpHeaderSize(const wire::Packet& packet) { return packet.ip_header.size(); }

// The TCP header on, as it was queued.
std::span<const std::byte> TcpBytes(const wire::Packet& packet, std::span<const std::byte> bytes) {
  const std::size_t ip = IpHeaderSize(packet);
  return bytes.subspan(ip, packet.segment.HeaderSize() + packet.segment.payload.size());
}

bool SameButForContent(const wire::Segment& a, const wire::Segment& b) {
  return a.sequence == b.sequence && a.acknowledgement == b.acknowledgement && a.flags == b.flags &&
         a.reserved_bits == b.reserved_bits && a.window == b.window && a.urgent_pointer == b.urgent_pointer &&
         a.options == b.options && a.payload.data() == b.payload.data() && a.payload.size() == b.payload.size();
}

// Lowers every MSS that is above `limit`; true if there was one.
bool LowerMss(wire::OptionArea& options, std::size_t limit) {
  std::array<std::byte, wire::kMaximumOptionBytes> bytes{};
  std::ranges::copy(options.bytes(), bytes.begin());
  bool lowered = false;
  for (const wire::OptionView option : options) {
    if (option.kind() != wire::kMaximumSegmentSize || option.bytes().size() != kMssOptionSize) continue;
    auto* value = reinterpret_cast<unsigned char*>(&bytes[option.offset() + 2]);
    if (boost::endian::load_big_u16(value) <= limit) continue;
    boost::endian::store_big_u16(value, static_cast<std::uint16_t>(limit));
    lowered = true;
  }
  if (lowered) options = *wire::OptionArea::FromBytes(std::span(bytes).first(options.size()));
  return lowered;
}

}  // namespace

PacketPath::PacketPath(Settings settings, PacketSender& sender, PathMtu& mtu)
    : settings_(std::move(settings)), sender_(sender), mtu_(mtu), scratch_(kLongestPacket) {}

PacketPath::Fate PacketPath::Outbound(std::span<std::byte> bytes, stack::Instant now) {
  const wire::Result<wire::Packet> parsed = wire::ParsePacket(bytes);
  if (!parsed) return Malformed(parsed.error());
  packet_ = *parsed;
  wire::Segment& segment = packet_.segment;
  const bool seals = HasProtectedPayload(segment);
  // Our TCP counts on the whole path MTU, and the Shim lengthens what it protects.
  if (seals && !segment.Has(wire::kSyn)) {
    const std::size_t mtu = mtu_.Towards(segment.destination.address, now);
    const std::size_t headers = IpHeaderSize(packet_) + segment.HeaderSize() + shim_->Overhead();
    if (headers + segment.payload.size() > mtu) return Split(mtu > headers ? mtu - headers : 0, now);
  }
  const wire::Segment before = segment;
  const Verdict verdict = shim_->Outbound(segment, now);
  SendEmitted();
  return Judge(verdict, before, seals);
}

PacketPath::Fate PacketPath::Inbound(std::span<std::byte> bytes, stack::Instant now) {
  const wire::Result<wire::Packet> parsed = wire::ParsePacket(bytes);
  if (!parsed) return Malformed(parsed.error());
  packet_ = *parsed;
  wire::Segment& segment = packet_.segment;
  if (!wire::TcpChecksumValid(TcpBytes(packet_, bytes), segment.source.address, segment.destination.address)) {
    ++counters_.bad_checksum;
    return Fate::kDrop;
  }
  const wire::Segment before = segment;
  const bool opens = HasProtectedPayload(segment);  // asked first: a second FIN may be the end of the protection
  const Verdict verdict = shim_->Inbound(segment, now);
  SendEmitted();
  if (verdict == Verdict::kPass && segment.Has(wire::kSyn)) LeaveRoom(segment, now);
  return Judge(verdict, before, opens);
}

PacketPath::Fate PacketPath::Malformed(wire::Error error) {
  if (error != wire::Error::kIpFragment) {
    ++counters_.malformed;
    return Fate::kDrop;
  }
  ++counters_.fragments;
  return settings_.fragments_pass ? Fate::kAccept : Fate::kDrop;
}

bool PacketPath::HasProtectedPayload(const wire::Segment& segment) const {
  return !segment.payload.empty() && settings_.is_protected({segment.source, segment.destination});
}

PacketPath::Fate PacketPath::Judge(Verdict verdict, const wire::Segment& before, bool other_content) {
  if (verdict == Verdict::kDrop) {
    ++counters_.dropped;
    return Fate::kDrop;
  }
  if (!other_content && SameButForContent(packet_.segment, before)) {
    ++counters_.accepted;
    return Fate::kAccept;
  }
  ++counters_.changed;
  return Fate::kReplace;
}

std::size_t PacketPath::Compose(std::span<std::byte> room) const {
  const wire::Result<std::size_t> size = wire::EmitPacket(packet_, room, wire::Checksum::kCompute);
  if (!size) throw std::logic_error("a packet outgrew the longest that IP has");
  return *size;
}

// The kernel would have to fragment, or to refuse: the last piece goes on in the packet's place, the others before it.
PacketPath::Fate PacketPath::Split(std::size_t limit, stack::Instant now) {
  if (limit == 0) {
    ++counters_.too_long;
    return Fate::kDrop;
  }
  ++counters_.split;
  const wire::Segment whole = packet_.segment;
  const std::vector<stack::Piece> pieces = stack::Split(whole, whole.payload.size(), limit);
  Fate fate = Fate::kDrop;
  for (const stack::Piece& piece : pieces) {
    packet_.segment = piece.segment;
    packet_.segment.payload = whole.payload.subspan(piece.offset, piece.size);
    const Verdict verdict = shim_->Outbound(packet_.segment, now);
    SendEmitted();
    fate = verdict == Verdict::kPass ? Fate::kReplace : Fate::kDrop;
    ++(verdict == Verdict::kPass ? counters_.changed : counters_.dropped);
    if (&piece != &pieces.back() && fate == Fate::kReplace &&
        !sender_.Send(std::span(scratch_).first(Compose(scratch_)), whole.destination.address)) {
      ++counters_.send_failed;
    }
  }
  return fate;
}

// What the peer announced may be more than our own link carries once the Shim has lengthened it.
void PacketPath::LeaveRoom(wire::Segment& syn, stack::Instant now) {
  if (!settings_.is_protected({syn.source, syn.destination})) return;
  const std::size_t mtu = mtu_.Towards(syn.source.address, now);
  const std::size_t headers =
      (syn.source.address.family() == wire::Family::kIpv4 ? wire::kIpv4HeaderSize : wire::kIpv6HeaderSize) +
      wire::kTcpHeaderSize + shim_->Overhead();
  if (mtu > headers) LowerMss(syn.options, mtu - headers);
}

void PacketPath::Expire(stack::Instant now) {
  shim_->Expire(now);
  SendEmitted();
}

void PacketPath::ToNetwork(const stack::Segment& segment) { emitted_.emplace_back(segment); }

void PacketPath::ToHost(const stack::Segment&) {
  throw std::logic_error("no segment can be handed to the kernel's TCP from here");
}

void PacketPath::SendEmitted() {
  while (!emitted_.empty()) {
    const stack::OwnedSegment segment = std::move(emitted_.front());
    emitted_.pop_front();
    std::array<std::byte, wire::kIpv6HeaderSize> header;
    const wire::Packet packet{.ip_header = *wire::MakeIpHeader(*segment, header), .segment = *segment};
    const wire::Result<std::size_t> size = wire::EmitPacket(packet, scratch_, wire::Checksum::kCompute);
    ++counters_.emitted;
    if (!size || !sender_.Send(std::span(scratch_).first(*size), segment->destination.address)) {
      ++counters_.send_failed;
    }
  }
}

}  // namespace tcpslab::linux_host
