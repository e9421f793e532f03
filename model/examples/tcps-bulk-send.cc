// One bulk transfer, over TCP/S or plain TCP:
//
//   client ---------- server        tcps-bulk-send --size=2000000 --tcps=1 --pcap=bulk --keylog=bulk.keys
//
// Every line that TCP/S needs is marked; the rest is any ns-3 script.
#include <iostream>

#include "ns3/applications-module.h"
#include "ns3/core-module.h"
#include "ns3/internet-module.h"
#include "ns3/network-module.h"
#include "ns3/point-to-point-module.h"
#include "ns3/tcps-helper.h" // TCP/S

using namespace ns3;

static void
PrintEvent(std::string host, const TcpsEvent& event)
{
    std::cout << event.time.As(Time::S) << " " << host << ": " << event.kind << " " << event.flow << " " << event.detail
              << std::endl;
}

int
main(int argc, char* argv[])
{
    bool useTcps = true;
    uint64_t size = 10000000;
    std::string dialect = "readme";
    std::string pcap;
    std::string keyLog;
    CommandLine cmd(__FILE__);
    cmd.AddValue("tcps", "Speak TCP/S on both hosts", useTcps);
    cmd.AddValue("size", "Bytes to send", size);
    cmd.AddValue("dialect", "readme or lkm", dialect);
    cmd.AddValue("pcap", "Prefix of capture files; none: no captures", pcap);
    cmd.AddValue("keylog", "File for the secrets, for lab decrypt; none: not written", keyLog);
    cmd.Parse(argc, argv);

    NodeContainer nodes(2);
    PointToPointHelper link;
    link.SetDeviceAttribute("DataRate", StringValue("100Mbps"));
    link.SetChannelAttribute("Delay", StringValue("5ms"));
    NetDeviceContainer devices = link.Install(nodes);
    InternetStackHelper().Install(nodes);
    Ipv4InterfaceContainer interfaces = Ipv4AddressHelper("10.0.0.0", "255.255.255.0").Assign(devices);

    TcpsHelper tcps;                                    // TCP/S
    tcps.SetAttribute("Dialect", StringValue(dialect)); // TCP/S
    if (useTcps)
    {
        auto stacks = tcps.Install(nodes); // TCP/S
        stacks[0]->TraceConnect("Event", "client", MakeCallback(&PrintEvent));
        stacks[1]->TraceConnect("Event", "server", MakeCallback(&PrintEvent));
        if (!keyLog.empty())
        {
            TcpsHelper::EnableKeyLog(keyLog, nodes);
        }
    }
    else
    {
        tcps.InstallPlain(nodes); // plain TCP on equal terms
    }
    if (!pcap.empty())
    {
        TcpsHelper::EnableChecksums();
        link.EnablePcapAll(pcap);
    }

    const uint16_t port = 9000;
    BulkSendHelper source("ns3::TcpSocketFactory", InetSocketAddress(interfaces.GetAddress(1), port));
    source.SetAttribute("MaxBytes", UintegerValue(size));
    source.Install(nodes.Get(0)).Start(Seconds(0.1));
    PacketSinkHelper sink("ns3::TcpSocketFactory", InetSocketAddress(Ipv4Address::GetAny(), port));
    ApplicationContainer sinks = sink.Install(nodes.Get(1));

    Simulator::Stop(Seconds(600));
    Simulator::Run();
    std::cout << "received " << DynamicCast<PacketSink>(sinks.Get(0))->GetTotalRx() << " of " << size << " bytes"
              << std::endl;
    Simulator::Destroy();
    return 0;
}
