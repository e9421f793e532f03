// A constant-rate source over TCP/S on a lossy link, IPv4 or IPv6:
//
//   client ---------- server        tcps-on-off --rate=5Mbps --loss=0.01 --ipv6=1
#include <iostream>

#include "ns3/applications-module.h"
#include "ns3/core-module.h"
#include "ns3/internet-module.h"
#include "ns3/network-module.h"
#include "ns3/point-to-point-module.h"
#include "ns3/tcps-helper.h"

using namespace ns3;

int
main(int argc, char* argv[])
{
    std::string rate = "5Mbps";
    double loss = 0;
    bool ipv6 = false;
    CommandLine cmd(__FILE__);
    cmd.AddValue("rate", "Data rate of the application", rate);
    cmd.AddValue("loss", "Probability that a packet to the server is lost", loss);
    cmd.AddValue("ipv6", "IPv6 instead of IPv4", ipv6);
    cmd.Parse(argc, argv);

    NodeContainer nodes(2);
    PointToPointHelper link;
    link.SetDeviceAttribute("DataRate", StringValue("20Mbps"));
    link.SetChannelAttribute("Delay", StringValue("10ms"));
    NetDeviceContainer devices = link.Install(nodes);
    Ptr<RateErrorModel> errors = CreateObject<RateErrorModel>();
    errors->SetUnit(RateErrorModel::ERROR_UNIT_PACKET);
    errors->SetRate(loss);
    devices.Get(1)->SetAttribute("ReceiveErrorModel", PointerValue(errors));

    InternetStackHelper().Install(nodes);
    const uint16_t port = 9000;
    Address server;
    Address any;
    if (ipv6)
    {
        Ipv6AddressHelper addresses(Ipv6Address("2001:db8::"), Ipv6Prefix(64));
        server = Inet6SocketAddress(addresses.Assign(devices).GetAddress(1, 1), port);
        any = Inet6SocketAddress(Ipv6Address::GetAny(), port);
    }
    else
    {
        Ipv4AddressHelper addresses("10.0.0.0", "255.255.255.0");
        server = InetSocketAddress(addresses.Assign(devices).GetAddress(1), port);
        any = InetSocketAddress(Ipv4Address::GetAny(), port);
    }

    auto stacks = TcpsHelper().Install(nodes);

    OnOffHelper source("ns3::TcpSocketFactory", server);
    source.SetConstantRate(DataRate(rate), 1000);
    ApplicationContainer sources = source.Install(nodes.Get(0));
    sources.Start(Seconds(0.1));
    sources.Stop(Seconds(10));
    ApplicationContainer sinks = PacketSinkHelper("ns3::TcpSocketFactory", any).Install(nodes.Get(1));

    Simulator::Stop(Seconds(20));
    Simulator::Run();
    std::cout << "received " << DynamicCast<PacketSink>(sinks.Get(0))->GetTotalRx() << " bytes; the server saw "
              << stacks[1]->GetCounter("encrypted") << " encrypted connection(s) and "
              << stacks[1]->GetCounter("tag-invalid") << " invalid tag(s)" << std::endl;
    Simulator::Destroy();
    return 0;
}
