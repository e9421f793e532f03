// Turns the packets of a capture from ciphertext into plaintext, one after the other, and keeps count.
//
//   Decryptor decryptor(*KeyLog::Parse(text));
//   for (each packet) decryptor.Process(ip_packet);   // edited in place
//   decryptor.Totals()
//
// Sans I/O. Packets come in the order in which they were captured; a connection whose SYN comes after its data, or not
// at all, cannot be opened. Memory grows with the number of connections, not of packets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <unordered_map>
#include <vector>

#include "reference/capture/connection.h"
#include "reference/capture/key_log.h"
#include "reference/capture/statistics.h"
#include "reference/stack/flow.h"
#include "reference/wire/packet.h"

namespace tcpslab::capture {

enum class PacketVerdict : std::uint8_t {
  kNotExamined,   // not TCP, a fragment, malformed, or cut off within its headers
  kUntagged,      // TCP without TM (a SYN's is ignored)
  kValid,         // tag valid, payload decrypted
  kInvalid,       // tag invalid
  kUnverifiable,  // tagged, but there are no keys, or the segment is cut off
};

class Decryptor {
 public:
  explicit Decryptor(KeyLog key_log);

  // `bytes` is what the capture holds of one IP packet, link-layer padding included; the packet may be cut off. Where
  // keys are known the payload is decrypted in place, valid tag or not, and the TCP checksum computed anew (not if the
  // packet is cut off). Everything else stays: headers, options, lengths, and packets that were never encrypted.
  PacketVerdict Process(std::span<std::byte> bytes);

  // Those that showed an option of TCP/S, in order of their first packet. Valid until Process is called again.
  [[nodiscard]] std::vector<const Connection*> Connections() const;
  // Sum over Connections.
  [[nodiscard]] Statistics Totals() const;
  [[nodiscard]] OtherPackets Others() const;

 private:
  // The connections that one 4-tuple carried one after the other.
  struct Flow {
    std::vector<Connection*> connections;  // newest last
    Connection* current = nullptr;         // to which untagged segments belong
    Connection* verified = nullptr;        // of the last valid tag
    // Those that a segment is tried under, newest last.
    [[nodiscard]] std::span<Connection* const> Newest() const;
  };
  struct FlowHash {
    std::size_t operator()(const stack::FlowKey& key) const;
  };

  PacketVerdict ProcessHeld(std::span<std::byte> bytes, std::size_t held);
  // Of the payload the capture holds the first `held` bytes.
  PacketVerdict ProcessSegment(const wire::Segment& segment, std::size_t held);
  PacketVerdict ProcessTagged(Flow& flow, const wire::Segment& segment, const crypto::Tag& tag, std::size_t held);
  // Makes the connection that a SYN or SYN-ACK belongs to, or a new one, the flow's current one.
  void Handshake(Flow& flow, const wire::Segment& segment);
  void Begin(Flow& flow, const wire::Segment& segment);

  KeyLog key_log_;
  std::deque<Connection> connections_;
  std::unordered_map<stack::FlowKey, Flow, FlowHash> flows_;
  OtherPackets others_;
  std::vector<std::byte> completed_;  // a packet that the capture cut off, filled up with zeros
};

}  // namespace tcpslab::capture
