// What every user of libsodium in this folder needs: its byte type, and its initialisation. Not for other folders.
#pragma once

#include <sodium.h>

#include <cstddef>
#include <span>
#include <stdexcept>

namespace tcpslab::crypto {

inline unsigned char* MutableRaw(std::span<std::byte> bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }
inline const unsigned char* Raw(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// Until sodium_init() ran, libsodium uses its slow portable code. Any thread, any number of times.
inline void UseSodium() {
  static const int status = sodium_init();
  if (status < 0) throw std::runtime_error("libsodium cannot be initialised");
}

}  // namespace tcpslab::crypto
