// Bytes as hex, for key logs, fingerprints and settings: written in lower case, read in either.
#pragma once

#include <boost/algorithm/hex.hpp>
#include <cstddef>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tcpslab::tcps {

inline std::string ToHex(std::span<const std::byte> bytes) {
  std::string text;
  const auto* first = reinterpret_cast<const unsigned char*>(bytes.data());
  boost::algorithm::hex_lower(first, first + bytes.size(), std::back_inserter(text));
  return text;
}

// Nothing unless the text is digits alone, two for each byte.
inline std::optional<std::vector<std::byte>> FromHex(std::string_view digits) {
  std::vector<unsigned char> bytes;
  try {
    boost::algorithm::unhex(digits.begin(), digits.end(), std::back_inserter(bytes));
  } catch (const boost::algorithm::hex_decode_error&) {
    return std::nullopt;
  }
  const auto raw = std::as_bytes(std::span(bytes));
  return std::vector<std::byte>(raw.begin(), raw.end());
}

}  // namespace tcpslab::tcps
