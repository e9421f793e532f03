// The daemon's life: start, signals, reload, stop.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "reference/linux/control_server.h"
#include "reference/linux/descriptor.h"
#include "reference/linux/event_file.h"
#include "reference/linux/event_log.h"
#include "reference/linux/firewall.h"
#include "reference/linux/flow_journal.h"
#include "reference/linux/kernel_queues.h"
#include "reference/linux/key_log_file.h"
#include "reference/linux/log.h"
#include "reference/linux/options.h"
#include "reference/linux/worker.h"

namespace tcpslab::linux_host {

class PeerDatabase;

class Daemon final : public Controlled {
 public:
  // Reads the command line and the configuration file again; throws CommandLineEnd.
  using Reread = std::function<Options()>;

  // Opens and takes all that it needs, blocks the flows that were protected before, and gives up its privileges; no
  // packet is touched yet. Throws std::system_error and std::runtime_error in words for the user.
  Daemon(const Options& options, Reread reread);
  ~Daemon() override;

  // Installs the rules and works until SIGTERM or SIGINT; then ends the connections that are protected, which would go
  // on in clear, and removes the rules. Throws as the constructor does; if a worker fails, the rules stay, so that
  // nothing passes in clear.
  void Run();

  // For the control socket; any thread, while Run() works.
  Status CurrentStatus() override;
  [[nodiscard]] crypto::PublicKey identity() const override { return identity_->public_key; }
  void ChangePolicy(const std::function<void(stack::Policy&)>& change) override;
  tcps::Peers& peers() override { return *peers_; }

 private:
  // Packets are held in the queues as long as this lives: no worker gives a verdict.
  class Pause;

  void OpenPeers();
  void BlockFlowsOfEarlierRun();
  void MakeWorkers();
  void RefuseSecondInstance();
  void Start();
  void HandleSignal(int number);
  void Reload();
  void ReportUnchangeable(const Options& wanted);
  void ChangeSelection(const Options& wanted);
  void Stop();
  void WorkerFailed(const std::exception& reason);
  [[nodiscard]] FlowJournal* journal() { return journal_ ? &*journal_ : nullptr; }

  // Runs `task` while no worker gives a verdict: packets wait in the queues.
  using AllTcps = std::vector<tcps::Tcps*>;
  void WithAll(const std::function<void(const AllTcps&)>& task);
  static std::vector<tcps::ConnectionStatus> Connections(const AllTcps& all);
  static std::vector<stack::Flow> FlowsToEnd(const AllTcps& all);

  Options options_;
  const Reread reread_;
  Log log_;
  Descriptor signals_;
  Descriptor failure_;  // an eventfd: a worker has failed
  std::shared_ptr<const crypto::KeyPair> identity_;
  std::optional<KeyLogFile> key_log_;
  std::optional<EventFile> event_file_;
  std::optional<KernelQueues> kernel_queues_;
  Firewall firewall_;
  std::unique_ptr<ControlServer> control_;
  std::optional<FlowJournal> journal_;
  std::optional<EventLog> events_;
  std::shared_ptr<tcps::Peers> peers_;
  PeerDatabase* peer_database_ = nullptr;  // peers_, if they are kept
  std::vector<std::unique_ptr<Worker>> workers_;
  std::mutex policy_mutex_;  // of options_.config.policy, once the control socket is open
  bool stopping_ = false;
};

// Removes the rules that a killed daemon left behind, once the connections are ended that it protected. Throws
// std::runtime_error if a daemon has them in use.
void CleanUp(const Options& options);

}  // namespace tcpslab::linux_host
