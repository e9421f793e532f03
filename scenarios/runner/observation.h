// What was seen of a run, before it is judged: plain values, filled in by the simulation. Times are durations since the
// start of the simulation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/runner/scenario.h"
#include "scenarios/runner/timeline.h"

namespace tcpslab::scenarios {

// One application at its end of one connection.
struct ApplicationObservation {
  std::uint64_t expected = 0;  // bytes that its peer has for it
  std::uint64_t received = 0;
  bool corrupted = false;  // a byte that the peer did not send, or one too many
  bool finished = false;   // everything sent, received and closed
  std::optional<stack::Duration> established;
  std::optional<stack::Duration> first_byte;
  std::optional<stack::Duration> last_byte;
  std::optional<stack::Duration> error;  // after it was established
};

// One connection on the links that were captured.
struct WireObservation {
  std::optional<stack::Duration> crossed;  // when the first payload was on a link
  std::optional<stack::Duration> clear;    // when application bytes were first seen in clear
  std::uint64_t bytes = 0;                 // IP bytes on the client's link, both directions
  std::uint64_t retransmits = 0;           // segments that repeat sequence numbers, each on its sender's link
};

struct ConnectionObservation {
  std::size_t visit = 1;
  HostName connecting = HostName::kClient;
  stack::Duration start{};
  ApplicationObservation requester;  // on the connecting host
  ApplicationObservation responder;
  WireObservation wire;
  std::array<bool, 2> authenticated{};  // by HostName: that host accepted the other's identity
};

struct EventObservation {
  stack::Duration time{};
  HostName host = HostName::kClient;
  stack::EventKind kind{};
  std::string flow;  // "client <-> server"
  std::string detail;
  std::size_t visit = 1;
};

// Something that an attacker wants and that no connection shows: it read application data, or a host remembered an
// identity that is not the other host's.
struct AchievementObservation {
  enum class What : std::uint8_t { kRead, kPoisoned };
  What what = What::kRead;
  stack::Duration time{};
  std::size_t visit = 1;
};

// What a path element says that it did, and when first.
struct Deed {
  stack::Duration time{};
  std::string what;
};

struct ElementObservation {
  std::array<std::array<std::uint64_t, 2>, kPathActions> actions{};  // how often, by PathAction and sender's HostName
  std::optional<Deed> did;
};

// A scripted host whose script could not go on.
struct ScriptFailure {
  HostName host = HostName::kClient;
  std::size_t visit = 1;
  int line = 0;  // of the step, in the scenario file
  std::string message;
};

struct RunObservation {
  std::vector<ConnectionObservation> connections;  // by visit
  std::vector<EventObservation> events;            // by time
  std::vector<AchievementObservation> achievements;
  std::vector<ScriptFailure> script_failures;
  std::vector<ElementObservation> elements;  // in path order
  std::vector<TimelineEntry> timeline;       // empty if none was asked for
};

}  // namespace tcpslab::scenarios
