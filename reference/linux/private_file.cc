#include "reference/linux/private_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <stdexcept>

namespace tcpslab::linux_host {

Descriptor OpenPrivate(const std::filesystem::path& file, int flags) {
  // O_NONBLOCK: a FIFO must not hold us up; regular files do not know it.
  const int opened = ::open(file.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
  if (opened < 0 && errno == ELOOP) throw std::runtime_error(fmt::format("{} is a symbolic link", file.string()));
  Descriptor descriptor(opened, file.c_str());
  struct stat facts {};
  if (::fstat(opened, &facts) != 0) ThrowSystemError(file.c_str());
  if (!S_ISREG(facts.st_mode)) throw std::runtime_error(fmt::format("{} is not a regular file", file.string()));
  if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    throw std::runtime_error(
        fmt::format("{} is open to group or others (mode {:04o}): chmod 600 it, and consider who has read it",
                    file.string(), facts.st_mode & 07777));
  }
  return descriptor;
}

}  // namespace tcpslab::linux_host
