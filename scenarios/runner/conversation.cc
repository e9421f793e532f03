#include "scenarios/runner/conversation.h"

#include <algorithm>

#include "scenarios/runner/endpoint.h"

namespace tcpslab::scenarios {

Conversation::Conversation(const ApplicationPlan& plan) : plan_(plan) {
  observation_.expected = plan.incoming->length();
}

void Conversation::OnReceived(std::span<const std::byte> bytes, stack::Duration now) {
  NoteReceived(observation_, *plan_.incoming, bytes, now);
  if (plan_.echoes) {
    to_echo_.insert(to_echo_.end(), bytes.begin(), bytes.end());
  }
}

// An error counts once there is a connection.
void Conversation::OnError(stack::Duration now) {
  if (established()) {
    observation_.error = now;
  }
}

// Once the request is there and the pause after it is over.
bool Conversation::MayAnswer(stack::Duration now) {
  if (!AllReceived()) {
    return false;
  }
  if (plan_.pause > stack::Duration::zero() && !resumes_) {
    resumes_ = now + plan_.pause;
  }
  return !resumes_ || now >= *resumes_;
}

std::span<const std::byte> Conversation::Due(stack::Duration now) {
  if (!established()) {
    return {};
  }
  if (plan_.echoes) {
    return to_echo_;
  }
  if (AllSent() || (plan_.answers && !MayAnswer(now))) {
    return {};
  }
  const std::span<std::byte> part =
      std::span(block_).first(std::min<std::uint64_t>(block_.size(), plan_.outgoing->length() - sent_));
  plan_.outgoing->Fill(sent_, part);
  return part;
}

void Conversation::OnSent(std::size_t size) {
  sent_ += size;
  if (plan_.echoes) {
    to_echo_.erase(to_echo_.begin(), to_echo_.begin() + static_cast<std::ptrdiff_t>(size));
  }
}

}  // namespace tcpslab::scenarios
