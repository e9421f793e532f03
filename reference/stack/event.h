// What a protocol reports: a closed set of structured events, state changes, and counters of both events and verdicts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "reference/stack/flow.h"
#include "reference/stack/instant.h"

namespace tcpslab::stack {

enum class EventKind : std::uint8_t {
  kEncrypted,         // both keys agreed: data of this flow is protected from now on
  kAuthenticated,     // the peer's identity was accepted
  kPeerNew,           // an identity was seen for the first time and is trusted from now on
  kMitmSuspected,     // the peer's identity, or its proof, is not the one remembered
  kDowngradeRefused,  // a segment without the protocol's offer was dropped because policy demands protection
  kFellBack,          // the connection goes on without protection
  kTagMissing,        // a segment that needs a tag had none and was dropped
  kTagInvalid,        // a segment's tag did not verify and it was dropped
  kResetIgnored,      // an inbound RST on a protected flow was dropped
  kTableFull,         // no room for another connection
  kMalformedOption,   // an option that does not fit its header was ignored
  kLowOrderKey,       // a public key that would give an all-zero secret
  kNoRoom,            // an outgoing segment had no room for its tag and was dropped
  kBlocked,           // a flow is dropped both ways from now on
  kFlowExpired,       // a protected connection was collected while idle
  kBlockedSetFull,    // the oldest blocked flow was forgotten to make room
  kTiConflict,        // another identity on an authenticated connection was ignored
  kTiOutOfWindow,     // an identity on a segment outside the window was ignored
};
inline constexpr std::size_t kEventKinds = 18;

std::string_view ToString(EventKind kind);                    // "peer-new"
std::optional<EventKind> EventKindOf(std::string_view name);  // none: no event is called so
// Those which tell a person that something may be wrong on the path.
bool IsAlarm(EventKind kind);

struct Event {
  EventKind kind;
  Instant time;
  Flow flow;
  std::string detail;  // for people and reports; what it says is part of each protocol's documentation
};

// A flow's protocol state changed. Names are those of the protocol's own state enum; its entry begins and ends as
// "NONE".
struct StateChange {
  Instant time;
  Flow flow;
  std::string_view from;
  std::string_view to;
};

class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void OnEvent(const Event& event) = 0;
  virtual void OnStateChange(const StateChange& /*change*/) {}
  // The host has shown its identity to its peer, for the first time on this connection.
  virtual void OnIdentitySent(const Flow& /*flow*/, Instant /*time*/) {}
};

// Receives secrets as key log lines (design, section 7), without line ends. Only for test and simulation hosts, and
// where a user asked for it.
class KeyLog {
 public:
  virtual ~KeyLog() = default;
  virtual void Line(std::string_view line) = 0;
};

// Monotonic counters, in the manner of SNMP MIB counters.
struct Counters {
  std::array<std::uint64_t, kEventKinds> events{};
  std::uint64_t outbound_passed = 0;
  std::uint64_t outbound_dropped = 0;
  std::uint64_t inbound_passed = 0;
  std::uint64_t inbound_dropped = 0;
  std::uint64_t emitted = 0;  // segments the protocol sent on its own

  [[nodiscard]] std::uint64_t Of(EventKind kind) const { return events[static_cast<std::size_t>(kind)]; }
};

}  // namespace tcpslab::stack
