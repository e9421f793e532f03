#include "scenarios/runner/segment_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "reference/wire/packet.h"
#include "reference/wire/sequence.h"
#include "scenarios/runner/connection_plan.h"

namespace tcpslab::scenarios {
namespace {

std::string FlagNames(std::uint8_t flags) {
  // In the order in which they are usually said; RFC 9293, section 3.1.
  static constexpr std::array<std::pair<wire::Flag, std::string_view>, 8> kNames = {{{wire::kSyn, "SYN"},
                                                                                     {wire::kFin, "FIN"},
                                                                                     {wire::kRst, "RST"},
                                                                                     {wire::kPsh, "PSH"},
                                                                                     {wire::kAck, "ACK"},
                                                                                     {wire::kUrg, "URG"},
                                                                                     {wire::kEce, "ECE"},
                                                                                     {wire::kCwr, "CWR"}}};
  std::string names;
  for (const auto& [flag, name] : kNames) {
    if ((flags & flag) != 0) {
      names.append(names.empty() ? "" : "|").append(name);
    }
  }
  return names;
}

std::uint64_t Number(std::span<const std::byte> bytes) {
  std::uint64_t number = 0;
  for (const std::byte byte : bytes) {
    number = number << 8 | std::to_integer<std::uint64_t>(byte);
  }
  return number;
}

std::string ExperimentName(const wire::OptionView& option) {
  static constexpr std::size_t kIdentifier = 2;
  if (option.body().size() < kIdentifier) {
    return fmt::format("kind {}", option.kind());
  }
  const auto identifier = option.body().first(kIdentifier);
  const bool letters =
      std::ranges::all_of(identifier, [](std::byte byte) { return byte >= std::byte{'A'} && byte <= std::byte{'Z'}; });
  return letters ? fmt::format("{:c}{:c}", std::to_integer<char>(identifier[0]), std::to_integer<char>(identifier[1]))
                 : fmt::format("kind {} 0x{:04x}", option.kind(), Number(identifier));
}

std::string OptionName(const wire::OptionView& option) {
  switch (option.kind()) {
    case wire::kMaximumSegmentSize:
      return fmt::format("mss {}", Number(option.body()));
    case wire::kWindowScale:
      return fmt::format("window-scale {}", Number(option.body()));
    case wire::kSackPermitted:
      return "sack-permitted";
    case wire::kSack:
      return "sack";
    case wire::kTimestamps:
      return "timestamps";
    case wire::kExperiment253:
    case wire::kExperiment254:
      return ExperimentName(option);
    default:
      return fmt::format("kind {}", option.kind());
  }
}

std::string WhatElse(wire::Error error) {
  switch (error) {
    case wire::Error::kIpFragment:
      return "IP fragment";
    case wire::Error::kNotTcp:
      return "not TCP";
    default:
      return "malformed";
  }
}

}  // namespace

std::vector<std::string> OptionNames(const wire::OptionArea& options) {
  static constexpr std::size_t kAlignment = 3;  // NOPs that pad to a multiple of 4
  std::vector<std::string> names;
  std::size_t nops = 0;
  for (const wire::OptionView option : options) {
    if (option.kind() == wire::kNoOperation) {
      ++nops;
    } else {
      names.push_back(OptionName(option));
    }
  }
  if (nops > kAlignment) {
    names.push_back(fmt::format("{} nop", nops));
  }
  if (options.Check()) {
    names.emplace_back("malformed");
  }
  return names;
}

SegmentSummary SegmentReader::Read(std::size_t link, std::span<const std::byte> packet, bool transmitted) {
  buffer_.assign(packet.begin(), packet.end());
  const wire::Result<wire::Packet> parsed = wire::ParsePacket(buffer_);
  flow_.reset();
  if (!parsed) {
    SegmentSummary summary;
    summary.flags = WhatElse(parsed.error());
    summary.length = packet.size();
    return summary;
  }
  return Describe(link, parsed->segment, transmitted);
}

SegmentSummary SegmentReader::Describe(std::size_t link, const wire::Segment& segment, bool transmitted) {
  const Flow forth(segment.source, segment.destination);
  const Flow back(segment.destination, segment.source);
  flow_ = std::min(forth, back);

  SegmentSummary summary;
  std::size_t connection = IndexOfPort(segment.destination.port, plans_);
  if (connection == plans_) {
    connection = IndexOfPort(segment.source.port, plans_);
  }
  summary.connection = connection == plans_ ? 0 : connection + 1;
  summary.flags = FlagNames(segment.flags);
  summary.length = segment.payload.size();
  summary.options = OptionNames(segment.options);

  Numbers own = numbers_[{link, forth}];
  if (segment.Has(wire::kSyn) && !own.initial) {
    own.initial = segment.sequence;
  }
  const auto relative = [](std::uint32_t number, const std::optional<std::uint32_t>& initial) {
    return initial ? std::int64_t{static_cast<std::int32_t>(number - *initial)} : std::int64_t{number};
  };
  summary.sequence = relative(segment.sequence, own.initial);
  if (segment.Has(wire::kAck)) {
    summary.acknowledgement = relative(segment.acknowledgement, numbers_[{link, back}].initial);
  }
  if (const std::uint32_t taken = segment.SequenceLength(); taken != 0) {
    summary.repeats = own.next && wire::SequenceBefore(segment.sequence, *own.next);
    const std::uint32_t end = segment.sequence + taken;
    if (!own.next || wire::SequenceBefore(*own.next, end)) {
      own.next = end;
    }
  }
  if (transmitted) {
    numbers_[{link, forth}] = own;
  }
  return summary;
}

}  // namespace tcpslab::scenarios
