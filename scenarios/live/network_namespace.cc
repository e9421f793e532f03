#include "scenarios/live/network_namespace.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>

#include <cstdlib>

namespace tcpslab::scenarios {
namespace {

linux_host::Descriptor Open(const std::string& path) {
  linux_host::Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) {
    linux_host::ThrowSystemError(fmt::format("network namespace {}", path));
  }
  return file;
}

}  // namespace

NetworkNamespace::NetworkNamespace(const std::string& name) : file_(Open(fmt::format("/run/netns/{}", name))) {}

NetworkNamespace::Visit::Visit(const NetworkNamespace& host) : home_(Open("/proc/thread-self/ns/net")) {
  if (setns(host.file_.get(), CLONE_NEWNET) != 0) {
    linux_host::ThrowSystemError("setns");
  }
}

NetworkNamespace::Visit::~Visit() {
  if (setns(home_.get(), CLONE_NEWNET) != 0) {
    std::abort();  // whatever this thread opened from now on would be on the wrong host
  }
}

}  // namespace tcpslab::scenarios
