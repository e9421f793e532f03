/**
 * @file
 * What TCP/S adds to a simulation: wall time per packet of a bulk transfer over it, with real encryption, and over
 * ns-3's TCP alone (`lab bench` forms the ratio).
 */
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>

#include "model/tcps-helper.h"
#include "ns3/bulk-send-helper.h"
#include "ns3/config.h"
#include "ns3/inet-socket-address.h"
#include "ns3/internet-stack-helper.h"
#include "ns3/ipv4-address-helper.h"
#include "ns3/node-container.h"
#include "ns3/packet-sink-helper.h"
#include "ns3/packet-sink.h"
#include "ns3/point-to-point-helper.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

namespace
{

using namespace ns3;

constexpr uint64_t TRANSFER = 20'000'000;
constexpr uint32_t SEGMENT_SIZE = 1400;

void
CountPacket(uint64_t* count, Ptr<const Packet>)
{
    ++*count;
}

/** One transfer; returns the number of packets that the devices sent. */
uint64_t
Transfer(bool tcps)
{
    Config::SetDefault("ns3::TcpSocket::SegmentSize", UintegerValue(SEGMENT_SIZE));
    Config::SetDefault("ns3::TcpSocket::SndBufSize", UintegerValue(262144));
    Config::SetDefault("ns3::TcpSocket::RcvBufSize", UintegerValue(262144));
    NodeContainer nodes(2);
    PointToPointHelper link;
    link.SetDeviceAttribute("DataRate", StringValue("1Gbps"));
    link.SetChannelAttribute("Delay", StringValue("500us"));
    const NetDeviceContainer devices = link.Install(nodes);
    InternetStackHelper internet;
    internet.Install(nodes);
    Ipv4AddressHelper addresses;
    addresses.SetBase("10.0.0.0", "255.255.255.0");
    const Ipv4InterfaceContainer interfaces = addresses.Assign(devices);
    if (tcps)
    {
        TcpsHelper helper;
        helper.SetAdjustSegmentSize(false);
        helper.Install(nodes);
    }
    PacketSinkHelper sinkHelper("ns3::TcpSocketFactory", InetSocketAddress(Ipv4Address::GetAny(), 80));
    const ApplicationContainer sink = sinkHelper.Install(nodes.Get(1));
    BulkSendHelper sender("ns3::TcpSocketFactory", InetSocketAddress(interfaces.GetAddress(1), 80));
    sender.SetAttribute("MaxBytes", UintegerValue(TRANSFER));
    sender.Install(nodes.Get(0));

    uint64_t packets = 0;
    for (uint32_t i = 0; i < devices.GetN(); ++i)
    {
        devices.Get(i)->TraceConnectWithoutContext("MacTx", MakeBoundCallback(&CountPacket, &packets));
    }
    Simulator::Stop(Seconds(60));
    Simulator::Run();
    if (DynamicCast<PacketSink>(sink.Get(0))->GetTotalRx() != TRANSFER)
    {
        std::abort();
    }
    Simulator::Destroy();
    return packets;
}

void
TransferBenchmark(benchmark::State& state, bool tcps)
{
    using Clock = std::chrono::steady_clock;
    uint64_t packets = 0;
    const Clock::time_point start = Clock::now();
    for (auto _ : state)
    {
        packets += Transfer(tcps);
    }
    const std::chrono::duration<double, std::nano> elapsed = Clock::now() - start;
    state.counters["time_per_packet"] = elapsed.count() / static_cast<double>(packets);
    state.SetBytesProcessed(static_cast<int64_t>(TRANSFER) * state.iterations());
}

BENCHMARK_CAPTURE(TransferBenchmark, plain, false)->Name("Transfer/plain")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(TransferBenchmark, tcps, true)->Name("Transfer/tcps")->Unit(benchmark::kMillisecond);

} // namespace

BENCHMARK_MAIN();
