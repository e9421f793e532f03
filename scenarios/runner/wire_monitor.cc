#include "scenarios/runner/wire_monitor.h"

#include "reference/wire/packet.h"
#include "reference/wire/sequence.h"

namespace tcpslab::scenarios {

WireMonitor::WireMonitor(const std::vector<ConnectionPlan>& plans, std::size_t links)
    : plans_(plans), link_of_host_({0, links - 1}), states_(plans.size()) {}

void WireMonitor::OnPacket(std::size_t link, HostName sender, std::span<const std::byte> packet, stack::Duration now) {
  buffer_.assign(packet.begin(), packet.end());
  const wire::Result<wire::Packet> parsed = wire::ParsePacket(buffer_);
  if (!parsed) {
    if (parsed.error() == wire::Error::kIpFragment) {
      SearchFragment(packet, now);
    }
    return;
  }
  const wire::Segment& segment = parsed->segment;
  std::size_t connection = IndexOfPort(segment.destination.port, plans_.size());
  Way way = Way::kRequest;
  if (connection == plans_.size()) {
    connection = IndexOfPort(segment.source.port, plans_.size());
    way = Way::kResponse;
  }
  if (connection == plans_.size()) {
    return;
  }
  if (link == link_of_host_[static_cast<std::size_t>(HostName::kClient)]) {
    states_[connection].observation.bytes += packet.size();
  }
  OnSegment(connection, way, link, sender, segment, now);
}

void WireMonitor::OnSegment(std::size_t connection, Way way, std::size_t link, HostName sender,
                            const wire::Segment& segment, stack::Duration now) {
  State& state = states_[connection];
  Stream& stream = state.streams[{link, way}];
  if (segment.Has(wire::kSyn)) {
    stream.initial_sequence = segment.sequence;
  }
  if (const std::uint32_t length = segment.SequenceLength(); length != 0) {
    const bool seen = stream.next_sequence && wire::SequenceBefore(segment.sequence, *stream.next_sequence);
    if (seen && link == link_of_host_[static_cast<std::size_t>(sender)]) {
      ++state.observation.retransmits;
    }
    const std::uint32_t end = segment.sequence + length;
    if (!stream.next_sequence || wire::SequenceBefore(*stream.next_sequence, end)) {
      stream.next_sequence = end;
    }
  }
  if (segment.payload.empty()) {
    return;
  }
  if (!state.observation.crossed) {
    state.observation.crossed = now;
  }
  if (state.observation.clear) {
    return;
  }
  if (!stream.search) {
    const ConnectionPlan& plan = plans_[connection];
    stream.search.emplace(IndexOf(connection), way == Way::kRequest ? plan.request : plan.response);
  }
  const std::uint32_t first = segment.sequence + (segment.Has(wire::kSyn) ? 1 : 0);
  const std::uint32_t offset = first - (stream.initial_sequence ? *stream.initial_sequence + 1 : 0);
  if (stream.search->Found(offset, segment.payload)) {
    state.observation.clear = now;
    Release(connection);
  }
}

// A fragment may have no ports: it is held against every connection that has begun.
void WireMonitor::SearchFragment(std::span<const std::byte> packet, stack::Duration now) {
  for (std::size_t i = 0; i < states_.size(); ++i) {
    WireObservation& observation = states_[i].observation;
    if (!states_[i].streams.empty() && !observation.clear && IndexOf(i).FoundIn(packet)) {
      observation.clear = now;
      observation.crossed = observation.crossed.value_or(now);
    }
  }
}

const ClearTextIndex& WireMonitor::IndexOf(std::size_t connection) {
  State& state = states_[connection];
  if (!state.index) {
    const ConnectionPlan& plan = plans_[connection];
    state.index = std::make_unique<ClearTextIndex>(std::vector{&plan.request, &plan.response});
  }
  return *state.index;
}

void WireMonitor::Release(std::size_t connection) {
  for (auto& [key, stream] : states_[connection].streams) {
    stream.search.reset();
  }
  states_[connection].index.reset();
}

}  // namespace tcpslab::scenarios
