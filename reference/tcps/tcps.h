// TCP/S: transparent encryption of TCP by the options TC, TM and TI (spec tcps-wire.md), as a Shim.
//
// `Dialect::kReadme` keeps what the TCP/S readme promises; `Dialect::kLkm` is the upstream kernel module, defects
// included (spec tcps-dialects.md). One Tcps is one host: it holds an identity key, a trust-on-first-use cache and all
// connections. A host with several threads has a Tcps in each; these share identity and cache.
//
//   tcps::Tcps shim({.dialect = tcps::Dialect::kReadme}, {sink, events, random});
//   if (shim.Outbound(segment, now) == stack::Verdict::kPass) …
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "reference/crypto/x25519.h"
#include "reference/stack/event.h"
#include "reference/stack/policy.h"
#include "reference/stack/services.h"
#include "reference/stack/shim.h"
#include "reference/tcps/deviations.h"
#include "reference/tcps/dialect.h"
#include "reference/tcps/peers.h"
#include "reference/tcps/state.h"

namespace tcpslab::tcps {

struct Config {
  Dialect dialect = Dialect::kReadme;
  stack::Policy policy;
  Deviations deviations;
};

// What several Tcps of one host share; null: this Tcps has its own.
struct Shared {
  std::shared_ptr<Peers> peers;
  std::shared_ptr<const crypto::KeyPair> identity;
};

struct ConnectionStatus {
  stack::Flow flow;
  State state = State::kNone;
  stack::Instant last_active{};  // of a blocked flow: when it was blocked
};

class Tcps final : public stack::Shim {
 public:
  // Draws the identity key (32 bytes, unless it is shared) and the table's hash key (16 bytes) from services.random.
  // TCPS-TI-06, TCPS-TOFU-09
  Tcps(const Config& config, const stack::Services& services, const Shared& shared = {});
  ~Tcps() override;

  stack::Verdict Outbound(stack::Segment& segment, stack::Instant now) override;
  stack::Verdict Inbound(stack::Segment& segment, stack::Instant now) override;
  [[nodiscard]] stack::Instant NextDeadline() const override;
  void Expire(stack::Instant now) override;
  // The TM option: 20 bytes.
  [[nodiscard]] std::size_t Overhead() const override;

  // Takes effect with the next segment; connections keep their state.
  // TCPS-ENF-03
  void SetPolicy(const stack::Policy& policy);
  [[nodiscard]] const stack::Policy& policy() const;
  // Blocks a flow that was protected before a restart (R25), with the event, until a SYN begins a new connection on it.
  // Nothing happens if the flow has an entry or is blocked, or in a dialect that blocks no flows (lkm).
  void Block(const stack::Flow& flow, stack::Instant now);
  [[nodiscard]] Dialect dialect() const;

  [[nodiscard]] const crypto::PublicKey& identity() const;
  [[nodiscard]] const stack::Counters& counters() const;
  // Nothing if there is no entry. A blocked flow has state kBlocked.
  [[nodiscard]] std::optional<State> StateOf(const stack::FlowKey& key) const;
  // Every connection and every blocked flow, in no particular order.
  [[nodiscard]] std::vector<ConnectionStatus> Connections() const;
  [[nodiscard]] std::size_t connections() const;
  [[nodiscard]] std::size_t blocked_flows() const;
  // The identity remembered for an address.
  [[nodiscard]] std::optional<crypto::PublicKey> PeerIdentity(const wire::Address& address) const;

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace tcpslab::tcps
