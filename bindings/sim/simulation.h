// The one simulation of this process, and everything of ns-3 that outlives one.
#pragma once

#include <ns3/attribute.h>
#include <ns3/type-id.h>

#include <cstdint>
#include <string>

namespace tcpslab::bindings {

// From construction to destruction there is a simulation with checksums, whose randomness depends on `seed` alone.
// Afterwards ns-3 is as it was before.
class Simulation {
 public:
  // RuntimeError while there is another.
  explicit Simulation(std::uint64_t seed);
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;
  ~Simulation();

 private:
  bool checksums_before_;
  std::uint32_t seed_before_;
  std::uint64_t run_before_;
};

// ValueErrors for an attribute that `type` does not have, and for something that is no value of it: ns-3 ends the
// process.
void CheckAttribute(const ns3::TypeId& type, const std::string& name, const ns3::AttributeValue& value);
// The same for a number, time, boolean or choice as text; other attributes cannot be set so.
void CheckAttributeText(const ns3::TypeId& type, const std::string& name, const std::string& text);

}  // namespace tcpslab::bindings
