#include "reference/tcps/state.h"

#include <array>

namespace tcpslab::tcps {

std::string_view ToString(State state) {
  static constexpr std::array<std::string_view, kStates> kNames = {"NONE",          "SYN_SENT", "SYN_RECV", "ENCRYPTED",
                                                                   "AUTHENTICATED", "DEAD",     "BLOCKED"};
  return kNames[static_cast<std::size_t>(state)];
}

}  // namespace tcpslab::tcps
