#include "bindings/sim/records.h"

#include <ns3/callback.h>

#include <charconv>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "model/tcps-convert.h"
#include "reference/tcps/state.h"

namespace tcpslab::bindings {
namespace {

// The one of an enumeration's first `count` values that has this name: ns-3's traces carry names.
template <class Enum>
Enum FromName(std::string_view name, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (ToString(static_cast<Enum>(i)) == name) return static_cast<Enum>(i);
  }
  throw std::logic_error("a trace of TcpsStack has the unknown name " + std::string(name));
}

// "10.0.0.1:80", "[2001:db8::1]:80".
stack::Endpoint EndpointFrom(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  std::string_view address = text.substr(0, colon);
  if (address.starts_with('[')) address = address.substr(1, address.size() - 2);
  std::uint16_t port = 0;
  std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  return {wire::ParseAddress(address).value(), port};
}

template <class Happening>
stack::Flow FlowOf(const Happening& happening) {
  constexpr std::size_t kRoles = 3;
  return {EndpointFrom(happening.local), EndpointFrom(happening.remote), FromName<stack::Role>(happening.role, kRoles)};
}

}  // namespace

Records::Records(const ns3::Ptr<ns3::TcpsStack>& stack, std::function<void()> note) : note_(std::move(note)) {
  stack->TraceConnectWithoutContext("Event", ns3::MakeCallback(&Records::OnEvent, this));
  stack->TraceConnectWithoutContext("StateChange", ns3::MakeCallback(&Records::OnStateChange, this));
  stack->SetKeyLogStream(ns3::Create<ns3::OutputStreamWrapper>(&key_log_));
}

std::vector<std::string> Records::key_log() const {
  std::vector<std::string> lines;
  std::istringstream text(key_log_.str());
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

void Records::OnEvent(const ns3::TcpsEvent& event) {
  events_.push_back({.kind = FromName<stack::EventKind>(event.kind, stack::kEventKinds),
                     .time = stack::Instant(ns3::TcpsToDuration(event.time)),
                     .flow = FlowOf(event),
                     .detail = event.detail});
  note_();
}

void Records::OnStateChange(const ns3::TcpsStateChange& change) {
  const auto state = [](const std::string& name) { return ToString(FromName<tcps::State>(name, tcps::kStates)); };
  state_changes_.push_back({.time = stack::Instant(ns3::TcpsToDuration(change.time)),
                            .flow = FlowOf(change),
                            .from = state(change.from),
                            .to = state(change.to)});
  note_();
}

}  // namespace tcpslab::bindings
