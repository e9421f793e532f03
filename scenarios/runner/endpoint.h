// One end of one connection: an application on ns-3's TCP, or a script in its place.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "scenarios/runner/observation.h"
#include "scenarios/runner/pattern.h"

namespace tcpslab::scenarios {

class Endpoint {
 public:
  virtual ~Endpoint() = default;
  // Begins to listen, or to connect.
  virtual void Start() = 0;
  [[nodiscard]] virtual const ApplicationObservation& observation() const = 0;
  // Nothing more will come of it: it finished, or failed.
  [[nodiscard]] virtual bool settled() const = 0;
};

// Notes that the next bytes of the stream came, and whether they are the peer's.
void NoteReceived(ApplicationObservation& observation, const Pattern& expected, std::span<const std::byte> bytes,
                  stack::Duration now);

// Called by an endpoint when it became settled.
using SettledCallback = std::function<void()>;

}  // namespace tcpslab::scenarios
