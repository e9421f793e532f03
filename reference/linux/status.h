// What `tcpsd status` shows, as JSON (the keys are in ToJson) and as text.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "reference/crypto/x25519.h"
#include "reference/linux/kernel_queues.h"
#include "reference/stack/event.h"
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
  std::vector<std::pair<std::string, std::uint64_t>> counters;  // the worker's own, by name
  KernelQueue kernel;
};

struct ConnectionRow {
  stack::Flow flow;
  tcps::State state = tcps::State::kNone;
  stack::Duration idle{};
};

struct PeerRow {
  wire::Address address;
  crypto::PublicKey key{};
  bool proven = false;
};

struct Status {
  std::string version;
  tcps::Dialect dialect = tcps::Dialect::kReadme;
  crypto::PublicKey identity{};
  stack::Policy policy;
  std::vector<WorkerStatus> workers;
  std::vector<ConnectionRow> connections;
  std::vector<PeerRow> peers;
  stack::Counters counters;           // of all workers
  std::vector<std::string> problems;  // what does not work, in sentences: stores that cannot be written
};

stack::Counters& operator+=(stack::Counters& sum, const stack::Counters& other);

nlohmann::json ToJson(const Status& status);
nlohmann::json ToJson(const std::vector<PeerRow>& peers);
// Of what ToJson made. Throws nlohmann::json::exception for other JSON.
std::string StatusText(const nlohmann::json& status);
std::string PeersText(const nlohmann::json& peers);

}  // namespace tcpslab::linux_host
