// A file descriptor that closes itself.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace tcpslab::linux_host {

// The last system call failed; `what` says which one and why it matters.
[[noreturn]] inline void ThrowSystemError(const char* what) {
  throw std::system_error(errno, std::system_category(), what);
}

class Descriptor {
 public:
  Descriptor() = default;
  // Takes what a system call returned; throws std::system_error with `what` if that is below 0.
  Descriptor(int number, const char* what) : number_(number) {
    if (number < 0) ThrowSystemError(what);
  }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int get() const { return number_; }

 private:
  int number_ = -1;
};

}  // namespace tcpslab::linux_host
