// The daemon's control socket: a Unix stream socket in the run directory on which each line is a request and each
// answer a line, both JSON objects.
//
//   {"command": "status"}                                  {"command": "fingerprint"}
//   {"command": "set", "values": {"enforce": "1"}}         {"command": "peers"}
//   {"command": "forget", "address": "10.0.0.1"}           {"command": "pin", "address": "10.0.0.1", "key": "<64 hex>"}
//
//   {"ok": true, "result": …}                              {"ok": false, "fault": "request", "error": "a sentence"}
//
// `fault` is "request" (the request was wrong) or "daemon" (it could not be carried out).
#pragma once

#include <spdlog/logger.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "reference/crypto/x25519.h"
#include "reference/linux/descriptor.h"
#include "reference/linux/status.h"
#include "reference/stack/policy.h"

namespace tcpslab::tcps {
class Peers;
}

namespace tcpslab::linux_host {

// What can be controlled. Called from the server's thread.
class Controlled {
 public:
  virtual ~Controlled() = default;
  virtual Status CurrentStatus() = 0;
  [[nodiscard]] virtual crypto::PublicKey identity() const = 0;
  // Calls change(policy) on a copy of the policy in force, then puts that in force everywhere. If `change` throws,
  // nothing has changed.
  virtual void ChangePolicy(const std::function<void(stack::Policy&)>& change) = 0;
  virtual tcps::Peers& peers() = 0;
};

// The socket's name in the run directory.
inline constexpr std::string_view kControlSocket = "control";

// Carries out one request, a line without its end; returns the answer, with its end. Never throws.
std::string Answer(std::string_view request, Controlled& controlled, spdlog::logger& log);

class ControlServer {
 public:
  // A longer request is refused.
  static constexpr std::size_t kMaximumRequest = 16 * 1024;
  // As many are served at once; others wait.
  static constexpr std::size_t kMaximumClients = 16;
  // A request that has not come whole after this time, or an answer that was not read, ends that client's connection.
  static constexpr std::chrono::milliseconds kPatience = std::chrono::seconds(5);

  // Makes the socket, mode 0660: from now on clients can connect, and are answered from Start() on. A socket that a
  // killed daemon left behind is replaced. Throws std::system_error, and std::runtime_error if a daemon answers on it.
  // The references outlive this object.
  ControlServer(const std::filesystem::path& run_directory, Controlled& controlled, spdlog::logger& log,
                std::chrono::milliseconds patience = kPatience);
  // Ends the thread and removes the socket.
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  // Its thread.
  void Start();

 private:
  struct Client;
  class Loop;
  std::unique_ptr<Loop> loop_;
  std::thread thread_;
};

}  // namespace tcpslab::linux_host
