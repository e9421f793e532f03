// What the tests of this folder share: byte strings, vectors, generators.
#pragma once

#include <rapidcheck.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reference/crypto/secret.h"

namespace tcpslab::crypto::test {

// On the heap and of exact size, so that AddressSanitizer sees an access one byte outside.
using Bytes = std::vector<std::byte>;

Bytes FromHex(std::string_view digits);
std::string ToHex(std::span<const std::byte> bytes);
Bytes ToBytes(std::string_view text);

// Exactly N bytes; throws std::length_error otherwise.
template <std::size_t N>
std::array<std::byte, N> Fixed(std::span<const std::byte> bytes) {
  if (bytes.size() != N) throw std::length_error("wrong size: " + ToHex(bytes));
  std::array<std::byte, N> fixed{};
  std::ranges::copy(bytes, fixed.begin());
  return fixed;
}
template <std::size_t N>
Secret<N> ToSecret(std::span<const std::byte> bytes) {
  return Secret<N>(Fixed<N>(bytes));
}

// The array "vectors" of test/vectors/`file`.
nlohmann::json Vectors(const std::string& file);

rc::Gen<Bytes> ArbitraryBytes(std::size_t size);

}  // namespace tcpslab::crypto::test
