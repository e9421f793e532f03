#include "reference/linux/daemon.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <exception>
#include <filesystem>
#include <functional>
#include <map>
#include <stdexcept>
#include <system_error>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "reference/crypto/random.h"
#include "reference/linux/identity_file.h"
#include "reference/linux/kernel_sockets.h"
#include "reference/linux/log_lines.h"
#include "reference/linux/peer_database.h"
#include "reference/linux/privileges.h"
#include "reference/linux/service_manager.h"
#include "reference/linux/shared_peers.h"
#include "reference/stack/flow_table.h"
#include "reference/tcps/peers.h"

namespace tcpslab::linux_host {
namespace {

namespace fs = std::filesystem;

// In the run directory.
constexpr auto kJournal = "flows";
constexpr auto kLockFile = "xtables.lock";

stack::FlowHash NewFlowHash() {
  crypto::SystemRandom random;
  return stack::FlowHash(random);
}

// Blocks the signals, for the threads made from now on too, so that they wait to be read.
Descriptor TakeSignals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&signals, number);
  if (::pthread_sigmask(SIG_BLOCK, &signals, nullptr) != 0) ThrowSystemError("cannot block signals");
  std::signal(SIGPIPE, SIG_IGN);
  return {::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK), "cannot wait for signals"};
}

// Gives a run directory to the account, but no directory that others may need.
void GiveAway(const fs::path& path, const Account& account) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) ThrowSystemError(path.c_str());
  if (status.st_uid == account.uid) return;
  if (!fs::is_empty(path) && !fs::exists(path / kJournal)) {
    throw std::runtime_error(fmt::format("holds other files, and does not belong to {}", account.name));
  }
  if (::chown(path.c_str(), account.uid, account.gid) != 0) ThrowSystemError("chown");
}

void MakeRunDirectory(const fs::path& path, const std::optional<Account>& account) {
  try {
    fs::create_directories(path);
    if (account) GiveAway(path, *account);
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("--run-dir {}: {}", path.string(), error.what()));
  }
}

std::shared_ptr<const crypto::KeyPair> MakeIdentity(const fs::path& file) {
  crypto::SystemRandom random;
  return std::make_shared<crypto::KeyPair>(file.empty() ? crypto::KeyPair::Generate(random)
                                                        : LoadOrCreateIdentity(file, random));
}

// Only root can read what the kernel counts.
std::optional<KernelQueues> OpenKernelQueues() {
  try {
    return std::make_optional<KernelQueues>();
  } catch (const std::system_error&) {
    return std::nullopt;
  }
}

RuleSettings RulesOf(const Options& options) {
  return {.selection = options.selection,
          .first_queue = options.queue,
          .queues = static_cast<std::uint16_t>(options.workers),
          .bypass = options.queue_bypass,
          .mark = options.mark,
          .reassemble = options.config.dialect == tcps::Dialect::kReadme};
}

// Takes the queues that the rules of an earlier run name, `own` apart. Throws if a daemon serves one of them.
std::vector<std::unique_ptr<NfQueue>> TakeQueues(Firewall& firewall, const std::vector<std::uint16_t>& own) {
  std::vector<std::unique_ptr<NfQueue>> queues;
  for (const std::uint16_t number : firewall.QueuesInUse()) {
    if (std::ranges::find(own, number) != own.end()) continue;
    try {
      queues.push_back(std::make_unique<NfQueue>(number, 1));
    } catch (const std::system_error&) {
      throw std::runtime_error(fmt::format(
          "another tcpsd runs in this network namespace: its rules are there, and queue {} is served", number));
    }
  }
  return queues;
}

// Ends connections that would go on in clear. Where that fails the log says so; whoever stops goes on with it.
void EndFlows(const std::vector<stack::Flow>& flows, spdlog::logger& log, FlowJournal* journal) {
  if (flows.empty()) return;
  std::unordered_set<stack::FlowKey, stack::FlowHash> keys(flows.size(), NewFlowHash());
  for (const stack::Flow& flow : flows) keys.emplace(flow.local, flow.remote);
  EndedConnections result;
  try {
    result = EndConnections([&keys](const stack::FlowKey& key) { return keys.contains(key); });
  } catch (const std::system_error& error) {
    log.warn("{}: up to {} protected connections go on in clear", error.what(), flows.size());
    return;
  }
  if (result.ended > 0) log.info("protected connections ended, which would go on in clear: {}", result.ended);
  if (!result.left.empty()) {
    log.warn("protected connections that go on in clear, for the kernel cannot end them: {}", result.left.size());
  }
  if (journal == nullptr) return;
  for (const stack::FlowKey& key : result.left) keys.erase(key);
  for (const stack::Flow& flow : flows) {
    if (keys.contains({flow.local, flow.remote})) journal->Remove(flow);
  }
}

}  // namespace

