// The protocols that a scenario can hold expectations for, as `expect` and --protocol spell them.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "reference/tcps/dialect.h"

namespace tcpslab::scenarios {

struct ProtocolKey {
  std::string_view text;                // "tcps/readme"
  std::string_view protocol;            // "tcps"
  std::string_view dialect;             // "readme"; empty for plain
  std::optional<tcps::Dialect> tcps{};  // which dialect of TCP/S that is
  bool runnable = false;                // whether this build can run it

  [[nodiscard]] bool IsPlain() const { return dialect.empty(); }
};

// The closed list (design, section 3), plain first.
std::span<const ProtocolKey> ProtocolKeys();
const ProtocolKey* FindProtocolKey(std::string_view text);

// Whether a word of --protocol selects a key: the key itself, or the part before its slash.
bool Selects(std::string_view word, const ProtocolKey& key);

}  // namespace tcpslab::scenarios
