// The address of the control socket, for both of its ends.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace tcpslab::linux_host {

class ControlAddress {
 public:
  // Throws std::runtime_error if the path is longer than a socket's may be.
  explicit ControlAddress(const std::filesystem::path& path) {
    address_.sun_family = AF_UNIX;
    if (path.native().size() >= sizeof(address_.sun_path)) {
      throw std::runtime_error("the run directory's name is too long for a socket: " + path.native());
    }
    std::memcpy(address_.sun_path, path.c_str(), path.native().size() + 1);
  }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address_); }
  [[nodiscard]] static socklen_t size() { return sizeof(sockaddr_un); }

 private:
  sockaddr_un address_{};
};

}  // namespace tcpslab::linux_host
