// Watches what the path does, in ns-3: counts what each element did, tells the time line of it and of what enters each
// link, and says when an element read what it should not.
#pragma once

#include <ns3/net-device.h>
#include <ns3/packet.h>
#include <ns3/ptr.h>
#include <ns3/tcps-path-element.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "scenarios/runner/clear_text.h"
#include "scenarios/runner/connection_plan.h"
#include "scenarios/runner/observation.h"
#include "scenarios/runner/path_topology.h"
#include "scenarios/runner/timeline.h"

namespace tcpslab::scenarios {

class PathRecorder {
 public:
  // `timeline`: null if nobody wants one. `on_read`: called when an element with the goal to read shows application
  // data of one of the plans. All arguments must outlive the simulation.
  PathRecorder(const PathTopology& path, const std::vector<ConnectionPlan>& plans, Timeline* timeline,
               std::function<void()> on_read);
  PathRecorder(const PathRecorder&) = delete;
  PathRecorder& operator=(const PathRecorder&) = delete;

  // In path order.
  [[nodiscard]] const std::vector<ElementObservation>& elements() const { return elements_; }

 private:
  void WatchElement(std::size_t index, const ns3::Ptr<ns3::TcpsPathElement>& element);
  void OnAction(std::size_t index, PathAction action, const ns3::Ptr<const ns3::Packet>& packet,
                ns3::TcpsPathElement::Direction direction);
  void WatchLink(std::size_t link, HostName sender, const ns3::Ptr<ns3::NetDevice>& device);
  void WatchReader(const ns3::Ptr<ns3::TcpsPathElement>& element);
  bool IsApplicationData(std::span<const std::byte> bytes);
  std::span<const std::byte> BytesOf(const ns3::Ptr<const ns3::Packet>& packet);

  const std::vector<ConnectionPlan>& plans_;
  Timeline* timeline_;
  std::function<void()> on_read_;
  std::optional<ClearTextIndex> read_index_;  // of all patterns
  std::vector<ElementObservation> elements_;
  std::vector<std::byte> buffer_;
};

}  // namespace tcpslab::scenarios
