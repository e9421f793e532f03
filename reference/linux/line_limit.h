// Keeps a flood from flooding the log: of each kind of happening so many in five seconds, and then how many more.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "reference/stack/instant.h"

namespace tcpslab::linux_host {

// Not thread-safe. The clock is that of the calls.
class LineLimit {
 public:
  static constexpr stack::Duration kWindow = std::chrono::seconds(5);

  // Whether a happening of this kind is to be written: if there were fewer than `most` in its window. `kind` lives for
  // ever.
  bool Admit(std::string_view kind, std::uint32_t most, stack::Instant now);
  // Kinds of which some were left out in a window that is over, and how many; each is told once.
  using LeftOut = std::vector<std::pair<std::string_view, std::uint64_t>>;
  LeftOut TakeLeftOut(stack::Instant now);

 private:
  struct Window {
    stack::Instant start{};
    std::uint32_t admitted = 0;
    std::uint64_t left_out = 0;
  };
  std::map<std::string_view, Window> windows_;
};

}  // namespace tcpslab::linux_host
