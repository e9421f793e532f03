#include "scenarios/runner/pattern.h"

#include <algorithm>
#include <array>

#include "reference/crypto/random.h"

namespace tcpslab::scenarios {
namespace {

// What a box that looks for HTTP wants to see (RFC 9112, sections 3 and 4).
constexpr std::string_view kRequestLine = "GET / HTTP/1.1\r\n\r\n";
constexpr std::string_view kStatusLine = "HTTP/1.1 200 OK\r\n\r\n";

}  // namespace

Pattern::Pattern(std::uint64_t seed, std::size_t connection, Way way, std::uint64_t length)
    : start_(way == Way::kRequest ? kRequestLine : kStatusLine), length_(length) {
  crypto::SeededRandom random(seed, 2 * connection + static_cast<std::size_t>(way));
  random.Fill(key_.mutable_bytes());
}

void Pattern::Fill(std::uint64_t offset, std::span<std::byte> out) const {
  crypto::Keystream(key_, offset, out);
  for (std::uint64_t place = offset; place < start_.size() && place - offset < out.size(); ++place) {
    out[place - offset] = static_cast<std::byte>(start_[place]);
  }
}

bool Pattern::Matches(std::uint64_t offset, std::span<const std::byte> bytes) const {
  if (offset > length_ || bytes.size() > length_ - offset) {
    return false;
  }
  std::array<std::byte, 4096> expected{};
  while (!bytes.empty()) {
    const std::span<std::byte> part = std::span(expected).first(std::min(bytes.size(), expected.size()));
    Fill(offset, part);
    if (!std::ranges::equal(part, bytes.first(part.size()))) {
      return false;
    }
    offset += part.size();
    bytes = bytes.subspan(part.size());
  }
  return true;
}

}  // namespace tcpslab::scenarios
