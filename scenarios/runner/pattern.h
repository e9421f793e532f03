// What the applications send: bytes that no other place of any stream has, so that where they came from can be told
// from the bytes alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "reference/crypto/chacha20.h"

namespace tcpslab::scenarios {

// Whose bytes: those of the connecting side, or those of the side that answers.
enum class Way : std::uint8_t { kRequest, kResponse };

// The bytes of one direction of one connection: the first line of an HTTP request or response, so that boxes which let
// nothing else through have something to let through, and from there a keystream whose key follows from seed,
// connection and direction. Cheap to keep: bytes are made when they are asked for.
class Pattern {
 public:
  // `connection` counts the connections of a run, all visits together.
  Pattern(std::uint64_t seed, std::size_t connection, Way way, std::uint64_t length);

  [[nodiscard]] std::uint64_t length() const { return length_; }
  // The bytes at [offset, offset + out.size()); also beyond the length.
  void Fill(std::uint64_t offset, std::span<std::byte> out) const;
  // Whether `bytes` are those at `offset`; false where they reach beyond the length.
  [[nodiscard]] bool Matches(std::uint64_t offset, std::span<const std::byte> bytes) const;

 private:
  crypto::ChaCha20Key key_;
  std::string_view start_;
  std::uint64_t length_;
};

}  // namespace tcpslab::scenarios
