// ns-3's clock in the hands of a caller.
#pragma once

#include <ns3/nstime.h>

#include <functional>

namespace tcpslab::bindings {

class Clock {
 public:
  // Whether ns-3 runs at this moment: in another thread, since the caller's own waits for it.
  [[nodiscard]] bool running() const { return running_; }
  // Whether a RunUntil() is not over.
  [[nodiscard]] bool asking() const { return asking_ > 0; }
  // Something happened that a caller can observe.
  void Note() {
    noted_ = true;
    if (stops_) Stop();
  }

  // Runs everything that is due until `end`, and at that very time. Without the GIL.
  void RunTo(const ns3::Time& end) { Run(end, false); }
  // The same, but asks after everything noted, and before all else; returns what `predicate` said last. The predicate
  // may let time pass itself.
  bool RunUntil(const std::function<bool()>& predicate, const ns3::Time& end);

 private:
  static void Stop();
  // False if something was noted before `end`, and `stops`.
  bool Run(const ns3::Time& end, bool stops);
  bool RunWithoutGil(const ns3::Time& end, bool stops);

  bool running_ = false;
  bool noted_ = false;
  bool stops_ = false;
  int asking_ = 0;
};

}  // namespace tcpslab::bindings
