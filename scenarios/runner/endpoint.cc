#include "scenarios/runner/endpoint.h"

namespace tcpslab::scenarios {

void NoteReceived(ApplicationObservation& observation, const Pattern& expected, std::span<const std::byte> bytes,
                  stack::Duration now) {
  if (bytes.empty()) {
    return;
  }
  observation.first_byte = observation.first_byte.value_or(now);
  observation.last_byte = now;
  observation.corrupted = observation.corrupted || !expected.Matches(observation.received, bytes);
  observation.received += bytes.size();
}

}  // namespace tcpslab::scenarios
