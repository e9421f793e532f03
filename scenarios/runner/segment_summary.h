// One segment on a link in the words of a time line: flags, numbers counted from the initial ones, option names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "reference/wire/segment.h"

namespace tcpslab::scenarios {

struct SegmentSummary {
  std::size_t connection = 0;  // counting from 1 over all visits; 0: none of the plan
  std::string flags;           // "SYN|ACK"; for what is not a whole TCP segment, what it is
  // From the initial sequence numbers seen on that link, SYN being 0; as on the wire where none was seen.
  std::optional<std::int64_t> sequence;
  std::optional<std::int64_t> acknowledgement;
  std::size_t length = 0;  // payload; of a packet that is not a whole TCP segment, all of it
  std::vector<std::string> options;
  bool repeats = false;  // it takes sequence numbers that were on this link before
};

// "mss 1460", "window-scale 7", "timestamps"; of an experiment its identifier (RFC 6994): "TC"; else "kind 42". Single
// NOPs, which only align, are left out.
[[nodiscard]] std::vector<std::string> OptionNames(const wire::OptionArea& options);

class SegmentReader {
 public:
  using Flow = std::pair<wire::Endpoint, wire::Endpoint>;  // from, to

  // `plans`: how many connections there are.
  explicit SegmentReader(std::size_t plans) : plans_(plans) {}

  // `transmitted`: whether the packet is on that link, and its numbers count for those that follow.
  SegmentSummary Read(std::size_t link, std::span<const std::byte> packet, bool transmitted);
  // Of the last segment read; the same for both directions. Nothing for what is not a whole TCP segment.
  [[nodiscard]] const std::optional<Flow>& flow() const { return flow_; }

 private:
  struct Numbers {
    std::optional<std::uint32_t> initial;
    std::optional<std::uint32_t> next;  // the highest seen, plus one
  };
  SegmentSummary Describe(std::size_t link, const wire::Segment& segment, bool transmitted);

  std::size_t plans_;
  std::map<std::pair<std::size_t, Flow>, Numbers> numbers_;  // by link and direction
  std::optional<Flow> flow_;
  std::vector<std::byte> buffer_;
};

}  // namespace tcpslab::scenarios
