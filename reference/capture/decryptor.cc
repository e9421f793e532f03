#include "reference/capture/decryptor.h"

#include <algorithm>
#include <boost/endian/conversion.hpp>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "reference/tcps/options.h"

namespace tcpslab::capture {
namespace {

using wire::Segment;

// How many connections of a flow a segment is tried under, from the newest. A forged SYN begins a connection that never
// comes about, so the newest one is not always the living one.
constexpr std::size_t kConnectionsTried = 4;

// What the IP header gives as the packet's size; 0 if there is no telling.
std::size_t StatedSize(std::span<const std::byte> bytes) {
  const auto load16 = [&](std::size_t offset) {
    return boost::endian::load_big_u16(reinterpret_cast<const unsigned char*>(bytes.data() + offset));
  };
  if (bytes.empty()) return 0;
  const auto version = std::to_integer<unsigned>(bytes[0] >> 4);
  if (version == 4 && bytes.size() >= wire::kIpv4HeaderSize) return load16(2);
  if (version == 6 && bytes.size() >= wire::kIpv6HeaderSize) return wire::kIpv6HeaderSize + load16(4);
  return 0;
}

}  // namespace

Statistics& Statistics::operator+=(const Statistics& other) {
  packets += other.packets;
  tags_valid += other.tags_valid;
  tags_invalid += other.tags_invalid;
  tags_unverifiable += other.tags_unverifiable;
  tags_repeated += other.tags_repeated;
  identity_valid += other.identity_valid;
  identity_invalid += other.identity_invalid;
  identity_unverifiable += other.identity_unverifiable;
  identity_zero += other.identity_zero;
  unprotected += other.unprotected;
  truncated += other.truncated;
  decrypted_bytes += other.decrypted_bytes;
  return *this;
}

Decryptor::Decryptor(KeyLog key_log) : key_log_(std::move(key_log)) {}

PacketVerdict Decryptor::Process(std::span<std::byte> bytes) {
  const std::size_t stated = StatedSize(bytes);
  if (stated <= bytes.size()) return ProcessHeld(bytes, bytes.size());
  completed_.assign(stated, std::byte{0});
  std::ranges::copy(bytes, completed_.begin());
  const PacketVerdict verdict = ProcessHeld(completed_, bytes.size());
  std::ranges::copy(std::span(completed_).first(bytes.size()), bytes.begin());
  return verdict;
}

// `bytes` is a whole packet, of which the capture holds the first `held` bytes.
PacketVerdict Decryptor::ProcessHeld(std::span<std::byte> bytes, std::size_t held) {
  wire::Result<wire::Packet> packet = wire::ParsePacket(bytes);
  if (!packet) {
    const wire::Error error = packet.error();
    ++(error == wire::Error::kIpFragment                                   ? others_.fragments
       : error == wire::Error::kNotTcp || error == wire::Error::kIpVersion ? others_.not_tcp
                                                                           : others_.malformed);
    return PacketVerdict::kNotExamined;
  }
  const Segment& segment = packet->segment;
  const std::size_t ip_header = packet->ip_header.size();
  const std::size_t headers = ip_header + segment.HeaderSize();
  if (held < headers) {
    ++others_.truncated_header;
    return PacketVerdict::kNotExamined;
  }
  const PacketVerdict verdict = ProcessSegment(segment, std::min(held - headers, segment.payload.size()));
  const bool decrypted = verdict == PacketVerdict::kValid || verdict == PacketVerdict::kInvalid;
  if (decrypted && !segment.payload.empty()) {
    // Where the header was parsed it fits again.
    static_cast<void>(wire::EmitTcpHeader(segment, bytes.subspan(ip_header), wire::Checksum::kCompute));
  }
  return verdict;
}

PacketVerdict Decryptor::ProcessSegment(const Segment& segment, std::size_t held) {
  Flow& flow = flows_[stack::FlowKey(segment.source, segment.destination)];
  PacketVerdict verdict = PacketVerdict::kUntagged;
  if (segment.Has(wire::kSyn)) {
    Handshake(flow, segment);
  } else {
    if (flow.current == nullptr) Begin(flow, segment);
    const std::optional<crypto::Tag> tag = tcps::FindTm(segment.options);
    if (tag) verdict = ProcessTagged(flow, segment, *tag, held);
  }
  flow.current->Count(segment, key_log_);
  if (held < segment.payload.size()) flow.current->CountTruncated();
  return verdict;
}

PacketVerdict Decryptor::ProcessTagged(Flow& flow, const Segment& segment, const crypto::Tag& tag, std::size_t held) {
  const auto verify = [&](Connection* connection) {
    if (!connection->Verify(segment, tag)) return false;
    flow.current = flow.verified = connection;
    return true;
  };
  if (held == segment.payload.size()) {
    if (verify(flow.current)) return PacketVerdict::kValid;
    const auto newest = flow.Newest();
    const auto other = [&](Connection* connection) { return connection != flow.current && verify(connection); };
    if (std::any_of(newest.rbegin(), newest.rend(), other)) return PacketVerdict::kValid;
    if (flow.verified != nullptr && verify(flow.verified)) return PacketVerdict::kValid;
  }
  const bool judged = flow.current->DecryptUnverified(segment, tag, held);
  return judged ? PacketVerdict::kInvalid : PacketVerdict::kUnverifiable;
}

void Decryptor::Handshake(Flow& flow, const Segment& segment) {
  const bool syn = segment.IsSyn();
  const auto belongs = [&](const Connection* connection) {
    return syn ? connection->IsOpenedBy(segment) : connection->IsAnsweredBy(segment);
  };
  const auto newest = flow.Newest();
  const auto found = std::find_if(newest.rbegin(), newest.rend(), belongs);
  if (found != newest.rend()) {
    flow.current = *found;
  } else {
    Begin(flow, segment);
  }
  if (syn) {
    flow.current->Open(segment, key_log_);
  } else {
    flow.current->Answer(segment);
  }
}

void Decryptor::Begin(Flow& flow, const Segment& segment) {
  flow.connections.push_back(&connections_.emplace_back(segment.source, segment.destination));
  flow.current = flow.connections.back();
}

std::span<Connection* const> Decryptor::Flow::Newest() const {
  return std::span(connections).last(std::min(connections.size(), kConnectionsTried));
}

std::size_t Decryptor::FlowHash::operator()(const stack::FlowKey& key) const {
  const auto bytes = key.Bytes();
  return std::hash<std::string_view>{}({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::vector<const Connection*> Decryptor::Connections() const {
  std::vector<const Connection*> found;
  for (const Connection& connection : connections_) {
    if (connection.speaks_tcps()) found.push_back(&connection);
  }
  return found;
}

Statistics Decryptor::Totals() const {
  Statistics totals;
  for (const Connection* connection : Connections()) totals += connection->statistics();
  return totals;
}

OtherPackets Decryptor::Others() const {
  OtherPackets others = others_;
  for (const Connection& connection : connections_) {
    if (!connection.speaks_tcps()) others.plain_tcp += connection.statistics().packets;
  }
  return others;
}

}  // namespace tcpslab::capture
