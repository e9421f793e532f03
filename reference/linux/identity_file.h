// The host's identity key on disk, for those who ask for it; else it lives and dies with the process.
#pragma once

#include <filesystem>

#include "reference/crypto/random.h"
#include "reference/crypto/x25519.h"

namespace tcpslab::linux_host {

// The key in `file`; if there is no such file, makes one with a new key: mode 0600, whole or not at all. Throws
// std::system_error, and std::runtime_error with the reason if the file can be read by group or others, belongs to
// another user, or is not an identity file.
crypto::KeyPair LoadOrCreateIdentity(const std::filesystem::path& file, crypto::Random& random);

}  // namespace tcpslab::linux_host
