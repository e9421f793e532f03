#include "reference/linux/line_limit.h"

namespace tcpslab::linux_host {
namespace {

using stack::EventKind;

bool OncePerConnection(EventKind kind) {
  switch (kind) {
    case EventKind::kEncrypted:
    case EventKind::kAuthenticated:
    case EventKind::kPeerNew:
    case EventKind::kMitmSuspected:
    case EventKind::kFellBack:
    case EventKind::kBlocked:
    case EventKind::kFlowExpired:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool LineLimit::Admit(EventKind kind, stack::Instant now) {
  Window& window = windows_[static_cast<std::size_t>(kind)];
  if (window.start == stack::kNever || now - window.start >= kWindow) {
    window.start = now;
    window.admitted = 0;
  }
  if (window.admitted < (OncePerConnection(kind) ? kPerWindow : kPerWindowRepeated)) {
    ++window.admitted;
    return true;
  }
  ++window.left_out;
  return false;
}

LineLimit::LeftOut LineLimit::TakeLeftOut(stack::Instant now) {
  LeftOut left_out;
  for (std::size_t kind = 0; kind < windows_.size(); ++kind) {
    Window& window = windows_[kind];
    if (window.left_out == 0 || now - window.start < kWindow) continue;
    left_out.emplace_back(static_cast<EventKind>(kind), std::exchange(window.left_out, 0));
  }
  return left_out;
}

}  // namespace tcpslab::linux_host
