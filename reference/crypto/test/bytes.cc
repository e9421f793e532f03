#include "reference/crypto/test/bytes.h"

#include <boost/algorithm/hex.hpp>
#include <fstream>
#include <iterator>

namespace tcpslab::crypto::test {

Bytes FromHex(std::string_view digits) {
  std::string raw;
  boost::algorithm::unhex(digits, std::back_inserter(raw));
  return ToBytes(raw);
}

std::string ToHex(std::span<const std::byte> bytes) {
  std::string text;
  const auto* first = reinterpret_cast<const unsigned char*>(bytes.data());
  boost::algorithm::hex_lower(first, first + bytes.size(), std::back_inserter(text));
  return text;
}

Bytes ToBytes(std::string_view text) {
  const auto raw = std::as_bytes(std::span(text));
  return {raw.begin(), raw.end()};
}

nlohmann::json Vectors(const std::string& file) {
  std::ifstream stream(TCPSLAB_SOURCE_DIR "/reference/crypto/test/vectors/" + file);
  return nlohmann::json::parse(stream).at("vectors");
}

rc::Gen<Bytes> ArbitraryBytes(std::size_t size) {
  return rc::gen::container<Bytes>(
      size, rc::gen::map(rc::gen::arbitrary<std::uint8_t>(), [](std::uint8_t byte) { return std::byte{byte}; }));
}

}  // namespace tcpslab::crypto::test
