// What one application sends and has received, without the socket: the same for ns-3's TCP and for the kernel's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "scenarios/runner/application_plan.h"
#include "scenarios/runner/observation.h"

namespace tcpslab::scenarios {

class Conversation {
 public:
  explicit Conversation(const ApplicationPlan& plan);

  void OnEstablished(stack::Duration now) { observation_.established = now; }
  // The next bytes of the stream came; whether they are the peer's is noted.
  void OnReceived(std::span<const std::byte> bytes, stack::Duration now);
  void OnError(stack::Duration now);
  void OnFinished() { observation_.finished = true; }

  // The next bytes to send; none if nothing is due. Valid until the next call of any function.
  [[nodiscard]] std::span<const std::byte> Due(stack::Duration now);
  // The first `size` of the bytes that were due were sent.
  void OnSent(std::size_t size);
  // The end of the pause before an answer, once that has begun: then more is due.
  [[nodiscard]] std::optional<stack::Duration> resumes() const { return resumes_; }

  [[nodiscard]] Ending ending() const { return plan_.ending; }
  [[nodiscard]] bool established() const { return observation_.established.has_value(); }
  // Everything is sent and received.
  [[nodiscard]] bool complete() const { return established() && AllReceived() && AllSent(); }
  [[nodiscard]] const ApplicationObservation& observation() const { return observation_; }

 private:
  [[nodiscard]] bool AllReceived() const { return observation_.received >= plan_.incoming->length(); }
  [[nodiscard]] bool AllSent() const { return sent_ >= plan_.outgoing->length(); }
  bool MayAnswer(stack::Duration now);

  ApplicationPlan plan_;
  ApplicationObservation observation_;
  std::uint64_t sent_ = 0;
  std::array<std::byte, 16384> block_{};
  std::vector<std::byte> to_echo_;
  std::optional<stack::Duration> resumes_;
};

}  // namespace tcpslab::scenarios
