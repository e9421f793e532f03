#include "reference/linux/line_limit.h"

namespace tcpslab::linux_host {

bool LineLimit::Admit(std::string_view kind, std::uint32_t most, stack::Instant now) {
  Window& window = windows_.try_emplace(kind, Window{.start = now}).first->second;
  if (now - window.start >= kWindow) {
    window.start = now;
    window.admitted = 0;
  }
  if (window.admitted < most) {
    ++window.admitted;
    return true;
  }
  ++window.left_out;
  return false;
}

LineLimit::LeftOut LineLimit::TakeLeftOut(stack::Instant now) {
  LeftOut left_out;
  for (auto& [kind, window] : windows_) {
    if (window.left_out == 0 || now - window.start < kWindow) continue;
    left_out.emplace_back(kind, std::exchange(window.left_out, 0));
  }
  return left_out;
}

}  // namespace tcpslab::linux_host
