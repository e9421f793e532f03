#include "reference/tcps/tcps.h"

#include "reference/tcps/engine.h"
#include "reference/tcps/options.h"

namespace tcpslab::tcps {

Tcps::Tcps(const Config& config, const stack::Services& services, const Shared& shared)
    : engine_(std::make_unique<Engine>(config, services, shared)) {}
Tcps::~Tcps() = default;

stack::Verdict Tcps::Outbound(stack::Segment& segment, stack::Instant now) { return engine_->Outbound(segment, now); }
stack::Verdict Tcps::Inbound(stack::Segment& segment, stack::Instant now) { return engine_->Inbound(segment, now); }
stack::Instant Tcps::NextDeadline() const { return engine_->NextDeadline(); }
void Tcps::Expire(stack::Instant now) { engine_->Expire(now); }
std::size_t Tcps::Overhead() const { return kTmSize; }

void Tcps::SetPolicy(const stack::Policy& policy) { engine_->config.policy = policy; }
const stack::Policy& Tcps::policy() const { return engine_->config.policy; }
Dialect Tcps::dialect() const { return engine_->config.dialect; }
const crypto::PublicKey& Tcps::identity() const { return engine_->identity().public_key; }
const stack::Counters& Tcps::counters() const { return engine_->counters; }
std::size_t Tcps::connections() const { return engine_->table().size(); }
std::size_t Tcps::blocked_flows() const { return engine_->blocked().size(); }

std::optional<State> Tcps::StateOf(const stack::FlowKey& key) const {
  if (const Connection* connection = engine_->table().Find(key)) return connection->state;
  if (engine_->blocked().Find(key) != nullptr) return State::kBlocked;
  return std::nullopt;
}

std::optional<crypto::PublicKey> Tcps::PeerIdentity(const wire::Address& address) const {
  const std::optional<Peer> peer = engine_->peers().Find(address);
  if (!peer) return std::nullopt;
  return peer->key;
}

void Tcps::Block(const stack::Flow& flow, stack::Instant now) { engine_->Block(flow, now); }

std::vector<ConnectionStatus> Tcps::Connections() const {
  std::vector<ConnectionStatus> all;
  all.reserve(connections() + blocked_flows());
  for (const auto& [key, connection] : engine_->table()) {
    all.push_back({.flow = connection.FlowOf(key), .state = connection.state, .last_active = connection.last_active});
  }
  for (const BlockedFlow& blocked : engine_->blocked()) {
    all.push_back({.flow = blocked.flow, .state = State::kBlocked, .last_active = blocked.since});
  }
  return all;
}

}  // namespace tcpslab::tcps
