// A script in place of a host's TCP: plays one connection, segment by segment, behind the host's shim.
#pragma once

#include <ns3/event-id.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "reference/wire/segment.h"
#include "scenarios/runner/connection_plan.h"
#include "scenarios/runner/endpoint.h"
#include "scenarios/runner/script.h"

namespace tcpslab::scenarios {

// How the script's connection is named, and how its segments leave.
struct ScriptedConnection {
  wire::Endpoint local;
  wire::Endpoint remote;  // of a host that is connected to, a guess until the first segment came
  std::uint32_t initial_sequence = 0;
  std::function<void(const wire::Segment&)> send;
};

class ScriptedEndpoint final : public Endpoint {
 public:
  // `requests`: whether this end is the one that connects.
  ScriptedEndpoint(const Script& script, const ConnectionPlan& plan, bool requests, ScriptedConnection connection,
                   SettledCallback on_settled);
  ~ScriptedEndpoint() override;
  ScriptedEndpoint(const ScriptedEndpoint&) = delete;
  ScriptedEndpoint& operator=(const ScriptedEndpoint&) = delete;

  void Start() override;
  [[nodiscard]] const ApplicationObservation& observation() const override { return observation_; }
  [[nodiscard]] bool settled() const override { return settled_; }
  // The step that could not be carried out, and why.
  [[nodiscard]] const std::optional<ScriptFailure>& failure() const { return failure_; }

  // A segment came in for this connection.
  void Receive(const wire::Segment& segment);

 private:
  // What a step needs to know of a segment that came.
  struct Arrival {
    wire::Segment segment;  // without payload
    std::vector<std::byte> payload;
  };

  void Continue();
  bool Do(const SendStep& step);
  bool Do(const ExpectStep& step);
  bool Do(const ReceiveStep& step);
  bool Do(const WaitStep& step);
  bool Deadline(stack::Duration within);
  void OnDeadline();
  void NextStep();
  void Fail(std::string message);
  void Settle();

  [[nodiscard]] bool Matches(const ExpectStep& step, const Arrival& arrival) const;
  void Track(const wire::Segment& segment);
  void Acknowledge();
  void Emit(wire::Segment segment, std::vector<std::byte> payload);
  [[nodiscard]] std::vector<std::byte> PayloadOf(const ScriptPayload& payload) const;

  const Script& script_;
  const ConnectionPlan& plan_;
  const Pattern& incoming_;
  ScriptedConnection connection_;
  SettledCallback on_settled_;
  ApplicationObservation observation_;
  std::optional<ScriptFailure> failure_;
  std::size_t step_ = 0;
  std::deque<Arrival> arrivals_;  // that no step has looked at yet
  ns3::EventId timer_;            // of the step that waits
  bool expired_ = false;
  std::int64_t next_sequence_ = 0;  // relative to the own initial one
  std::optional<std::uint32_t> peer_initial_;
  std::uint32_t next_expected_ = 0;
  bool settled_ = false;
};

}  // namespace tcpslab::scenarios
