#include "reference/linux/nf_queue.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>

#include <array>
#include <cerrno>
#include <string>

namespace tcpslab::linux_host {
namespace {

constexpr std::size_t kBatch = 32;
constexpr std::size_t kLongestPacket = 65535;
constexpr std::size_t kDatagram =
    65536 + 1024;                         // with the attributes around it; a multiple of what they are aligned to
constexpr std::size_t kVerdictHead = 64;  // of a verdict without its packet
constexpr std::size_t kVerdicts = 4 * kLongestPacket;  // bytes of verdicts that gather before they are sent
constexpr int kReceiveBuffer = 8 << 20;

}  // namespace

void NfQueue::CloseSocket::operator()(mnl_socket* socket) const { mnl_socket_close(socket); }

NfQueue::NfQueue(std::uint16_t number, std::uint32_t length)
    : socket_(mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC)),
      number_(number),
      received_(kBatch * kDatagram),
      vectors_(kBatch),
      messages_(kBatch),
      verdicts_(kVerdicts + kVerdictHead + kLongestPacket) {
  if (socket_ == nullptr) ThrowSystemError("cannot open a netfilter socket");
  if (mnl_socket_bind(socket_.get(), 0, MNL_SOCKET_AUTOPID) < 0) ThrowSystemError("cannot bind a netfilter socket");
  for (std::size_t i = 0; i < kBatch; ++i) {
    vectors_[i] = {.iov_base = received_.data() + i * kDatagram, .iov_len = kDatagram};
    messages_[i].msg_hdr.msg_iov = &vectors_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
  }
  Configure(length);
}

int NfQueue::descriptor() const { return mnl_socket_get_fd(socket_.get()); }

void NfQueue::Configure(std::uint32_t length) {
  const std::string queue = "queue " + std::to_string(number_);
  alignas(nlmsghdr) std::array<std::byte, 512> buffer{};  // padding included
  nlmsghdr* request = nfq_nlmsg_put(reinterpret_cast<char*>(buffer.data()), NFQNL_MSG_CONFIG, number_);
  nfq_nlmsg_cfg_put_cmd(request, AF_UNSPEC, NFQNL_CFG_CMD_BIND);
  Ask(request, queue + " cannot be taken (another program may have it)");

  request = nfq_nlmsg_put(reinterpret_cast<char*>(buffer.data()), NFQNL_MSG_CONFIG, number_);
  nfq_nlmsg_cfg_put_params(request, NFQNL_COPY_PACKET, 0xffff);
  nfq_nlmsg_cfg_put_qmaxlen(request, length);
  // No flag: NFQA_CFG_F_FAIL_OPEN would let packets pass a full queue, NFQA_CFG_F_GSO would hand over super-segments.
  mnl_attr_put_u32(request, NFQA_CFG_FLAGS, 0);
  mnl_attr_put_u32(request, NFQA_CFG_MASK, htonl(NFQA_CFG_F_FAIL_OPEN | NFQA_CFG_F_GSO));
  Ask(request, queue + " cannot be configured");

  // A socket that overflows drops packets, which the kernel counts; it need not say so each time.
  const int on = 1;
  mnl_socket_setsockopt(socket_.get(), NETLINK_NO_ENOBUFS, const_cast<int*>(&on), sizeof on);
  if (::setsockopt(descriptor(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer) < 0) {
    ThrowSystemError("cannot enlarge the receive buffer of a queue");
  }
}

void NfQueue::Ask(nlmsghdr* request, const std::string& what) {
  request->nlmsg_flags |= NLM_F_ACK;
  if (mnl_socket_sendto(socket_.get(), request, request->nlmsg_len) < 0) ThrowSystemError(what);
  const unsigned port = mnl_socket_get_portid(socket_.get());
  while (true) {
    const ssize_t size = mnl_socket_recvfrom(socket_.get(), received_.data(), kDatagram);
    if (size < 0) ThrowSystemError(what);
    const auto* answer = reinterpret_cast<const nlmsghdr*>(received_.data());
    if (answer->nlmsg_type != NLMSG_ERROR) continue;  // packets that came already stay with the kernel, unjudged
    if (mnl_cb_run(answer, static_cast<std::size_t>(size), 0, port, nullptr, nullptr) < 0) ThrowSystemError(what);
    return;
  }
}

std::size_t NfQueue::Receive(const Handler& handler) {
  const int count = ::recvmmsg(descriptor(), messages_.data(), kBatch, MSG_DONTWAIT, nullptr);
  if (count < 0) {
    if (errno == EAGAIN || errno == EINTR) return 0;
    if (errno != ENOBUFS) ThrowSystemError("a queue was lost");
    ++overruns_;
    return 0;
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    Dispatch(std::span(received_).subspan(i * kDatagram, messages_[i].msg_len), handler);
  }
  Flush();
  return static_cast<std::size_t>(count);
}

void NfQueue::Dispatch(std::span<std::byte> datagram, const Handler& handler) {
  auto* message = reinterpret_cast<nlmsghdr*>(datagram.data());
  int left = static_cast<int>(datagram.size());
  for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
    // An error answers a verdict on a packet that the kernel has given up meanwhile.
    if (message->nlmsg_type != (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET)) continue;
    std::array<nlattr*, NFQA_MAX + 1> attributes{};
    if (nfq_nlmsg_parse(message, attributes.data()) < 0 || attributes[NFQA_PACKET_HDR] == nullptr) continue;
    const auto* header = static_cast<const nfqnl_msg_packet_hdr*>(mnl_attr_get_payload(attributes[NFQA_PACKET_HDR]));
    const std::uint32_t id = ntohl(header->packet_id);
    // A packet that is longer than a netlink attribute comes cut off; nothing can be said about the rest.
    if (attributes[NFQA_PAYLOAD] == nullptr || attributes[NFQA_CAP_LEN] != nullptr) {
      Drop(id);
      continue;
    }
    const bool leaves = header->hook == NF_INET_LOCAL_OUT;
    const nlattr* interface = attributes[leaves ? NFQA_IFINDEX_OUTDEV : NFQA_IFINDEX_INDEV];
    handler({.id = id,
             .hook = leaves ? Hook::kOutput : Hook::kPrerouting,
             .interface = interface == nullptr ? 0 : ntohl(mnl_attr_get_u32(interface)),
             .bytes = {static_cast<std::byte*>(mnl_attr_get_payload(attributes[NFQA_PAYLOAD])),
                       mnl_attr_get_payload_len(attributes[NFQA_PAYLOAD])}});
  }
}

