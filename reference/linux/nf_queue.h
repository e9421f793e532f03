// One NFQUEUE of netfilter: packets come up, verdicts go down (libnetfilter_queue over libmnl).
//
// Without NFQA_CFG_F_GSO the kernel cuts what segmentation offload left together, and completes checksums, before it
// queues: every packet is one as on the wire. A full queue drops; it never lets a packet pass.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "reference/linux/descriptor.h"

struct mnl_socket;
struct nlmsghdr;

namespace tcpslab::linux_host {

enum class Hook : std::uint8_t { kOutput, kPrerouting };

struct QueuedPacket {
  std::uint32_t id = 0;  // for the verdict
  Hook hook = Hook::kOutput;
  std::uint32_t interface = 0;  // index of the one that it leaves or came by
  std::span<std::byte> bytes;   // the IP packet; may be edited, valid during the handler only
};

// One thread at a time.
class NfQueue {
 public:
  // Called for each packet, and has to give a verdict on it before it returns.
  using Handler = std::function<void(const QueuedPacket&)>;

  // Takes queue `number` in the network namespace of the caller, with room for `length` packets in the kernel. Throws
  // std::system_error: without CAP_NET_ADMIN, or if another program has the queue.
  NfQueue(std::uint16_t number, std::uint32_t length);

  [[nodiscard]] int descriptor() const;
  [[nodiscard]] std::uint16_t number() const { return number_; }

  // Hands over the packets that have come, without waiting for more, and sends their verdicts. Returns how many.
  // Throws std::system_error if the queue is lost.
  std::size_t Receive(const Handler& handler);

  void Accept(std::uint32_t id);
  void Drop(std::uint32_t id);
  // Accepts another packet in place of the queued one: compose(room) writes it and returns its size. `room` is as long
  // as the longest IP packet.
  void Replace(std::uint32_t id, const std::function<std::size_t(std::span<std::byte>)>& compose);
  // Sends the verdicts given so far. They are held back until the end of Receive, or until many have gathered.
  void Flush();

  // Packets that the kernel could not hand over, for want of memory in the socket.
  [[nodiscard]] std::uint64_t overruns() const { return overruns_; }

 private:
  void Configure(std::uint32_t length);
  void Ask(nlmsghdr* request, const std::string& what);
  void Dispatch(std::span<std::byte> datagram, const Handler& handler);
  nlmsghdr* BeginVerdict(std::uint32_t id, int verdict);
  void EndVerdict(const nlmsghdr* message);

  struct CloseSocket {
    void operator()(mnl_socket* socket) const;
  };
  std::unique_ptr<mnl_socket, CloseSocket> socket_;
  std::uint16_t number_;
  std::vector<std::byte> received_;  // kBatch datagrams, kDatagram bytes each
  std::vector<iovec> vectors_;
  std::vector<mmsghdr> messages_;
  std::vector<std::byte> verdicts_;
  std::size_t verdicts_size_ = 0;
  std::uint64_t overruns_ = 0;
};

}  // namespace tcpslab::linux_host
