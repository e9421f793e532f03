#include "scenarios/runner/scripted_endpoint.h"

#include <fmt/format.h>
#include <ns3/simulator.h>

#include <algorithm>
#include <utility>

#include "reference/wire/sequence.h"
#include "scenarios/runner/ns3_units.h"

namespace tcpslab::scenarios {

ScriptedEndpoint::ScriptedEndpoint(const Script& script, const ConnectionPlan& plan, bool requests,
                                   ScriptedConnection connection, SettledCallback on_settled)
    : script_(script),
      plan_(plan),
      incoming_(requests ? plan.response : plan.request),
      connection_(std::move(connection)),
      on_settled_(std::move(on_settled)) {
  observation_.expected = incoming_.length();
}

ScriptedEndpoint::~ScriptedEndpoint() { timer_.Cancel(); }

void ScriptedEndpoint::Start() { Continue(); }

void ScriptedEndpoint::Receive(const wire::Segment& segment) {
  connection_.remote = segment.source;
  Track(segment);
  Arrival& arrival = arrivals_.emplace_back(Arrival{segment, {segment.payload.begin(), segment.payload.end()}});
  arrival.segment.payload = {};
  if (!settled_) {
    Continue();
  }
}

// The part of TCP that a script would otherwise have to spell out: which bytes came, in order.
void ScriptedEndpoint::Track(const wire::Segment& segment) {
  if (segment.Has(wire::kSyn)) {
    peer_initial_ = segment.sequence;
    next_expected_ = segment.sequence + 1;
  }
  const bool answers_syn =
      segment.Has(wire::kAck) && next_sequence_ > 0 && segment.acknowledgement - connection_.initial_sequence == 1;
  if (answers_syn && peer_initial_ && !observation_.established) {
    observation_.established = SimulationTime();
  }
  if (segment.Has(wire::kRst) && observation_.established && !settled_) {
    observation_.error = SimulationTime();
  }
  const std::uint32_t first = segment.sequence + (segment.Has(wire::kSyn) ? 1 : 0);
  const std::uint32_t known = next_expected_ - first;  // of the payload's bytes
  if (!peer_initial_ || wire::SequenceBefore(next_expected_, first) || known > segment.payload.size()) {
    return;
  }
  NoteReceived(observation_, incoming_, segment.payload.subspan(known), SimulationTime());
  next_expected_ = first + static_cast<std::uint32_t>(segment.payload.size()) + (segment.Has(wire::kFin) ? 1 : 0);
}

void ScriptedEndpoint::Continue() {
  while (!settled_) {
    if (step_ == script_.size()) {
      observation_.finished = true;
      Settle();
      return;
    }
    if (!std::visit([this](const auto& step) { return Do(step); }, script_[step_].action)) {
      return;
    }
  }
}

bool ScriptedEndpoint::Do(const SendStep& step) {
  wire::Segment segment;
  const std::int64_t sequence = step.sequence.value_or(next_sequence_);
  segment.sequence = connection_.initial_sequence + static_cast<std::uint32_t>(sequence);
  segment.flags = step.flags;
  segment.window = step.window;
  segment.urgent_pointer = step.urgent_pointer;
  if (step.acknowledgement) {
    segment.acknowledgement = peer_initial_.value_or(0) + static_cast<std::uint32_t>(*step.acknowledgement);
  } else if (segment.Has(wire::kAck)) {
    segment.acknowledgement = next_expected_;
  }
  std::vector<std::byte> options;
  for (const OptionBytes& option : step.options) {
    options.insert(options.end(), option.begin(), option.end());
  }
  segment.options = *wire::OptionArea::FromBytes(options);
  std::vector<std::byte> payload = PayloadOf(step.payload);
  segment.payload = payload;
  next_sequence_ = std::max(next_sequence_, sequence + segment.SequenceLength());
  NextStep();
  Emit(segment, std::move(payload));
  return true;
}

bool ScriptedEndpoint::Do(const ExpectStep& step) {
  while (!arrivals_.empty()) {
    const Arrival arrival = std::move(arrivals_.front());
    arrivals_.pop_front();
    if (Matches(step, arrival)) {
      if (step.absent) {
        Fail("a segment came that should not have come");
        return false;
      }
      NextStep();
      return true;
    }
  }
  if (Deadline(step.within)) {
    return false;
  }
  if (!step.absent) {
    Fail(fmt::format("no such segment came within {} s", std::chrono::duration<double>(step.within).count()));
    return false;
  }
  NextStep();
  return true;
}

bool ScriptedEndpoint::Do(const ReceiveStep& step) {
  while (!arrivals_.empty()) {
    const bool data = !arrivals_.front().payload.empty();
    arrivals_.pop_front();
    if (data) {
      Acknowledge();
    }
  }
  if (observation_.received >= step.bytes) {
    NextStep();
    return true;
  }
  if (!Deadline(step.within)) {
    Fail(fmt::format("{} of {} bytes came within {} s", observation_.received, step.bytes,
                     std::chrono::duration<double>(step.within).count()));
  }
  return false;
}

bool ScriptedEndpoint::Do(const WaitStep& step) {
  if (Deadline(step.duration)) {
    return false;
  }
  NextStep();
  return true;
}

// True while the step at hand may go on waiting; its time begins with the first call.
bool ScriptedEndpoint::Deadline(stack::Duration within) {
  if (!timer_.IsRunning() && !expired_) {
    timer_ = ns3::Simulator::Schedule(ToNs3(within), [this] { OnDeadline(); });
  }
  return !expired_;
}

void ScriptedEndpoint::OnDeadline() {
  expired_ = true;
  Continue();
}

void ScriptedEndpoint::NextStep() {
  timer_.Cancel();
  expired_ = false;
  ++step_;
}

bool ScriptedEndpoint::Matches(const ExpectStep& step, const Arrival& arrival) const {
  static constexpr std::uint8_t kCompared = wire::kFin | wire::kSyn | wire::kRst | wire::kAck | wire::kUrg;
  const wire::Segment& segment = arrival.segment;
  // Numbers of the wire have 32 bits, those of a script may go on.
  const auto is = [](std::uint32_t number, std::uint32_t initial, std::int64_t relative) {
    return number - initial == static_cast<std::uint32_t>(relative);
  };
  if (step.flags && ((segment.flags ^ *step.flags) & kCompared) != 0) {
    return false;
  }
  if (step.sequence && (!peer_initial_ || !is(segment.sequence, *peer_initial_, *step.sequence))) {
    return false;
  }
  if (step.acknowledgement && !is(segment.acknowledgement, connection_.initial_sequence, *step.acknowledgement)) {
    return false;
  }
  if (step.payload != ExpectStep::Payload::kAny &&
      (step.payload == ExpectStep::Payload::kSome) == arrival.payload.empty()) {
    return false;
  }
  if (step.content && arrival.payload != PayloadOf(*step.content)) {
    return false;
  }
  const auto present = [&segment](const OptionBytes& prefix) {
    return std::ranges::any_of(segment.options, [&prefix](const wire::OptionView& option) {
      const std::span<const std::byte> bytes = option.bytes();
      return bytes.size() >= prefix.size() && std::ranges::equal(bytes.first(prefix.size()), prefix);
    });
  };
  return std::ranges::all_of(step.options, present) && std::ranges::none_of(step.without, present);
}

void ScriptedEndpoint::Acknowledge() {
  wire::Segment segment;
  segment.sequence = connection_.initial_sequence + static_cast<std::uint32_t>(next_sequence_);
  segment.acknowledgement = next_expected_;
  segment.flags = wire::kAck;
  segment.window = SendStep{}.window;
  Emit(segment, {});
}

void ScriptedEndpoint::Emit(wire::Segment segment, std::vector<std::byte> payload) {
  segment.source = connection_.local;
  segment.destination = connection_.remote;
  segment.payload = payload;
  connection_.send(segment);
}

std::vector<std::byte> ScriptedEndpoint::PayloadOf(const ScriptPayload& payload) const {
  if (payload.source == ScriptPayload::Source::kBytes) {
    return payload.bytes;
  }
  std::vector<std::byte> bytes(payload.length);
  const Pattern& pattern = payload.source == ScriptPayload::Source::kRequest ? plan_.request : plan_.response;
  pattern.Fill(payload.offset, bytes);
  return bytes;
}

void ScriptedEndpoint::Fail(std::string message) {
  failure_ =
      ScriptFailure{.host = {}, .visit = plan_.visit, .line = script_[step_].line, .message = std::move(message)};
  Settle();
}

void ScriptedEndpoint::Settle() {
  timer_.Cancel();
  settled_ = true;
  on_settled_();
}

}  // namespace tcpslab::scenarios
