// Deliberate misbehaviours, off by default: they give scenarios misbehaving peers and prove the conformance suite.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tcpslab::tcps {

enum class Deviation : std::uint8_t {
  kAcceptInvalidTag,         // deliver segments whose tag does not verify
  kAcceptMissingTag,         // deliver data and FIN without TM as they are
  kAcceptReset,              // let an inbound RST reach TCP on a protected flow
  kAcceptIdentityMismatch,   // treat every identity mismatch as accepted, silently
  kFinWithoutTag,            // send a FIN without payload untagged
  kFreshKeyOnSynRetransmit,  // draw another ephemeral key for a retransmitted SYN
  kSendInClear,              // send data unencrypted and untagged on a protected flow
  kWrongTag,                 // send every tag with its last bit flipped
  kNeverSendIdentity,        // never send TI
  kZeroAuthTag,              // send a zero auth tag although the peer is known
  kKeepMss,                  // leave the MSS of a SYN as it is when adding TC
};
inline constexpr std::size_t kDeviations = 11;

std::string_view ToString(Deviation deviation);  // "accept-invalid-tag"
std::optional<Deviation> DeviationFromName(std::string_view name);

class Deviations {
 public:
  [[nodiscard]] bool Has(Deviation deviation) const { return bits_[static_cast<std::size_t>(deviation)]; }
  void Set(Deviation deviation) { bits_.set(static_cast<std::size_t>(deviation)); }

 private:
  std::bitset<kDeviations> bits_;
};

}  // namespace tcpslab::tcps
