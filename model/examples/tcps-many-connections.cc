// Many clients, many connections, one server; TCP/S enforced by the server, spoken by some of the clients only:
//
//   client 0 --+
//   client 1 --+-- server        tcps-many-connections --clients=20 --connections=5 --plain=3
//      ...   --+
#include <iostream>
#include <map>

#include "ns3/applications-module.h"
#include "ns3/core-module.h"
#include "ns3/internet-module.h"
#include "ns3/network-module.h"
#include "ns3/point-to-point-module.h"
#include "ns3/tcps-helper.h"

using namespace ns3;

static std::map<std::string, uint32_t> g_events;

static void
CountEvent(const TcpsEvent& event)
{
    ++g_events[event.kind];
}

int
main(int argc, char* argv[])
{
    uint32_t clients = 20;
    uint32_t connections = 5;
    uint32_t plain = 3;
    CommandLine cmd(__FILE__);
    cmd.AddValue("clients", "Number of clients", clients);
    cmd.AddValue("connections", "Connections of each client", connections);
    cmd.AddValue("plain", "How many of the clients speak plain TCP only", plain);
    cmd.Parse(argc, argv);

    Ptr<Node> server = CreateObject<Node>();
    NodeContainer clientNodes(clients);
    InternetStackHelper internet;
    internet.Install(server);
    internet.Install(clientNodes);
    PointToPointHelper link;
    link.SetDeviceAttribute("DataRate", StringValue("10Mbps"));
    link.SetChannelAttribute("Delay", StringValue("20ms"));
    Ipv4AddressHelper addresses("10.0.0.0", "255.255.255.252");

    const uint16_t port = 9000;
    for (uint32_t i = 0; i < clients; ++i)
    {
        Ipv4InterfaceContainer interfaces = addresses.Assign(link.Install(clientNodes.Get(i), server));
        addresses.NewNetwork();
        BulkSendHelper source("ns3::TcpSocketFactory", InetSocketAddress(interfaces.GetAddress(1), port));
        source.SetAttribute("MaxBytes", UintegerValue(20000));
        for (uint32_t connection = 0; connection < connections; ++connection)
        {
            source.Install(clientNodes.Get(i)).Start(MilliSeconds(100 + 50 * connection));
        }
    }
    PacketSinkHelper sink("ns3::TcpSocketFactory", InetSocketAddress(Ipv4Address::GetAny(), port));
    ApplicationContainer sinks = sink.Install(server);

    TcpsHelper tcps;
    for (uint32_t i = 0; i < clients; ++i)
    {
        if (i < plain)
        {
            tcps.InstallPlain(clientNodes.Get(i));
        }
        else
        {
            tcps.Install(clientNodes.Get(i));
        }
    }
    tcps.SetAttribute("Enforce", BooleanValue(true));
    Ptr<TcpsStack> stack = tcps.Install(server);
    stack->TraceConnectWithoutContext("Event", MakeCallback(&CountEvent));

    Simulator::Stop(Seconds(20));
    Simulator::Run();
    std::cout << "received " << DynamicCast<PacketSink>(sinks.Get(0))->GetTotalRx() << " of "
              << uint64_t{clients} * connections * 20000 << " bytes; what the server saw:" << std::endl;
    for (const auto& event : g_events)
    {
        std::cout << "  " << event.second << " x " << event.first << std::endl;
    }
    Simulator::Destroy();
    return 0;
}
