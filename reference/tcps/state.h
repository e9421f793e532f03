// The states of a TCP/S connection (spec tcps-wire.md, section 7; kBlocked: tcps-dialects.md, R6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tcpslab::tcps {

enum class State : std::uint8_t {
  kNone,           // no entry
  kSynSent,        // our SYN left with TC
  kSynReceived,    // a SYN with TC came
  kEncrypted,      // keys agreed
  kAuthenticated,  // and the peer's identity accepted
  kDead,           // unprotected: segments pass unchanged
  kBlocked,        // every segment is dropped (readme)
};
inline constexpr std::size_t kStates = 7;

std::string_view ToString(State state);  // "SYN_SENT", "ENCRYPTED", …

}  // namespace tcpslab::tcps
