// What happens as lines of the log, in the words of the TCP/S readme ("dmesg — sessions and errors") and, where it has
// none, of the upstream module (spec tcps-wire.md, section 7). What neither knows is said in the same manner. Without
// the prefix "tcps: ", which the log adds.
#pragma once

#include <string>
#include <vector>

#include "reference/crypto/x25519.h"
#include "reference/linux/log.h"
#include "reference/stack/event.h"
#include "reference/tcps/dialect.h"

namespace tcpslab::linux_host {

struct LogLine {
  LogLevel level = spdlog::level::info;
  std::string text;
  friend bool operator==(const LogLine&, const LogLine&) = default;
};

// `tofu_enforce`: whether a mismatch costs the segment.
std::vector<LogLine> LinesOf(const stack::Event& event, bool tofu_enforce);
LogLine LineOfIdentitySent(const stack::Flow& flow);

// Of the whole daemon: it is ready, it has ended.
std::vector<LogLine> LinesAtStart(tcps::Dialect dialect, const crypto::PublicKey& identity);
LogLine LineAtEnd();

}  // namespace tcpslab::linux_host
