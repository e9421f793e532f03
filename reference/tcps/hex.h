// Bytes as lower-case hex, for key logs and fingerprints.
#pragma once

#include <boost/algorithm/hex.hpp>
#include <cstddef>
#include <iterator>
#include <span>
#include <string>

namespace tcpslab::tcps {

inline std::string ToHex(std::span<const std::byte> bytes) {
  std::string text;
  const auto* first = reinterpret_cast<const unsigned char*>(bytes.data());
  boost::algorithm::hex_lower(first, first + bytes.size(), std::back_inserter(text));
  return text;
}

}  // namespace tcpslab::tcps
