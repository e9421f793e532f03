#include "reference/linux/worker.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <optional>
#include <utility>

namespace tcpslab::linux_host {
namespace {

// Batches of packets between two looks at the tasks and timers.
constexpr int kBatchesInARow = 16;

bool IsProtected(const tcps::Tcps& tcps, const stack::FlowKey& key) {
  const std::optional<tcps::State> state = tcps.StateOf(key);
  return state == tcps::State::kSynReceived || state == tcps::State::kEncrypted || state == tcps::State::kAuthenticated;
}

// The other host's address in an IPv6 packet; else nothing.
std::optional<wire::Address> RemoteIpv6(const QueuedPacket& packet) {
  if (packet.bytes.size() < wire::kIpv6HeaderSize || std::to_integer<unsigned>(packet.bytes[0]) >> 4 != 6) return {};
  const std::size_t offset = packet.hook == Hook::kOutput ? 24 : 8;
  return wire::Address::Ipv6(packet.bytes.subspan(offset).first<wire::Address::kIpv6Size>());
}

}  // namespace

stack::Instant Now() {
  return stack::Instant(
      std::chrono::duration_cast<stack::Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

Worker::Worker(const WorkerSettings& settings, stack::EventSink& events, stack::KeyLog* key_log,
               const tcps::Shared& shared)
    : queue_(settings.queue, settings.queue_length),
      raw_sender_(settings.mark, scopes_),
      sender_(queue_, raw_sender_),
      path_mtu_(scopes_),
      path_({.fragments_pass = settings.config.dialect == tcps::Dialect::kLkm,
             .is_protected = [this](const stack::FlowKey& key) { return IsProtected(tcps_, key); }},
            sender_, path_mtu_),
      tcps_(settings.config, {.segments = path_, .events = events, .random = random_, .key_log = key_log}, shared),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "cannot make an eventfd") {
  path_.SetShim(tcps_);
}

Worker::~Worker() { Stop(); }

void Worker::Start(std::function<void(const std::exception&)> failed) {
  failed_ = std::move(failed);
  {
    const std::lock_guard lock(mutex_);
    running_ = true;
  }
  thread_ = std::thread([this] {
    ::prctl(PR_SET_NAME, ("tcpsd-" + std::to_string(queue_.number())).c_str());
    std::optional<std::runtime_error> error;
    try {
      Run();
    } catch (const std::exception& reason) {
      error.emplace(reason.what());
    }
    {
      const std::lock_guard lock(mutex_);
      running_ = false;
    }
    RunTasks();  // nobody waits in vain
    if (error) failed_(*error);
  });
}

void Worker::Stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  Wake();
  thread_.join();
}

void Worker::Run() {
  while (!stopping_) {
    if (WaitForWork()) {
      for (int i = 0; i < kBatchesInARow; ++i) {
        if (queue_.Receive([this](const QueuedPacket& packet) { Handle(packet); }) == 0) break;
      }
    }
    RunTasks();
    if (const stack::Instant now = Now(); tcps_.NextDeadline() <= now) path_.Expire(now);
  }
}

// True if packets have come.
bool Worker::WaitForWork() const {
  std::array<pollfd, 2> waited = {pollfd{.fd = queue_.descriptor(), .events = POLLIN, .revents = 0},
                                  pollfd{.fd = wake_.get(), .events = POLLIN, .revents = 0}};
  timespec timeout{};
  const stack::Instant deadline = tcps_.NextDeadline();
  if (deadline != stack::kNever) {
    const stack::Duration left = std::max(deadline - Now(), stack::Duration::zero());
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
    timeout = {.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
  }
  if (::ppoll(waited.data(), waited.size(), deadline == stack::kNever ? nullptr : &timeout, nullptr) < 0 &&
      errno != EINTR) {
    ThrowSystemError("cannot wait for packets");
  }
  if (waited[1].revents != 0) {
    eventfd_t count = 0;
    ::eventfd_read(wake_.get(), &count);
  }
  return waited[0].revents != 0;
}

void Worker::Handle(const QueuedPacket& packet) {
  if (const std::optional<wire::Address> remote = RemoteIpv6(packet)) scopes_.Note(*remote, packet.interface);
  const stack::Instant now = Now();
  const PacketPath::Fate fate =
      packet.hook == Hook::kOutput ? path_.Outbound(packet.bytes, now) : path_.Inbound(packet.bytes, now);
  switch (fate) {
    case PacketPath::Fate::kAccept:
      return queue_.Accept(packet.id);
    case PacketPath::Fate::kDrop:
      return queue_.Drop(packet.id);
    case PacketPath::Fate::kReplace:
      return queue_.Replace(packet.id, [this](std::span<std::byte> room) { return path_.Compose(room); });
  }
}

void Worker::Call(const Task& task) {
  std::packaged_task<void()> call([&] { task(tcps_, Now()); });
  std::future<void> done = call.get_future();
  {
    const std::lock_guard lock(mutex_);
    if (running_) {
      tasks_.push_back(std::move(call));
    }
  }
  if (call.valid()) {
    call();
  } else {
    Wake();
  }
  done.get();
}

void Worker::RunTasks() {
  while (true) {
    std::packaged_task<void()> task;
    {
      const std::lock_guard lock(mutex_);
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

void Worker::Wake() const { ::eventfd_write(wake_.get(), 1); }

WorkerCounters Worker::counters() {
  WorkerCounters counters;
  Call([&](tcps::Tcps& tcps, stack::Instant) {
    counters = {.packets = path_.counters(), .protocol = tcps.counters(), .overruns = queue_.overruns()};
  });
  return counters;
}

}  // namespace tcpslab::linux_host
