// What a scripted host does: a list of steps in place of its TCP (scenarios/README.md, "Scripted hosts").
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "reference/stack/instant.h"

namespace tcpslab::scenarios {

// One option as it stands in a header; for an expectation, the bytes that an option must begin with.
using OptionBytes = std::vector<std::byte>;

// Where a step's payload comes from.
struct ScriptPayload {
  enum class Source : std::uint8_t { kBytes, kRequest, kResponse };
  Source source = Source::kBytes;
  std::vector<std::byte> bytes;  // for kBytes
  std::uint64_t offset = 0;      // into the workload's request or response
  std::size_t length = 0;        // likewise
};

// Sends one segment. Numbers are relative: `sequence` to the host's own initial one, `acknowledgement` to the peer's;
// without them, the next one to send and the next one expected.
struct SendStep {
  std::uint8_t flags = 0;
  std::optional<std::int64_t> sequence;
  std::optional<std::int64_t> acknowledgement;
  std::uint16_t window = 65535;
  std::uint16_t urgent_pointer = 0;
  std::vector<OptionBytes> options;
  ScriptPayload payload;
};

// Waits for a segment that matches; what does not match is passed over. PSH, ECE and CWR are not compared.
struct ExpectStep {
  enum class Payload : std::uint8_t { kAny, kNone, kSome };
  std::optional<std::uint8_t> flags;
  std::optional<std::int64_t> sequence;
  std::optional<std::int64_t> acknowledgement;
  Payload payload = Payload::kAny;
  std::optional<ScriptPayload> content;  // the payload is this, and nothing more
  std::vector<OptionBytes> options;
  std::vector<OptionBytes> without;  // none of these is there
  bool absent = false;               // no such segment may come
  stack::Duration within = std::chrono::seconds(1);
};

// Takes payload in order, acknowledging each segment, until so many bytes of the stream have come in all.
struct ReceiveStep {
  std::uint64_t bytes = 0;
  stack::Duration within = std::chrono::seconds(1);
};

struct WaitStep {
  stack::Duration duration{};
};

struct Step {
  int line = 0;  // in the scenario file
  std::variant<SendStep, ExpectStep, ReceiveStep, WaitStep> action;
};
using Script = std::vector<Step>;

}  // namespace tcpslab::scenarios
