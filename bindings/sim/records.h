// What TCP/S on a node reported, in the types that tcpslab.stack has for it.
#pragma once

#include <ns3/output-stream-wrapper.h>
#include <ns3/tcps-event.h>
#include <ns3/tcps-stack.h>

#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "reference/stack/event.h"

namespace tcpslab::bindings {

class Records {
 public:
  // Listens to `stack`, which lives no longer than this object; `note` is called after every event and state change.
  Records(const ns3::Ptr<ns3::TcpsStack>& stack, std::function<void()> note);
  Records(const Records&) = delete;
  Records& operator=(const Records&) = delete;

  [[nodiscard]] const std::vector<stack::Event>& events() const { return events_; }
  [[nodiscard]] const std::vector<stack::StateChange>& state_changes() const { return state_changes_; }
  [[nodiscard]] std::vector<std::string> key_log() const;

 private:
  void OnEvent(const ns3::TcpsEvent& event);
  void OnStateChange(const ns3::TcpsStateChange& change);

  std::function<void()> note_;
  std::vector<stack::Event> events_;
  std::vector<stack::StateChange> state_changes_;
  std::ostringstream key_log_;
};

}  // namespace tcpslab::bindings
