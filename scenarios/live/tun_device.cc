#include "scenarios/live/tun_device.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <ns3/callback.h>
#include <ns3/net-device.h>
#include <ns3/nstime.h>
#include <ns3/simulator.h>
#include <sys/ioctl.h>

#include <cstdlib>
#include <utility>

namespace tcpslab::scenarios {
namespace {

constexpr std::size_t kLargestPacket = 65535;
constexpr std::uint16_t kEtherTypeIpv4 = 0x0800;
constexpr std::uint16_t kEtherTypeIpv6 = 0x86dd;
constexpr std::uint8_t kIpVersion6 = 6;

// Reads one packet at a time; in a thread of its own.
class PacketReader final : public ns3::FdReader {
 private:
  Data DoRead() override {
    auto* const buffer = static_cast<std::uint8_t*>(std::malloc(kLargestPacket));
    const ssize_t size = read(m_fd, buffer, kLargestPacket);
    if (size <= 0) {
      std::free(buffer);
      const bool again = size < 0 && (errno == EINTR || errno == EAGAIN);
      return {nullptr, again ? -1 : 0};  // 0 ends the thread
    }
    return {buffer, size};
  }
};

}  // namespace

TunDevice::TunDevice(const NetworkNamespace& host, const std::string& device) {
  const NetworkNamespace::Visit visit(host);
  file_ = linux_host::Descriptor(open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!file_.open()) {
    linux_host::ThrowSystemError("/dev/net/tun");
  }
  ifreq request{};
  device.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (ioctl(file_.get(), TUNSETIFF, &request) != 0) {
    linux_host::ThrowSystemError(fmt::format("TUN device {}", device));
  }
}

TunDevice::~TunDevice() {
  if (reader_) {
    reader_->Stop();
  }
}

void TunDevice::Join(const ns3::Ptr<ns3::Node>& node) {
  node_ = node;
  node->RegisterProtocolHandler(
      ns3::Callback<void, ns3::Ptr<ns3::NetDevice>, ns3::Ptr<const ns3::Packet>, std::uint16_t, const ns3::Address&,
                    const ns3::Address&, ns3::NetDevice::PacketType>(
          [this](const ns3::Ptr<ns3::NetDevice>& /*device*/, const ns3::Ptr<const ns3::Packet>& packet,
                 std::uint16_t /*protocol*/, const ns3::Address& /*from*/, const ns3::Address& /*to*/,
                 ns3::NetDevice::PacketType /*type*/) { ToHost(packet); }),
      0, node->GetDevice(0));
  reader_ = ns3::Create<PacketReader>();
  // In the reader's thread; ns-3's packets belong to the simulator's.
  reader_->Start(file_.get(), ns3::Callback<void, std::uint8_t*, ssize_t>([this](std::uint8_t* bytes, ssize_t size) {
                   std::vector<std::uint8_t> packet(bytes, bytes + size);
                   std::free(bytes);
                   ns3::Simulator::ScheduleWithContext(
                       node_->GetId(), ns3::Time(0),
                       [this, packet = std::move(packet)]() mutable { ToPath(std::move(packet)); });
                 }));
}

void TunDevice::ToPath(std::vector<std::uint8_t> packet) {
  const std::uint16_t protocol = packet.front() >> 4U == kIpVersion6 ? kEtherTypeIpv6 : kEtherTypeIpv4;
  const ns3::Ptr<ns3::NetDevice> device = node_->GetDevice(0);
  device->Send(ns3::Create<ns3::Packet>(packet.data(), static_cast<std::uint32_t>(packet.size())),
               device->GetBroadcast(), protocol);
}

// The host takes a packet or drops it, as if its receive queue were full.
void TunDevice::ToHost(const ns3::Ptr<const ns3::Packet>& packet) {
  buffer_.resize(packet->GetSize());
  packet->CopyData(buffer_.data(), packet->GetSize());
  [[maybe_unused]] const ssize_t taken = write(file_.get(), buffer_.data(), buffer_.size());
}

}  // namespace tcpslab::scenarios
