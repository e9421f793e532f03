// The choices an administrator makes; names as in the daemon's options with `_` for `-`. The limits' defaults are those
// which the upstream TCP/S module has fixed (spec tcps-dialects.md, R20); the lkm dialect takes others as well.
#pragma once

#include <chrono>
#include <cstddef>

#include "reference/stack/instant.h"

namespace tcpslab::stack {

// TCPS-ENF-02, TCPS-LIM-07, TCPS-LIM-08, TCPS-TIME-01
struct Policy {
  bool enforce = false;      // drop connections that cannot be protected, instead of letting them run in clear
  bool tofu_enforce = true;  // act on an identity mismatch, instead of only reporting it

  std::size_t max_connections = 4096;  // entries of the connection table, every state counted
  std::size_t max_blocked = 4096;      // flows remembered as blocked

  Duration collect_interval = std::chrono::seconds(30);   // between two runs of the collector
  Duration half_open_timeout = std::chrono::seconds(60);  // idle before the handshake is complete
  Duration dead_timeout = std::chrono::seconds(60);       // idle and unprotected
  Duration closed_timeout = std::chrono::seconds(120);    // idle after both FINs
  Duration idle_timeout = std::chrono::seconds(300);      // idle in any state
};

}  // namespace tcpslab::stack
