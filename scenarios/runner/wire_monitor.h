// Measures, from packets alone, what happened to each connection on the captured links.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "reference/wire/segment.h"
#include "scenarios/runner/clear_text.h"
#include "scenarios/runner/connection_plan.h"
#include "scenarios/runner/observation.h"

namespace tcpslab::scenarios {

class WireMonitor {
 public:
  // `links`: how many the path has, counted from the client's. The plans must outlive the monitor.
  WireMonitor(const std::vector<ConnectionPlan>& plans, std::size_t links);

  // An IP packet entered a link on its way from `sender`.
  void OnPacket(std::size_t link, HostName sender, std::span<const std::byte> packet, stack::Duration now);

  // Makes now what the search for clear text needs of a connection, which else its first payload has to wait for.
  void Prepare(std::size_t connection) { IndexOf(connection); }
  [[nodiscard]] const WireObservation& Of(std::size_t connection) const { return states_[connection].observation; }
  // Frees what the search for clear text keeps of a connection; it is made anew if another segment comes.
  void Release(std::size_t connection);

 private:
  // One direction of a connection on one link.
  struct Stream {
    std::optional<std::uint32_t> initial_sequence;
    std::optional<std::uint32_t> next_sequence;  // the highest seen, plus one
    std::optional<ClearTextSearch> search;
  };
  struct State {
    WireObservation observation;
    std::unique_ptr<ClearTextIndex> index;
    std::map<std::pair<std::size_t, Way>, Stream> streams;  // by link and direction
  };

  void OnSegment(std::size_t connection, Way way, std::size_t link, HostName sender, const wire::Segment& segment,
                 stack::Duration now);
  void SearchFragment(std::span<const std::byte> packet, stack::Duration now);
  const ClearTextIndex& IndexOf(std::size_t connection);

  const std::vector<ConnectionPlan>& plans_;
  std::array<std::size_t, 2> link_of_host_;  // by HostName
  std::vector<State> states_;
  std::vector<std::byte> buffer_;
};

}  // namespace tcpslab::scenarios
