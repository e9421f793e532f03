#include "reference/stack/event.h"

namespace tcpslab::stack {

std::string_view ToString(EventKind kind) {
  static constexpr std::array<std::string_view, kEventKinds> kNames = {
      "encrypted",   "authenticated", "peer-new",      "mitm-suspected",   "downgrade-refused", "fell-back",
      "tag-missing", "tag-invalid",   "reset-ignored", "table-full",       "malformed-option",  "low-order-key",
      "no-room",     "blocked",       "flow-expired",  "blocked-set-full", "ti-conflict",       "ti-out-of-window",
  };
  return kNames[static_cast<std::size_t>(kind)];
}

std::optional<EventKind> EventKindOf(std::string_view name) {
  for (std::size_t i = 0; i < kEventKinds; ++i) {
    if (const auto kind = static_cast<EventKind>(i); ToString(kind) == name) {
      return kind;
    }
  }
  return std::nullopt;
}

bool IsAlarm(EventKind kind) {
  switch (kind) {
    case EventKind::kMitmSuspected:
    case EventKind::kDowngradeRefused:
    case EventKind::kTagMissing:
    case EventKind::kTagInvalid:
    case EventKind::kLowOrderKey:
    case EventKind::kTiConflict:
      return true;
    default:
      return false;
  }
}

}  // namespace tcpslab::stack
