// One path element on the bench: segments go in by hand, everything that comes out is recorded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "model/path/tcps-path-element.h"
#include "ns3/nstime.h"
#include "ns3/ptr.h"
#include "reference/stack/pair.h"
#include "reference/wire/segment.h"

namespace tcpslab::model_test {

inline constexpr auto kForward = ns3::TcpsPathElement::FORWARD;
inline constexpr auto kBackward = ns3::TcpsPathElement::BACKWARD;
inline constexpr std::uint8_t kSynAck = wire::kSyn | wire::kAck;

using Attributes = std::vector<std::pair<std::string, std::string>>;

// By TypeId and text, as scenario files make them.
ns3::Ptr<ns3::TcpsPathElement> Make(const std::string& type, const Attributes& attributes = {});

// The packet of a segment, checksums right.
ns3::TcpsPathPacket PacketOf(const wire::Segment& segment);

// A segment from 10.0.0.1:1 to 10.0.0.2:2 with an MSS, an option of kind 253 and ten bytes of payload; the sequence
// number tells packets apart.
ns3::TcpsPathPacket Numbered(std::uint32_t number, std::uint8_t flags = wire::kAck);

// A segment that travels: its ends follow from the direction and, with `ipv6`, the family.
stack::OwnedSegment Travelling(ns3::TcpsPathElement::Direction direction, std::uint8_t flags, std::uint32_t sequence,
                               std::uint32_t acknowledgement = 0, std::string_view payload = {}, bool ipv6 = false);

// Appends an option: kind, length and body.
void AddOption(wire::Segment& segment, std::uint8_t kind, std::initializer_list<std::uint8_t> body = {});

// An element with both outputs recorded. One at a time: it ends the simulation.
class Bench {
 public:
  struct Output {
    ns3::Time time;
    std::vector<std::uint8_t> bytes;
    ns3::TcpsPathElement::Direction direction;
    bool whole = false;           // a TCP segment; else something that is none, as a fragment
    stack::OwnedSegment segment;  // if whole
    bool checksum_valid = false;  // of the TCP checksum, if whole
    std::uint32_t number = 0;     // its sequence number
  };

  explicit Bench(ns3::Ptr<ns3::TcpsPathElement> element);
  ~Bench();
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  // Packets first..last, one a millisecond from the start of the simulation.
  void Send(std::uint32_t first, std::uint32_t last,
            ns3::TcpsPathElement::Direction direction = ns3::TcpsPathElement::FORWARD);
  // Now.
  void Receive(const ns3::TcpsPathPacket& packet,
               ns3::TcpsPathElement::Direction direction = ns3::TcpsPathElement::FORWARD);
  void Receive(const wire::Segment& segment, ns3::TcpsPathElement::Direction direction);
  // Runs everything that is scheduled; the sequence numbers of what came out.
  std::vector<std::uint32_t> Numbers();

  std::vector<Output> outputs;

 private:
  void Take(const ns3::TcpsPathPacket& packet, ns3::TcpsPathElement::Direction direction);
  ns3::Ptr<ns3::TcpsPathElement> element_;
};

// What came out last: one segment, all checksums right.
const wire::Segment& LastOf(const Bench& bench);

// An element of that type, as it is by default, lets pass untouched what is no whole TCP segment: UDP, and a fragment.
void CheckLeavesOthersAlone(const std::string& type);

}  // namespace tcpslab::model_test
