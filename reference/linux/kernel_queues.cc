#include "reference/linux/kernel_queues.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <limits>
#include <sstream>
#include <string>

namespace tcpslab::linux_host {
namespace {

constexpr const char* kFile = "/proc/self/net/netfilter/nfnetlink_queue";

}  // namespace

KernelQueues::KernelQueues() : file_(::open(kFile, O_RDONLY | O_CLOEXEC), kFile) {}

std::map<std::uint16_t, KernelQueue> KernelQueues::Read() const {
  std::string text;
  std::array<char, 4096> chunk{};
  while (true) {
    const ssize_t size = ::pread(file_.get(), chunk.data(), chunk.size(), static_cast<off_t>(text.size()));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) ThrowSystemError(kFile);
    if (size == 0) return ParseKernelQueues(text);
    text.append(chunk.data(), static_cast<std::size_t>(size));
  }
}

// Each line (net/netfilter/nfnetlink_queue.c, seq_show): queue number, port id of its owner, packets waiting, copy
// mode, copy range, dropped because the queue was full, dropped because the owner's socket was full, id of the last
// packet, 1.
std::map<std::uint16_t, KernelQueue> ParseKernelQueues(std::string_view text) {
  std::map<std::uint16_t, KernelQueue> queues;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::uint64_t number = 0;
    std::uint64_t skipped = 0;
    KernelQueue queue;
    fields >> number >> skipped >> queue.waiting >> skipped >> skipped >> queue.queue_dropped >> queue.user_dropped >>
        queue.queued;
    if (fields && number <= std::numeric_limits<std::uint16_t>::max()) {
      queues[static_cast<std::uint16_t>(number)] = queue;
    }
  }
  return queues;
}

}  // namespace tcpslab::linux_host
