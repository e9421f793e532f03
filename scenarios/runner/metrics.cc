#include "scenarios/runner/metrics.h"

#include <algorithm>
#include <map>

namespace tcpslab::scenarios {
namespace {

double Milliseconds(stack::Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

class Mean {
 public:
  void Add(double value) {
    sum_ += value;
    ++count_;
  }
  [[nodiscard]] std::optional<double> value() const {
    return count_ == 0 ? std::nullopt : std::optional(sum_ / static_cast<double>(count_));
  }

 private:
  double sum_ = 0;
  std::size_t count_ = 0;
};

// The side that gets the larger part of the data.
const ApplicationObservation& MainReceiver(const ConnectionObservation& connection) {
  return connection.requester.expected > 0 ? connection.requester : connection.responder;
}

}  // namespace

Metrics Measure(const std::vector<ConnectionObservation>& all, std::size_t visit) {
  Metrics metrics;
  Mean handshake;
  Mean first_byte;
  std::map<std::size_t, stack::Duration> active;  // by visit: from its start to its last byte
  for (const ConnectionObservation& connection : all) {
    if (visit != 0 && connection.visit != visit) {
      continue;
    }
    if (connection.requester.established) {
      handshake.Add(Milliseconds(*connection.requester.established - connection.start));
    }
    if (const std::optional<stack::Duration>& first = MainReceiver(connection).first_byte) {
      first_byte.Add(Milliseconds(*first - connection.start));
    }
    for (const ApplicationObservation* side : {&connection.requester, &connection.responder}) {
      metrics.app_bytes += side->received;
      if (side->last_byte) {
        stack::Duration& longest = active[connection.visit];
        longest = std::max(longest, *side->last_byte - connection.start);
      }
    }
    metrics.wire_bytes += connection.wire.bytes;
    metrics.retransmits += connection.wire.retransmits;
  }
  metrics.handshake_ms = handshake.value();
  metrics.first_byte_ms = first_byte.value();
  stack::Duration total{};
  for (const auto& [number, duration] : active) {
    total += duration;
  }
  if (total > stack::Duration::zero()) {
    static constexpr double kBitsPerByte = 8;
    metrics.goodput_bps =
        kBitsPerByte * static_cast<double>(metrics.app_bytes) / std::chrono::duration<double>(total).count();
  }
  return metrics;
}

}  // namespace tcpslab::scenarios
