// What `lab bench --live` measures tcpsd against: takes every packet of a netfilter queue and lets it pass as it is.
#include <poll.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <exception>

#include "reference/linux/nf_queue.h"

namespace {

using tcpslab::linux_host::NfQueue;
using tcpslab::linux_host::QueuedPacket;

constexpr std::uint32_t kLength = 4096;  // tcpsd's default

[[noreturn]] void AcceptAll(std::uint16_t number) {
  NfQueue queue(number, kLength);
  std::puts("ready");
  std::fflush(stdout);
  while (true) {
    std::array<pollfd, 1> waited = {pollfd{.fd = queue.descriptor(), .events = POLLIN, .revents = 0}};
    ::poll(waited.data(), waited.size(), -1);
    queue.Receive([&queue](const QueuedPacket& packet) { queue.Accept(packet.id); });
  }
}

}  // namespace

int main(int argc, char* argv[]) {
  std::uint16_t number = 0;
  if (argc != 2 || std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), number).ec != std::errc()) {
    std::fputs("usage: tcpslab-accept-queue QUEUE\n", stderr);
    return 2;
  }
  try {
    AcceptAll(number);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tcpslab-accept-queue: %s\n", error.what());
    return 3;
  }
}
