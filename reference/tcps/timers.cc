// What happens without a segment: the collector (spec tcps-wire.md, section 7; tcps-dialects.md, R2, R12, R20) and the
// ACKs that carry TI on their own (the TI rule).
#include "reference/tcps/engine.h"

namespace tcpslab::tcps {

using enum Deviation;
using stack::EventKind;

stack::Instant Tcps::Engine::NextDeadline() const {
  return wakes_.empty() ? NextCollection() : std::min(NextCollection(), wakes_.top().at);
}

// By the policy of now: a shorter interval takes effect at once.
stack::Instant Tcps::Engine::NextCollection() const {
  return collected_at_ == stack::kNever ? stack::kNever : collected_at_ + config.policy.collect_interval;
}

void Tcps::Engine::Expire(stack::Instant now) {
  ExpireIdentityTimers(now);
  if (NextCollection() <= now) Collect(now);
}

void Tcps::Engine::ExpireIdentityTimers(stack::Instant now) {
  while (!wakes_.empty() && wakes_.top().at <= now) {
    const Wake wake = wakes_.top();
    wakes_.pop();
    Connection* connection = table_.Find(wake.key);
    if (connection == nullptr || connection->serial != wake.serial || connection->identity.wake_at != wake.at) continue;
    connection->identity.wake_at = stack::kNever;
    if (OwnAckDeadline(*connection) <= now) {
      // TCPS-TI-23, TCPS-TI-26, TCPS-TI-27
      EmitIdentity(wake.key, *connection,
                   {.sequence = connection->highest_sent,
                    .acknowledgement = connection->last_acknowledgement,
                    .window = connection->last_window},
                   now);
    }
    WatchIdentity(wake.key, *connection, now);
  }
}

// TCPS-LIM-10, TCPS-TIME-02, TCPS-TIME-03, TCPS-TIME-04, TCPS-TIME-06, TCPS-TIME-07
void Tcps::Engine::Collect(stack::Instant now) {
  const stack::Policy& policy = config.policy;
  table_.EraseIf([&](const stack::FlowKey& key, Connection& connection) {
    const stack::Duration idle = now - connection.last_active;
    bool expired = idle > policy.idle_timeout / (Deviates(kShortIdleTime) ? 2 : 1) && !Deviates(kKeepIdleFlows);
    if (connection.state == State::kDead) {
      expired = expired || (idle > policy.dead_timeout && !Deviates(kKeepDead));
    } else if (!connection.Protected() || (traits_.expires_half_open && !connection.confirmed)) {
      // Protected but unconfirmed: our SYN-ACK went unanswered, nothing that needs protection was ever sent.
      expired = expired || (traits_.expires_half_open && idle > policy.half_open_timeout);
    } else if (connection.fin_sent && connection.fin_received) {
      expired = expired || (idle > policy.closed_timeout && !Deviates(kKeepClosed));
    } else {
      // After our RST the flow is over, unless the RST answered a stray segment: then what follows must not be in
      // clear.
      expired = expired || (connection.reset_sent && idle > policy.dead_timeout);
      if (expired && traits_.blocks_expired) {
        // TCPS-LOG-13
        if (!connection.reset_sent) Report(EventKind::kFlowExpired, connection.FlowOf(key), now);
        Block(key, connection, now);
        return true;
      }
    }
    if (expired) NoteGone(key, connection, now);
    return expired;
  });
  collected_at_ = table_.empty() ? stack::kNever : now;
}

}  // namespace tcpslab::tcps
