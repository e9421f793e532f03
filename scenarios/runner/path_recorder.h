// Watches what the path does, in ns-3: counts what each element did, and tells the time line of it and of what enters
// each link.
#pragma once

#include <ns3/net-device.h>
#include <ns3/packet.h>
#include <ns3/ptr.h>
#include <ns3/tcps-path-element.h>

#include <cstddef>
#include <span>
#include <vector>

#include "scenarios/runner/observation.h"
#include "scenarios/runner/timeline.h"
#include "scenarios/runner/topology.h"

namespace tcpslab::scenarios {

class PathRecorder {
 public:
  // `timeline`: null if nobody wants one. Both arguments must outlive the simulation.
  PathRecorder(const Topology& topology, Timeline* timeline);
  PathRecorder(const PathRecorder&) = delete;
  PathRecorder& operator=(const PathRecorder&) = delete;

  // In path order.
  [[nodiscard]] const std::vector<ElementObservation>& elements() const { return elements_; }

 private:
  void WatchElement(std::size_t index, const ns3::Ptr<ns3::TcpsPathElement>& element);
  void OnAction(std::size_t index, PathAction action, const ns3::Ptr<const ns3::Packet>& packet,
                ns3::TcpsPathElement::Direction direction);
  void WatchLink(std::size_t link, HostName sender, const ns3::Ptr<ns3::NetDevice>& device);
  std::span<const std::byte> BytesOf(const ns3::Ptr<const ns3::Packet>& packet);

  Timeline* timeline_;
  std::vector<ElementObservation> elements_;
  std::vector<std::byte> buffer_;
};

}  // namespace tcpslab::scenarios
