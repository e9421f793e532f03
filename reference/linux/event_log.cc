#include "reference/linux/event_log.h"

#include "reference/tcps/state.h"

namespace tcpslab::linux_host {
namespace {

// Whether segments of a flow in this state may not go on in clear after a restart.
bool IsJournalled(std::string_view state) {
  using enum tcps::State;
  return state == ToString(kEncrypted) || state == ToString(kAuthenticated) || state == ToString(kBlocked);
}

// Others can be caused by every packet that someone sends.
bool OncePerConnection(stack::EventKind kind) {
  using enum stack::EventKind;
  switch (kind) {
    case kEncrypted:
    case kAuthenticated:
    case kPeerNew:
    case kMitmSuspected:
    case kFellBack:
    case kBlocked:
    case kFlowExpired:
      return true;
    default:
      return false;
  }
}

}  // namespace

EventLog::~EventLog() { TellLeftOut(stack::kNever); }

void EventLog::OnEvent(const stack::Event& event) {
  if (file_ != nullptr) file_->OnEvent(event);
  const std::lock_guard lock(mutex_);
  if (!Admit(ToString(event.kind), OncePerConnection(event.kind), event.time)) return;
  for (const LogLine& line : LinesOf(event, tofu_enforce_)) Write(line);
}

void EventLog::OnIdentitySent(const stack::Flow& flow, stack::Instant time) {
  const std::lock_guard lock(mutex_);
  if (Admit("identity-sent", true, time)) Write(LineOfIdentitySent(flow));
}

bool EventLog::Admit(std::string_view kind, bool once_per_connection, stack::Instant now) {
  // More than a busy host has of them (10 000 connections a minute), less than a SYN flood; and as printk_ratelimit has
  // it.
  static constexpr std::uint32_t kMostConnections = 2000;
  static constexpr std::uint32_t kMostRepetitions = 10;
  TellLeftOut(now);
  return !silent_ && limit_.Admit(kind, once_per_connection ? kMostConnections : kMostRepetitions, now);
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
    log_.warn("left out {} more of the event {}", count, kind);
  }
}

}  // namespace tcpslab::linux_host
