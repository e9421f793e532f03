#include "reference/linux/event_log.h"

#include "reference/linux/log_lines.h"
#include "reference/tcps/state.h"

namespace tcpslab::linux_host {
namespace {

// Whether segments of a flow in this state may not go on in clear after a restart.
bool IsJournalled(std::string_view state) {
  using enum tcps::State;
  return state == ToString(kEncrypted) || state == ToString(kAuthenticated) || state == ToString(kBlocked);
}

}  // namespace

EventLog::~EventLog() { TellLeftOut(stack::kNever); }

void EventLog::OnEvent(const stack::Event& event) {
  const std::lock_guard lock(mutex_);
  TellLeftOut(event.time);
  if (!limit_.Admit(event.kind, event.time)) return;
  for (const LogLine& line : LinesOf(event, tofu_enforce_)) log_.log(line.level, line.text);
}

void EventLog::OnStateChange(const stack::StateChange& change) {
  if (journal_ == nullptr) return;
  if (IsJournalled(change.to)) {
    journal_->Add(change.flow);
  } else {
    journal_->Remove(change.flow);
  }
}

void EventLog::TellLeftOut(stack::Instant now) {
  for (const auto& [kind, count] : limit_.TakeLeftOut(now)) {
    log_.warn("left out {} more of the event {}", count, ToString(kind));
  }
}

}  // namespace tcpslab::linux_host
