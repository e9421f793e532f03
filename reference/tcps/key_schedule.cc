#include "reference/tcps/key_schedule.h"

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace tcpslab::tcps {
namespace {

constexpr std::uint64_t kFirstKeyPosition = std::uint64_t{1} << 63;
constexpr std::uint64_t kKeySpacing = 64;

// TCPS-KEY-02
crypto::ChaCha20Key DeriveKey(const crypto::SharedSecret& shared, std::uint64_t index, std::string_view label) {
  crypto::ChaCha20Key key;
  const std::span<std::byte> bytes = key.mutable_bytes();
  for (std::size_t i = 0; i < label.size(); ++i) bytes[i] = static_cast<std::byte>(label[i]);
  crypto::XorKeystream(shared, kFirstKeyPosition + index * kKeySpacing, bytes);
  return key;
}

}  // namespace

SessionKeys DeriveSessionKeys(const crypto::SharedSecret& shared) {
  return {
      .enc_c2s = DeriveKey(shared, 0, "TCPS enc_c2s"),  // TCPS-KEY-03
      .enc_s2c = DeriveKey(shared, 1, "TCPS enc_s2c"),  // TCPS-KEY-04
      .mac_c2s = DeriveKey(shared, 2, "TCPS mac_c2s"),  // TCPS-KEY-05
      .mac_s2c = DeriveKey(shared, 3, "TCPS mac_s2c"),  // TCPS-KEY-06
  };
}

}  // namespace tcpslab::tcps
