// write(2) until everything is written.
#pragma once

#include <cstddef>
#include <span>

namespace tcpslab::linux_host {

// Throws std::system_error with `what` (a file's name); part of the bytes may be written then.
void WriteAll(int file, std::span<const std::byte> bytes, const char* what);

}  // namespace tcpslab::linux_host