Daemon::Daemon(const Options& options, Reread reread)
    : options_(options),
      reread_(std::move(reread)),
      log_({.file = options.log_file, .level = options.log_level}),
      failure_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "cannot make an eventfd"),
      firewall_(options.run_dir / kLockFile) {
  RequireCapabilities();
  signals_ = TakeSignals();
  const std::optional<Account> account = ChooseAccount(options.user);
  MakeRunDirectory(options.run_dir, account);
  // With the rights of who started us: what only root can read or make.
  identity_ = MakeIdentity(options.identity);
  if (!options.key_log.empty()) key_log_.emplace(options.key_log, log_.logger());
  if (!options.event_log.empty()) event_file_.emplace(options.event_log, log_.logger());
  kernel_queues_ = OpenKernelQueues();
  DropPrivileges(account);
  // With ours: what is written while we run.
  control_ = std::make_unique<ControlServer>(options.run_dir, *this, log_.logger());
  if (options.config.dialect == tcps::Dialect::kReadme) journal_.emplace(options.run_dir / kJournal, log_.logger());
  events_.emplace(log_.logger(), journal(), event_file_ ? &*event_file_ : nullptr);
  events_->SetTofuEnforce(options.config.policy.tofu_enforce);
  OpenPeers();
  MakeWorkers();
  RefuseSecondInstance();
  BlockFlowsOfEarlierRun();
}

// What it answers with goes after it.
Daemon::~Daemon() { control_.reset(); }

void Daemon::OpenPeers() {
  if (options_.peers.empty()) {
    peers_ = std::make_shared<SharedPeers>(options_.max_peers);
    return;
  }
  if (options_.identity.empty()) {
    log_.logger().warn("peers are kept, our identity is not (--identity): after a restart it is a MITM to them");
  }
  auto database = std::make_shared<PeerDatabase>(options_.peers, log_.logger(), options_.max_peers);
  peer_database_ = database.get();
  peers_ = std::move(database);
}

void Daemon::MakeWorkers() {
  for (unsigned i = 0; i < options_.workers; ++i) {
    const WorkerSettings settings{.queue = static_cast<std::uint16_t>(options_.queue + i),
                                  .queue_length = options_.queue_length,
                                  .mark = options_.mark,
                                  .config = options_.config};
    workers_.push_back(std::make_unique<Worker>(settings, *events_, key_log_ ? &*key_log_ : nullptr,
                                                tcps::Shared{.peers = peers_, .identity = identity_}));
  }
}

void Daemon::RefuseSecondInstance() {
  std::vector<std::uint16_t> own;
  for (unsigned i = 0; i < options_.workers; ++i) own.push_back(static_cast<std::uint16_t>(options_.queue + i));
  TakeQueues(firewall_, own);
}

// R25. Which worker will see a flow's packets only the kernel knows. The sets of blocked flows are bounded: what they
// have no room for is ended.
void Daemon::BlockFlowsOfEarlierRun() {
  if (!journal_) return;
  std::vector<stack::Flow> flows = journal_->flows();
  if (const std::size_t room = options_.config.policy.max_blocked; flows.size() > room) {
    const auto surplus = flows.begin() + static_cast<std::ptrdiff_t>(room);
    EndFlows({surplus, flows.end()}, log_.logger(), journal());
    flows.erase(surplus, flows.end());
  }
  if (flows.empty()) return;
  events_->SetSilent(true);
  for (const stack::Flow& flow : flows) {
    for (const auto& worker : workers_) {
      worker->Call([&flow](tcps::Tcps& tcps, stack::Instant now) { tcps.Block(flow, now); });
    }
  }
  events_->SetSilent(false);
  log_.logger().warn("{} sessions of an earlier run are blocked, dropping all of them", flows.size());
}

