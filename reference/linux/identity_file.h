// The host's identity key on disk, for those who ask for it; else it lives and dies with the process.
#pragma once

#include <filesystem>

#include "reference/crypto/random.h"
#include "reference/crypto/x25519.h"

namespace tcpslab::linux_host {

// The key in `file`; if there is no such file, makes one with a new key: mode 0600, on the disk, whole or not at all.
// Throws std::system_error, and std::runtime_error with the reason if group or others can read the file or it is not an
// identity file.
crypto::KeyPair LoadOrCreateIdentity(const std::filesystem::path& file, crypto::Random& random);

}  // namespace tcpslab::linux_host
