// Files that hold secrets: for their owner's eyes only.
#pragma once

#include <filesystem>

#include "reference/linux/descriptor.h"

namespace tcpslab::linux_host {

// Opens a regular file with open(2)'s `flags` and, where it is made, mode 0600. Throws std::system_error, and
// std::runtime_error with the reason if it is something else (a symbolic link too) or group or others may read or write
// it.
Descriptor OpenPrivate(const std::filesystem::path& file, int flags);

}  // namespace tcpslab::linux_host
