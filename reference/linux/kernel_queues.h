// What the kernel counts of its packet queues (/proc/net/netfilter/nfnetlink_queue).
#pragma once

#include <cstdint>
#include <map>

#include "reference/linux/descriptor.h"

namespace tcpslab::linux_host {

struct KernelQueue {
  std::uint64_t waiting = 0;        // packets in the queue
  std::uint64_t queue_dropped = 0;  // the queue was full
  std::uint64_t user_dropped = 0;   // the daemon's socket had no room
  std::uint64_t queued = 0;         // packets so far, modulo 2^32
};

// One thread at a time.
class KernelQueues {
 public:
  // Opens the file, which only root may. Throws std::system_error.
  KernelQueues();
  // By queue number, of the network namespace in which this object was made. Throws std::system_error.
  [[nodiscard]] std::map<std::uint16_t, KernelQueue> Read() const;

 private:
  Descriptor file_;
};

// Of the file's text; lines that are none of it are left out.
std::map<std::uint16_t, KernelQueue> ParseKernelQueues(std::string_view text);

}  // namespace tcpslab::linux_host
