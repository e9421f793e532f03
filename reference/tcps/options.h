// The three TCP options of TCP/S (spec tcps-wire.md, section 2). All share the experimental kind 253 and are told apart
// by length and two ASCII bytes:
//
//   TC  253 36 'T' 'C'  32-byte ephemeral X25519 public key       on SYN and SYN-ACK
//   TM  253 20 'T' 'M'  16-byte tag                               on segments with payload or FIN
//   TI  253 40 'T' 'I'  32-byte static public key, 4-byte proof   on pure ACKs
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "reference/crypto/poly1305.h"
#include "reference/crypto/x25519.h"
#include "reference/tcps/deviations.h"
#include "reference/wire/options.h"
#include "reference/wire/segment.h"

namespace tcpslab::tcps {

inline constexpr std::size_t kOptionPrefixSize = 4;  // kind, length, magic
inline constexpr std::size_t kAuthTagSize = 4;
inline constexpr std::size_t kTcSize = kOptionPrefixSize + crypto::kX25519Size;
inline constexpr std::size_t kTmSize = kOptionPrefixSize + crypto::kPoly1305TagSize;
inline constexpr std::size_t kTiSize = kOptionPrefixSize + crypto::kX25519Size + kAuthTagSize;
static_assert(kTcSize == 36 && kTmSize == 20 && kTiSize == wire::kMaximumOptionBytes);

using AuthTag = std::array<std::byte, kAuthTagSize>;  // all zero: no proof

struct Identity {
  crypto::PublicKey key{};  // static
  AuthTag proof{};
};

// The first option of that form, or nothing.
std::optional<crypto::PublicKey> FindTc(const wire::OptionArea& options, const Deviations& deviations = {});
std::optional<crypto::Tag> FindTm(const wire::OptionArea& options);
std::optional<Identity> FindTi(const wire::OptionArea& options);

// Does what the upstream module does with a TC that the header cuts off: reads on into whatever follows the header.
// Bytes beyond the payload are zero.
std::optional<crypto::PublicKey> FindTcPastEnd(const wire::OptionArea& options, std::span<const std::byte> payload);

// The option area of a SYN or SYN-ACK that carries `key` (section 2.1): exactly one of the present options is kept,
// before TC
// - MSS, else SACK-permitted, else window scale - and NOPs pad to a multiple of 4. An MSS above 20 is lowered by 20.
wire::OptionArea MakeSynOptions(const wire::OptionArea& present, const crypto::PublicKey& key,
                                const Deviations& deviations = {});

// Raises the MSS by 20, by deviation.
void RaiseMss(wire::OptionArea& options);

// Appends TM. False, and nothing changed, if it does not fit.
bool AppendTm(wire::OptionArea& options, const crypto::Tag& tag);

// The option area of an ACK that carries `identity`: nothing else fits (section 2.3).
wire::OptionArea MakeTiOptions(const Identity& identity);

}  // namespace tcpslab::tcps
