// Keeps a flood of equal events from flooding the log: of each kind so many in five seconds, and then how many more.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "reference/stack/event.h"

namespace tcpslab::linux_host {

// Not thread-safe. The clock is that of the events.
class LineLimit {
 public:
  static constexpr stack::Duration kWindow = std::chrono::seconds(5);
  // Events that one connection has once: more than a busy host has of them (10 000 connections a minute), less than a
  // SYN flood.
  static constexpr std::uint32_t kPerWindow = 2000;
  // Events that one sender can cause with every packet; as printk_ratelimit has it.
  static constexpr std::uint32_t kPerWindowRepeated = 10;

  // Whether an event is to be written.
  bool Admit(stack::EventKind kind, stack::Instant now);
  // Kinds of which events were left out in a window that is over, and how many; each is told once.
  using LeftOut = std::vector<std::pair<stack::EventKind, std::uint64_t>>;
  LeftOut TakeLeftOut(stack::Instant now);

 private:
  struct Window {
    stack::Instant start = stack::kNever;  // never: no event yet
    std::uint32_t admitted = 0;
    std::uint64_t left_out = 0;
  };
  std::array<Window, stack::kEventKinds> windows_{};
};

}  // namespace tcpslab::linux_host