void Daemon::Run() {
  // Rules that a killed daemon left behind keep traffic out: a start that fails must not open the way.
  const bool closed = firewall_.Present();
  try {
    Start();
  } catch (...) {
    if (!closed) Stop();
    throw;
  }
  while (!stopping_) {
    std::array<pollfd, 2> waited = {pollfd{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                                    pollfd{.fd = failure_.get(), .events = POLLIN, .revents = 0}};
    if (::poll(waited.data(), waited.size(), -1) < 0 && errno != EINTR) ThrowSystemError("cannot wait for signals");
    if (waited[1].revents != 0) {
      throw std::runtime_error("a worker failed; the rules stay, so that nothing passes in clear");
    }
    signalfd_siginfo signal{};
    while (::read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
      HandleSignal(static_cast<int>(signal.ssi_signo));
    }
  }
  NotifyServiceManager("STOPPING=1");
  Stop();
  const LogLine line = LineAtEnd();
  log_.logger().log(line.level, line.text);
}

// Packets wait in the queues, both ways, until all rules stand: no connection is seen in one direction only.
void Daemon::Start() {
  firewall_.Install(RulesOf(options_));
  for (const auto& worker : workers_) worker->Start([this](const std::exception& reason) { WorkerFailed(reason); });
  for (const LogLine& line : LinesAtStart(options_.config.dialect, identity_->public_key)) {
    log_.logger().log(line.level, line.text);
  }
  log_.logger().info("workers: {}, first queue: {}, rules by {}", options_.workers, options_.queue, firewall_.tool());
  control_->Start();
  NotifyServiceManager("READY=1");
}

void Daemon::WorkerFailed(const std::exception& reason) {
  log_.logger().error("worker failed: {}", reason.what());
  ::eventfd_write(failure_.get(), 1);
}

void Daemon::HandleSignal(int number) {
  if (number == SIGHUP) return Reload();
  stopping_ = true;
}

void Daemon::Reload() {
  Options wanted;
  try {
    wanted = reread_();
  } catch (const CommandLineEnd& error) {
    log_.logger().error("configuration not changed: {}", error.what());
    return;
  }
  try {
    ReportUnchangeable(wanted);
    log_.SetLevel(wanted.log_level);
    ChangeSelection(wanted);
    ChangePolicy([&wanted](stack::Policy& policy) { policy = wanted.config.policy; });
    log_.Reopen();
    log_.logger().info("configuration read again");
  } catch (const std::exception& error) {
    log_.logger().error("configuration changed in part: {}", error.what());
  }
}

void Daemon::ReportUnchangeable(const Options& wanted) {
  const std::array<std::pair<std::string_view, bool>, 13> changed = {{
      {"dialect", wanted.config.dialect != options_.config.dialect},
      {"workers", wanted.workers != options_.workers},
      {"queue", wanted.queue != options_.queue},
      {"queue-length", wanted.queue_length != options_.queue_length},
      {"mark", wanted.mark != options_.mark},
      {"run-dir", wanted.run_dir != options_.run_dir},
      {"identity", wanted.identity != options_.identity},
      {"peers", wanted.peers != options_.peers},
      {"max-peers", wanted.max_peers != options_.max_peers},
      {"key-log", wanted.key_log != options_.key_log},
      {"event-log", wanted.event_log != options_.event_log},
      {"log-file", wanted.log_file != options_.log_file},
      {"user", wanted.user != options_.user},
  }};
  for (const auto& [name, differs] : changed) {
    if (differs) log_.logger().warn("{}: a new value takes effect when tcpsd is started again", name);
  }
}

// Connections that are protected and would no longer be seen are ended first: they would go on in clear. Rules that do
// not change are written again: others may have removed them.
void Daemon::ChangeSelection(const Options& wanted) {
  Options next = options_;
  next.selection = wanted.selection;
  next.queue_bypass = wanted.queue_bypass;
  WithAll([&](const AllTcps& all) {
    std::vector<stack::Flow> flows = FlowsToEnd(all);
    // Which interface a flow uses is not known here.
    if (next.selection.interfaces.empty() || next.selection.interfaces == options_.selection.interfaces) {
      std::erase_if(flows, [&next](const stack::Flow& flow) { return Covers(next.selection, flow); });
    }
    EndFlows(flows, log_.logger(), journal());
    try {
      firewall_.Install(RulesOf(next));
    } catch (...) {
      firewall_.Install(RulesOf(options_));
      throw;
    }
  });
  options_.selection = next.selection;
  options_.queue_bypass = next.queue_bypass;
}

// Once no worker gives a verdict, packets wait in the queues, until the rules are gone and the queues are closed:
// nothing of the selected traffic passes meanwhile.
void Daemon::Stop() {
  control_.reset();
  for (const auto& worker : workers_) worker->Stop();
  WithAll([this](const AllTcps& all) { EndFlows(FlowsToEnd(all), log_.logger(), journal()); });
  firewall_.Remove();
}

void Daemon::WithAll(const std::function<void(const AllTcps&)>& task) {
  AllTcps all;
  const std::function<void()> next = [&] {
    if (all.size() == workers_.size()) return task(all);
    workers_[all.size()]->Call([&](tcps::Tcps& tcps, stack::Instant) {
      all.push_back(&tcps);
      next();
    });
  };
  next();
}

std::vector<tcps::ConnectionStatus> Daemon::Connections(const AllTcps& all) {
  std::unordered_map<stack::FlowKey, tcps::ConnectionStatus, stack::FlowHash> merged(0, NewFlowHash());
  for (const tcps::Tcps* tcps : all) {
    for (const tcps::ConnectionStatus& connection : tcps->Connections()) {
      const auto [at, added] = merged.try_emplace({connection.flow.local, connection.flow.remote}, connection);
      // A flow of an earlier run is blocked in all, and goes on, with a new SYN, in one.
      if (!added && at->second.state == tcps::State::kBlocked) at->second = connection;
    }
  }
  std::vector<tcps::ConnectionStatus> connections;
  connections.reserve(merged.size());
  for (const auto& [key, connection] : merged) connections.push_back(connection);
  return connections;
}

// All but those that go on in clear anyway.
std::vector<stack::Flow> Daemon::FlowsToEnd(const AllTcps& all) {
  std::vector<stack::Flow> flows;
  for (const tcps::ConnectionStatus& connection : Connections(all)) {
    if (connection.state != tcps::State::kDead) flows.push_back(connection.flow);
  }
  return flows;
}

Status Daemon::CurrentStatus() {
  Status status;
  status.version = TCPSLAB_VERSION;
  status.dialect = options_.config.dialect;
  status.identity = identity();
  {
    const std::lock_guard lock(policy_mutex_);
    status.policy = options_.config.policy;
  }
  std::map<std::uint16_t, KernelQueue> kernel;
  if (kernel_queues_) kernel = kernel_queues_->Read();
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    WorkerStatus worker;
    worker.queue = static_cast<std::uint16_t>(options_.queue + i);
    worker.counters = workers_[i]->counters();
    worker.kernel = kernel[worker.queue];
    status.workers.push_back(worker);
  }
  WithAll([&](const AllTcps& all) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      status.workers[i].connections = all[i]->connections();
      status.workers[i].blocked = all[i]->blocked_flows();
    }
    const stack::Instant now = Now();
    for (const tcps::ConnectionStatus& connection : Connections(all)) {
      status.connections.push_back(
          {.flow = connection.flow, .state = connection.state, .idle = now - connection.last_active});
    }
  });
  for (const auto& [address, peer] : peers_->All()) {
    status.peers.push_back({.address = address, .key = peer.key, .proven = peer.proven});
  }
  if (status.peers.size() >= options_.max_peers) {
    status.problems.push_back(
        fmt::format("{} peers are remembered, no more have room (max-peers)", status.peers.size()));
  }
  const auto add_problem = [&status](const auto& store) {
    if (!store) return;
    if (const std::optional<std::string> problem = store->problem()) status.problems.push_back(*problem);
  };
  add_problem(journal_);
  add_problem(key_log_);
  add_problem(event_file_);
  add_problem(peer_database_);
  return status;
}

void Daemon::ChangePolicy(const std::function<void(stack::Policy&)>& change) {
  const std::lock_guard lock(policy_mutex_);
  stack::Policy policy = options_.config.policy;
  change(policy);
  WithAll([&policy](const AllTcps& all) {
    for (tcps::Tcps* tcps : all) tcps->SetPolicy(policy);
  });
  events_->SetTofuEnforce(policy.tofu_enforce);
  options_.config.policy = policy;
}

void CleanUp(const Options& options) {
  RequireCapabilities();
  const Log log({.file = options.log_file, .level = options.log_level});
  Firewall firewall(options.run_dir / kLockFile);
  // As long as they are ours nothing passes, with --queue-bypass either.
  const std::vector<std::unique_ptr<NfQueue>> queues = TakeQueues(firewall, {});
  if (fs::exists(options.run_dir / kJournal)) {
    FlowJournal journal(options.run_dir / kJournal, log.logger());
    EndFlows(journal.flows(), log.logger(), &journal);
  }
  firewall.Remove();
}

}  // namespace tcpslab::linux_host
