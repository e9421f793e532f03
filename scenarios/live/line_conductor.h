// A conductor at the other end of standard input and output: one JSON object a line each way (scenarios/README.md,
// "Live runs").
#pragma once

#include <istream>
#include <ostream>

#include "scenarios/live/conductor.h"
#include "scenarios/runner/record.h"

namespace tcpslab::scenarios {

class LineConductor final : public Conductor {
 public:
  LineConductor(std::istream& in, std::ostream& out) : in_(in), out_(out) {}

  // Both throw std::runtime_error if the other end is gone or makes no sense.
  void PrepareVisit(std::size_t visit) override;
  HostReports Collect() override;
  // The end of the conversation.
  void Say(const Json& line);

 private:
  Json Ask(const Json& question);

  std::istream& in_;
  std::ostream& out_;
};

}  // namespace tcpslab::scenarios
