#include "scenarios/runner/protocol_key.h"

#include <algorithm>
#include <array>

namespace tcpslab::scenarios {

std::span<const ProtocolKey> ProtocolKeys() {
  static constexpr std::array<ProtocolKey, 9> kKeys = {{
      {.text = "plain", .protocol = "plain", .dialect = "", .runnable = true},
      {.text = "tcps/readme",
       .protocol = "tcps",
       .dialect = "readme",
       .tcps = tcps::Dialect::kReadme,
       .runnable = true},
      {.text = "tcps/lkm", .protocol = "tcps", .dialect = "lkm", .tcps = tcps::Dialect::kLkm, .runnable = true},
      {.text = "tcps/hardened", .protocol = "tcps", .dialect = "hardened"},
      {.text = "tcpcrypt/classic", .protocol = "tcpcrypt", .dialect = "classic"},
      {.text = "tcpcrypt/rfc8548", .protocol = "tcpcrypt", .dialect = "rfc8548"},
      {.text = "tcpcrypt/eno-03", .protocol = "tcpcrypt", .dialect = "eno-03"},
      {.text = "socketguard/rst", .protocol = "socketguard", .dialect = "rst"},
      {.text = "socketguard/go", .protocol = "socketguard", .dialect = "go"},
  }};
  return kKeys;
}

const ProtocolKey* FindProtocolKey(std::string_view text) {
  const auto found = std::ranges::find(ProtocolKeys(), text, &ProtocolKey::text);
  return found == ProtocolKeys().end() ? nullptr : &*found;
}

bool Selects(std::string_view word, const ProtocolKey& key) { return word == key.text || word == key.protocol; }

}  // namespace tcpslab::scenarios
