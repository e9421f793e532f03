// A scenario as a value: what a scenario file says, with every default filled in (design, section 5).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "reference/stack/event.h"
#include "reference/stack/policy.h"
#include "reference/tcps/deviations.h"
#include "scenarios/runner/outcome.h"
#include "scenarios/runner/protocol_key.h"
#include "scenarios/runner/script.h"

namespace tcpslab::scenarios {

// Where something stands in a scenario file; lines count from 1.
struct Location {
  std::string file;
  int line = 0;
};

// Something is wrong with a scenario file. what() reads "file:line: message".
class ScenarioError : public std::runtime_error {
 public:
  ScenarioError(const Location& location, std::string_view message);
};

enum class HostName : std::uint8_t { kClient, kServer };
inline constexpr std::array<HostName, 2> kHosts = {HostName::kClient, HostName::kServer};
std::string_view ToString(HostName host);
constexpr HostName OtherHost(HostName host) {
  return host == HostName::kClient ? HostName::kServer : HostName::kClient;
}

// An ns-3 attribute and its value in ns-3's own words. Whether they exist is only known with ns-3 at hand: see
// attributes.h.
struct AttributeSetting {
  std::string name;
  std::string value;
  Location location;
};

struct Host {
  bool stack = true;
  stack::Policy policy;
  std::vector<AttributeSetting> tcp;  // of ns3::TcpSocket or ns3::TcpSocketBase
  tcps::Deviations deviations;
  std::optional<Script> script;  // in place of TCP
};

struct Link {
  std::uint64_t rate = 100'000'000;                       // bit/s, of every link of the path
  stack::Duration delay = std::chrono::milliseconds(10);  // one way, the whole path
  std::uint16_t mtu = 1500;
  wire::Family family = wire::Family::kIpv4;
};

struct PathElement {
  std::string type;  // an ns-3 TypeId
  Location location;
  std::set<std::size_t> visits;  // counting from 1; empty: every visit
  std::vector<AttributeSetting> attributes;

  [[nodiscard]] bool ActsIn(std::size_t visit) const { return visits.empty() || visits.contains(visit); }
  // The value of the attribute Goal; "none" without it.
  [[nodiscard]] std::string_view goal() const;
};

enum class WorkloadKind : std::uint8_t { kRequestResponse, kUpload, kDownload, kEcho };
// The client connects to the server, the server to the client, the client to itself.
enum class Direction : std::uint8_t { kForward, kReverse, kLoopback };
enum class Closing : std::uint8_t { kClient, kServer, kAbort };  // the connecting side, the other, the former by RST

struct Workload {
  WorkloadKind kind = WorkloadKind::kRequestResponse;
  std::uint64_t request = 0;  // bytes from the connecting side
  std::uint64_t response = 0;
  std::size_t visits = 1;
  std::size_t connections = 1;                    // parallel, in each visit
  stack::Duration gap = std::chrono::seconds(1);  // from the end of a visit to the start of the next
  std::vector<Direction> directions;              // one for each visit
  stack::Duration pause{};                        // from the last byte of a request to the first of its response
  Closing close = Closing::kClient;
};

struct Restart {
  HostName host = HostName::kClient;
  std::size_t before_visit = 1;  // counting from 1
};

// An event that is expected, or must not occur.
struct ExpectedEvent {
  stack::EventKind kind{};
  std::optional<HostName> host;  // none: at either

  friend bool operator==(const ExpectedEvent&, const ExpectedEvent&) = default;
};
// "tag-missing", "tag-missing@client": as in a scenario file.
std::string ToString(const ExpectedEvent& event);

// What is not set is not judged.
struct Expectation {
  std::optional<Connection> connection;
  std::optional<Protection> protection;
  std::optional<Delivery> delivery;
  std::optional<Attack> attack;
  std::vector<ExpectedEvent> events;     // each must occur
  std::vector<ExpectedEvent> no_events;  // none may occur
  std::string why;
  std::vector<Expectation> visits;    // of the first visits; at the top level only
  std::vector<Expectation> on_linux;  // at most one, likewise: in place of this one in a live run

  [[nodiscard]] const Expectation& live() const { return on_linux.empty() ? *this : on_linux.front(); }
};

struct ProtocolExpectation {
  const ProtocolKey* key = nullptr;
  Expectation expectation;
  Location location;
};

struct Scenario {
  std::string file;
  std::string name;
  std::string summary;
  Host client;
  Host server;
  Link link;
  std::vector<PathElement> path;  // in the order from client to server
  Workload workload;
  std::vector<Restart> restarts;
  stack::Duration duration = std::chrono::seconds(30);  // limit of each visit
  std::vector<ProtocolExpectation> expectations;        // in the order of ProtocolKeys()

  [[nodiscard]] const Host& host(HostName which) const { return which == HostName::kClient ? client : server; }
};

}  // namespace tcpslab::scenarios
