// A file descriptor that closes itself.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace tcpslab::linux_host {

// The last system call failed; `what` says which one and why it matters.
[[noreturn]] inline void ThrowSystemError(const std::string& what) {
  throw std::system_error(errno, std::system_category(), what);
}

class Descriptor {
 public:
  Descriptor() = default;
  // Takes what a system call returned; below 0 it is none.
  explicit Descriptor(int number) : number_(number) {}
  // Takes what a system call returned; throws std::system_error with `what` if that is below 0.
  Descriptor(int number, const char* what) : number_(number) {
    if (number < 0) ThrowSystemError(what);
  }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { Close(); }
  void Close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }
  [[nodiscard]] int get() const { return number_; }
  [[nodiscard]] bool open() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

}  // namespace tcpslab::linux_host
