// One thread that carries a Tcps between netfilter and the network: one queue, one connection table.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>

#include "reference/crypto/random.h"
#include "reference/linux/descriptor.h"
#include "reference/linux/nf_queue.h"
#include "reference/linux/packet_path.h"
#include "reference/linux/path_mtu.h"
#include "reference/linux/raw_sender.h"
#include "reference/linux/socket_address.h"
#include "reference/stack/event.h"
#include "reference/stack/instant.h"
#include "reference/tcps/tcps.h"

namespace tcpslab::linux_host {

// The kernel's monotonic clock.
stack::Instant Now();

struct WorkerSettings {
  std::uint16_t queue = 0;
  std::uint32_t queue_length = 4096;  // packets that the kernel keeps for it; more are dropped
  std::uint32_t mark = 0;             // of the packets that we send: the firewall rules let them pass
  tcps::Config config;
};

struct WorkerCounters {
  PathCounters packets;
  stack::Counters protocol;
  std::uint64_t overruns = 0;  // times that the kernel could not hand packets over
};

class Worker {
 public:
  // Opens its sockets and takes its queue; packets wait there until Start. The sinks are called from its thread and
  // outlive it. Throws std::system_error.
  Worker(const WorkerSettings& settings, stack::EventSink& events, stack::KeyLog* key_log, const tcps::Shared& shared);
  // Stops.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Starts the thread. When the thread can no longer do its work (the queue is lost), it calls `failed` with the reason
  // and ends; packets are dropped by the kernel then.
  void Start(std::function<void(const std::exception&)> failed);
  // Ends the thread; packets wait in the queue until this object goes, and are dropped then. May be called twice.
  void Stop();

  // Runs `task` on the thread, between two packets, and waits for it; before Start and after Stop, on the caller's.
  // What it throws is thrown here. From any thread, but not from within a task.
  using Task = std::function<void(tcps::Tcps&, stack::Instant now)>;
  void Call(const Task& task);
  WorkerCounters counters();

 private:
  // Verdicts on earlier packets leave before a packet of our own does.
  class OrderedSender final : public PacketSender {
   public:
    OrderedSender(NfQueue& queue, PacketSender& sender) : queue_(queue), sender_(sender) {}
    bool Send(std::span<const std::byte> packet, const wire::Address& destination) override {
      queue_.Flush();
      return sender_.Send(packet, destination);
    }

   private:
    NfQueue& queue_;
    PacketSender& sender_;
  };

  void Run();
  void Handle(const QueuedPacket& packet);
  void RunTasks();
  [[nodiscard]] bool WaitForWork() const;
  void Wake() const;

  crypto::SystemRandom random_;
  LinkLocalScopes scopes_;
  NfQueue queue_;
  RawSender raw_sender_;
  OrderedSender sender_;
  KernelPathMtu path_mtu_;
  PacketPath path_;
  tcps::Tcps tcps_;
  Descriptor wake_;  // an eventfd

  std::mutex mutex_;  // of tasks_ and running_
  std::deque<std::packaged_task<void()>> tasks_;
  bool running_ = false;
  std::atomic<bool> stopping_ = false;
  std::function<void(const std::exception&)> failed_;
  std::thread thread_;
};

}  // namespace tcpslab::linux_host
