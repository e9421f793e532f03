// What Decryptor saw, as text for people and as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "reference/capture/decryptor.h"

namespace tcpslab::capture {

// Everything that the key log covers was verified: no tag or identity tag is invalid, and no tag is unverifiable.
// Identity tags without a static secret, zero ones, and unprotected segments are no failures.
[[nodiscard]] bool Verified(const Decryptor& decryptor);

// A paragraph for each connection, one for the other packets, and as the last line, complete with newline,
// "connections=N packets=N tags_valid=N tags_invalid=N identity_valid=N identity_unverifiable=N".
[[nodiscard]] std::string ReportText(const Decryptor& decryptor);

// {"connections": [{"first", "second", "keys", "tag_arithmetic", counters…}…],
//  "totals": {"connections", counters…}, "other_packets": {…}}; counters are the fields of Statistics by name.
[[nodiscard]] nlohmann::ordered_json ReportJson(const Decryptor& decryptor);

}  // namespace tcpslab::capture
