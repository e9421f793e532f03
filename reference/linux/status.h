// What `tcpsd status` shows, as JSON (the keys are in ToJson) and as text.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "reference/crypto/x25519.h"
#include "reference/linux/kernel_queues.h"
#include "reference/linux/worker.h"
#include "reference/stack/flow.h"
#include "reference/stack/policy.h"
#include "reference/tcps/dialect.h"
#include "reference/tcps/state.h"
#include "reference/wire/address.h"

namespace tcpslab::linux_host {

struct WorkerStatus {
  std::uint16_t queue = 0;
  std::size_t connections = 0;
  std::size_t blocked = 0;
  WorkerCounters counters{};
  KernelQueue kernel{};
};

struct ConnectionRow {
  stack::Flow flow{};
  tcps::State state = tcps::State::kNone;
  stack::Duration idle{};
};

struct PeerRow {
  wire::Address address{};
  crypto::PublicKey key{};
  bool proven = false;
};

struct Status {
  std::string version{};
  tcps::Dialect dialect = tcps::Dialect::kReadme;
  crypto::PublicKey identity{};
  stack::Policy policy{};
  std::vector<WorkerStatus> workers{};
  std::vector<ConnectionRow> connections{};
  std::vector<PeerRow> peers{};
  std::vector<std::string> problems{};  // what does not work, in sentences: stores that cannot be written
};

// Objects keep the order of their keys.
using Json = nlohmann::ordered_json;

// {"version", "dialect", "identity": the fingerprint, "policy": {name: value, times in seconds}, "problems":
// [sentence],
//  "workers": [{"queue", "connections", "blocked", the PathCounters by name, "overruns",
//               "kernel": {"waiting", "queued", "queue_dropped", "user_dropped"}}],
//  "connections": [{"client": "a:p", "server": "a:p", "role", "state", "idle_ms"}], by client and server,
//  "peers": [{"address", "fingerprint", "key", "proven"}],
//  "counters": {event or verdict: of all workers}}
Json ToJson(const Status& status);
Json ToJson(const std::vector<PeerRow>& peers);

// Of what ToJson made. Throws Json::exception for other JSON.
std::string StatusText(const Json& status);
std::string PeersText(const Json& peers);

}  // namespace tcpslab::linux_host
