#include "reference/linux/write_all.h"

#include <unistd.h>

#include <cerrno>

#include "reference/linux/descriptor.h"

namespace tcpslab::linux_host {

void WriteAll(int file, std::span<const std::byte> bytes, const char* what) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      ThrowSystemError(what);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

}  // namespace tcpslab::linux_host
