#include "bindings/sim/clock.h"

#include <ns3/event-id.h>
#include <ns3/simulator.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <optional>
#include <utility>

namespace tcpslab::bindings {

using ns3::Simulator;

namespace {

// Something is so for the length of a scope.
template <class T>
class Meanwhile {
 public:
  Meanwhile(T& variable, T value) : variable_(variable), before_(std::exchange(variable, value)) {}
  Meanwhile(const Meanwhile&) = delete;
  Meanwhile& operator=(const Meanwhile&) = delete;
  ~Meanwhile() { variable_ = before_; }

 private:
  T& variable_;
  T before_;
};

}  // namespace

void Clock::Stop() { Simulator::Stop(); }

bool Clock::RunUntil(const std::function<bool()>& predicate, const ns3::Time& end) {
  const Meanwhile asking(asking_, asking_ + 1);
  bool over = false;
  while (!predicate()) {
    if (over) return false;
    over = Run(end, true);
  }
  return true;
}

bool Clock::Run(const ns3::Time& end, bool stops) {
  // Until the GIL is back: whoever has it meanwhile sees that ns-3 runs.
  const Meanwhile running(running_, true);
  const pybind11::gil_scoped_release released;
  return RunWithoutGil(end, stops);
}

bool Clock::RunWithoutGil(const ns3::Time& end, bool stops) {
  const Meanwhile stopping(stops_, stops);
  noted_ = false;
  bool quiet = false;
  std::optional<std::uint64_t> events_before;  // when the end came, the last time that it did
  while (!quiet && !(stops && noted_)) {
    const ns3::EventId stop = Simulator::Schedule(Max(end - Simulator::Now(), ns3::Time(0)), [&quiet, &events_before] {
      // What was scheduled for this time meanwhile comes after this event: another one is put behind it.
      const std::uint64_t events = Simulator::GetEventCount();
      quiet = events_before && events == *events_before + 1;
      events_before = events;
      Stop();
    });
    Simulator::Run();
    Simulator::Remove(stop);
  }
  return quiet;
}

}  // namespace tcpslab::bindings
