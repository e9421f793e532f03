#include "bindings/sim/clock.h"

#include <ns3/event-id.h>
#include <ns3/simulator.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <optional>

namespace tcpslab::bindings {

using ns3::Simulator;

void Clock::Stop() { Simulator::Stop(); }

void Clock::RunTo(ns3::Time end) { Run(end, false); }

bool Clock::RunUntil(const std::function<bool()>& predicate, ns3::Time end) {
  bool over = false;
  while (!predicate()) {
    if (over) return false;
    over = Run(end, true);
  }
  return true;
}

bool Clock::Run(ns3::Time end, bool stops) {
  const pybind11::gil_scoped_release released;
  running_ = true;
  stops_ = stops;
  noted_ = false;
  bool quiet = false;
  std::optional<std::uint64_t> events_before;  // when the end came, the last time that it did
  while (!quiet && !(stops && noted_)) {
    const ns3::EventId stop = Simulator::Schedule(end - Simulator::Now(), [&quiet, &events_before] {
      // What was scheduled for this time meanwhile comes after this event: another one is put behind it.
      const std::uint64_t events = Simulator::GetEventCount();
      quiet = events_before && events == *events_before + 1;
      events_before = events;
      Stop();
    });
    Simulator::Run();
    Simulator::Remove(stop);
  }
  running_ = false;
  stops_ = false;
  return quiet;
}

}  // namespace tcpslab::bindings
