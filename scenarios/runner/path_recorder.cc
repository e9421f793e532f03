#include "scenarios/runner/path_recorder.h"

#include <ns3/callback.h>

#include <array>
#include <string>
#include <utility>

#include "scenarios/runner/link_tap.h"
#include "scenarios/runner/ns3_units.h"

namespace tcpslab::scenarios {

PathRecorder::PathRecorder(const PathTopology& path, const std::vector<ConnectionPlan>& plans, Timeline* timeline,
                           std::function<void()> on_read)
    : plans_(plans), timeline_(timeline), on_read_(std::move(on_read)), elements_(path.elements.size()) {
  for (std::size_t i = 0; i < path.elements.size(); ++i) {
    WatchElement(i, path.elements[i]);
    WatchReader(path.elements[i]);
  }
  for (std::size_t link = 0; timeline_ != nullptr && link < path.client_ends.size(); ++link) {
    WatchLink(link, HostName::kClient, path.client_ends[link]);
    WatchLink(link, HostName::kServer, path.server_ends[link]);
  }
}

void PathRecorder::WatchElement(std::size_t index, const ns3::Ptr<ns3::TcpsPathElement>& element) {
  using PathDirection = ns3::TcpsPathElement::Direction;
  static constexpr std::array<std::pair<const char*, PathAction>, kPathActions> kSources = {
      {{"Drop", PathAction::kDrop},
       {"Modify", PathAction::kModify},
       {"Delay", PathAction::kDelay},
       {"Inject", PathAction::kInject}}};
  for (const auto& [source, action] : kSources) {
    element->TraceConnectWithoutContext(
        source, ns3::Callback<void, ns3::Ptr<const ns3::Packet>, PathDirection>(
                    [this, index, action = action](const ns3::Ptr<const ns3::Packet>& packet, PathDirection direction) {
                      OnAction(index, action, packet, direction);
                    }));
  }
  element->TraceConnectWithoutContext("Achieved",
                                      ns3::Callback<void, const std::string&>([this, index](const std::string& what) {
                                        elements_[index].did = Deed{SimulationTime(), what};
                                        if (timeline_ != nullptr) {
                                          timeline_->OnAchieved(index, what, SimulationTime());
                                        }
                                      }));
}

void PathRecorder::OnAction(std::size_t index, PathAction action, const ns3::Ptr<const ns3::Packet>& packet,
                            ns3::TcpsPathElement::Direction direction) {
  const HostName sender = direction == ns3::TcpsPathElement::FORWARD ? HostName::kClient : HostName::kServer;
  ++elements_[index].actions[static_cast<std::size_t>(action)][static_cast<std::size_t>(sender)];
  if (timeline_ != nullptr) {
    timeline_->OnAction(index, action, sender, BytesOf(packet), SimulationTime());
  }
}

void PathRecorder::WatchLink(std::size_t link, HostName sender, const ns3::Ptr<ns3::NetDevice>& device) {
  device->TraceConnectWithoutContext(
      "PhyTxBegin",
      ns3::Callback<void, ns3::Ptr<const ns3::Packet>>([this, link, sender](const ns3::Ptr<const ns3::Packet>& packet) {
        const std::span<const std::byte> frame = BytesOf(packet);
        timeline_->OnTransmit(link, sender, frame.subspan(LinkTap::kPppHeader), SimulationTime());
      }));
}

// Who reads what it should not shows what it read; the other goals show at the hosts or on the wire.
void PathRecorder::WatchReader(const ns3::Ptr<ns3::TcpsPathElement>& element) {
  if (element->GetGoal() == ns3::TcpsPathElement::GOAL_READ) {
    element->TraceConnectWithoutContext(
        "Read", ns3::Callback<void, const std::vector<std::uint8_t>&>([this](const std::vector<std::uint8_t>& bytes) {
          if (IsApplicationData(std::as_bytes(std::span(bytes)))) {
            on_read_();
          }
        }));
  }
}

bool PathRecorder::IsApplicationData(std::span<const std::byte> bytes) {
  if (!read_index_) {
    std::vector<const Pattern*> patterns;
    for (const ConnectionPlan& plan : plans_) {
      patterns.insert(patterns.end(), {&plan.request, &plan.response});
    }
    read_index_.emplace(std::move(patterns));
  }
  return read_index_->FoundIn(bytes);
}

std::span<const std::byte> PathRecorder::BytesOf(const ns3::Ptr<const ns3::Packet>& packet) {
  buffer_.resize(packet->GetSize());
  packet->CopyData(reinterpret_cast<std::uint8_t*>(buffer_.data()), packet->GetSize());
  return buffer_;
}

}  // namespace tcpslab::scenarios