nlmsghdr* NfQueue::BeginVerdict(std::uint32_t id, int verdict) {
  if (verdicts_size_ > kVerdicts) Flush();
  nlmsghdr* message =
      nfq_nlmsg_put(reinterpret_cast<char*>(verdicts_.data() + verdicts_size_), NFQNL_MSG_VERDICT, number_);
  nfq_nlmsg_verdict_put(message, static_cast<int>(id), verdict);
  return message;
}

void NfQueue::EndVerdict(const nlmsghdr* message) { verdicts_size_ += MNL_ALIGN(message->nlmsg_len); }

void NfQueue::Accept(std::uint32_t id) { EndVerdict(BeginVerdict(id, NF_ACCEPT)); }
void NfQueue::Drop(std::uint32_t id) { EndVerdict(BeginVerdict(id, NF_DROP)); }

void NfQueue::Replace(std::uint32_t id, const std::function<std::size_t(std::span<std::byte>)>& compose) {
  nlmsghdr* message = BeginVerdict(id, NF_ACCEPT);
  nlattr* payload = mnl_attr_nest_start(message, NFQA_PAYLOAD);
  payload->nla_type = NFQA_PAYLOAD;  // bytes, no nest: its size is known once they are there
  const std::size_t size = compose({static_cast<std::byte*>(mnl_attr_get_payload(payload)), kLongestPacket});
  payload->nla_len = static_cast<std::uint16_t>(MNL_ATTR_HDRLEN + size);
  message->nlmsg_len += static_cast<std::uint32_t>(MNL_ALIGN(size));
  EndVerdict(message);
}

void NfQueue::Flush() {
  if (verdicts_size_ == 0) return;
  const std::size_t size = std::exchange(verdicts_size_, 0);
  if (mnl_socket_sendto(socket_.get(), verdicts_.data(), size) < 0) ThrowSystemError("cannot send verdicts");
}

}  // namespace tcpslab::linux_host
