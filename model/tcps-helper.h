/**
 * @file
 * @ingroup tcps
 * Puts TCP/S on nodes.
 */
#ifndef TCPS_HELPER_H
#define TCPS_HELPER_H

#include <cstdint>
#include <string>
#include <vector>

#include "ns3/node-container.h"
#include "ns3/object-factory.h"
#include "tcps-stack.h"

namespace ns3
{

class AttributeValue;
class Node;

/**
 * @ingroup tcps
 *
 * Installs TCP/S on nodes that have an internet stack; nothing else in a simulation script changes:
 *
 * @code
 *   InternetStackHelper internet;
 *   internet.Install(nodes);
 *   TcpsHelper tcps;
 *   tcps.SetAttribute("Enforce", BooleanValue(true));
 *   tcps.Install(nodes);
 * @endcode
 *
 * The first Install() or InstallPlain() also adjusts the *default* of ns3::TcpSocket::SegmentSize, since ns-3's own 536
 * bytes would leave most of every packet empty: see GetSegmentSize(). That is a default of the whole process; a script
 * that sets it afterwards, or on a socket, has the last word, and SetAdjustSegmentSize(false) leaves it alone. Call
 * Install() when devices and addresses are there, so that it knows their MTU and family.
 */
class TcpsHelper
{
  public:
    TcpsHelper();

    /**
     * @param name an attribute of ns3::TcpsStack
     * @param value its value on the nodes installed from now on
     */
    void SetAttribute(const std::string& name, const AttributeValue& value);

    /**
     * @param name an attribute of ns3::TcpsShimProtocol (the host parts)
     * @param value its value on the nodes installed from now on
     */
    void SetHostAttribute(const std::string& name, const AttributeValue& value);

    /**
     * @param adjust whether installing adjusts the default of ns3::TcpSocket::SegmentSize (default: true)
     */
    void SetAdjustSegmentSize(bool adjust);

    /**
     * @param node a node with an internet stack that has neither TCP/S nor host parts yet
     * @return its TCP/S
     */
    Ptr<TcpsStack> Install(Ptr<Node> node) const;
    /**
     * @param nodeName the node's name in ns3::Names
     * @return its TCP/S
     */
    Ptr<TcpsStack> Install(const std::string& nodeName) const;
    /**
     * @param nodes nodes as above
     * @return their TCP/S, in the same order
     */
    std::vector<Ptr<TcpsStack>> Install(const NodeContainer& nodes) const;

    /**
     * The host parts without any protocol, so that plain TCP is compared on equal terms: same sequence numbers, same
     * segment sizes rules, same option guard.
     * @param node a node as above
     */
    void InstallPlain(Ptr<Node> node) const;
    /**
     * @param nodes nodes as above
     */
    void InstallPlain(const NodeContainer& nodes) const;

    /**
     * Fixes every random stream of the host parts and of TCP/S on these nodes. A node takes the same number of streams
     * with TCP/S and plain.
     * @param nodes nodes on which something was installed; others are skipped
     * @param stream first stream index to use
     * @return the number of stream indices assigned: 2 a node
     */
    static int64_t AssignStreams(const NodeContainer& nodes, int64_t stream);

    /**
     * Writes the secrets of these nodes' connections into one file, for `lab decrypt`.
     * @param fileName created or truncated
     * @param nodes nodes with TCP/S; others are skipped
     */
    static void EnableKeyLog(const std::string& fileName, const NodeContainer& nodes);

    /**
     * Real checksums in every packet (GlobalValue ChecksumEnabled): for captures that tshark reads without complaint.
     * Call it before the first node sends.
     */
    static void EnableChecksums();

    /**
     * The payload of a full segment: the smallest MTU of the node's devices, less 20 bytes for IPv4, or 40 if the node
     * has an IPv6 address that is not link-local, less 20 for TCP, less 12 for timestamps, less 20 for the tag if it
     * speaks TCP/S.
     *
     * Room for timestamps is kept since TCP/S removes them from connections that it protects but not from those on
     * which it falls back, and a segment that does not fit is split in two.
     * @param node a node with devices and an internet stack
     * @return bytes of payload
     */
    static uint32_t GetSegmentSize(Ptr<Node> node);

  private:
    void AdjustSegmentSize(Ptr<Node> node) const;
    void InstallHost(Ptr<Node> node) const;

    ObjectFactory m_stackFactory; //!< makes TcpsStack
    ObjectFactory m_hostFactory;  //!< makes TcpsShimProtocol
    bool m_adjustSegmentSize;     //!< whether Install() adjusts the default segment size
};

} // namespace ns3

#endif /* TCPS_HELPER_H */
