// ns-3's clock in the hands of a caller.
#pragma once

#include <ns3/nstime.h>

#include <functional>

namespace tcpslab::bindings {

class Clock {
 public:
  // Whether ns-3 runs at this moment: in another thread, since the caller's own waits for it.
  [[nodiscard]] bool running() const { return running_; }
  // Something happened that a caller can observe.
  void Note() {
    noted_ = true;
    if (stops_) Stop();
  }

  // Runs everything that is due until `end`, and at that very time. Without the GIL.
  void RunTo(ns3::Time end);
  // The same, but asks after everything noted, and before all else; returns what `predicate` said last.
  bool RunUntil(const std::function<bool()>& predicate, ns3::Time end);

 private:
  static void Stop();
  // False if something was noted before `end`, and `stops`.
  bool Run(ns3::Time end, bool stops);

  bool running_ = false;
  bool noted_ = false;
  bool stops_ = false;
};

}  // namespace tcpslab::bindings
