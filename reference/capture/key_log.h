// The secrets that open a capture: the TCP/S key log (design.md, section 7), parsed from its text.
//
//   TCPS_EPHEMERAL_SECRET <client ephemeral public> <X25519 shared secret>
//   TCPS_STATIC_SECRET <static public, lower> <static public, higher> <shared>
//
// Every value is 32 bytes in hex of either case. Blank lines, lines that start with '#' and lines of another name are
// ignored, as in every key log. A line of these two names with another shape is an error: silently ignored, it would
// look like a capture that cannot be opened. The order of the two static keys does not matter here.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "reference/crypto/x25519.h"

namespace tcpslab::capture {

struct KeyLogError {
  std::size_t line = 0;  // from 1
  std::string reason;    // holds nothing of the line's values
};

class KeyLog {
 public:
  static tl::expected<KeyLog, KeyLogError> Parse(std::string_view text);

  // The shared secrets of connections whose client showed `client_key` in its SYN. More than one if the two ends did
  // not agree, as under an attacker who replaced the server's key. Valid as long as this object.
  [[nodiscard]] std::span<const crypto::SharedSecret> Ephemeral(const crypto::PublicKey& client_key) const;

  // The shared secrets of `identity` with any other identity. Valid as long as this object.
  [[nodiscard]] std::span<const crypto::SharedSecret> Static(const crypto::PublicKey& identity) const;

 private:
  using Secrets = std::map<crypto::PublicKey, std::vector<crypto::SharedSecret>>;
  static void Add(Secrets& secrets, const crypto::PublicKey& key, const crypto::SharedSecret& shared);
  static std::span<const crypto::SharedSecret> Find(const Secrets& secrets, const crypto::PublicKey& key);

  Secrets ephemeral_;
  Secrets static_;  // each under both of its identities
};

}  // namespace tcpslab::capture
