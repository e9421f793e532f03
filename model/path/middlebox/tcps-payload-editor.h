/**
 * @file
 * @ingroup tcps
 * A box, or an attacker, that edits application bytes.
 */
#ifndef TCPS_PAYLOAD_EDITOR_H
#define TCPS_PAYLOAD_EDITOR_H

#include <cstdint>
#include <memory>
#include <string>

#include "ns3/tcps-connection-element.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * ns3::TcpsPayloadEditor edits each connection's stream at one place, as application-level gateways do, and does it so
 * that TCP does not notice: sequence numbers, acknowledgements, SACK blocks and checksums of all that follows are put
 * right, and retransmissions are edited like the first transmission.
 *
 * - `Edits`: whose bytes: the path's `client`, `server` (default), or `both`.
 * - `Segment` and `Offset`: the place: so many bytes behind the start of the nth data segment that carries new data; 0:
 *   behind the start of the stream.
 * - `Mode`: `overwrite` with `Bytes`, `insert` `Bytes` before the byte at the place, or `delete` `Length` bytes from
 *   there on.
 * - `Persistent`: false, with `overwrite` only: these bytes are edited when they first pass and never again.
 *
 * An edit that changes the length holds for the 2 GiB of the stream behind it: sequence numbers tell no more.
 *
 * The attribute `Direction` restricts what it sees, so it is best left alone. Data segments that got longer than they
 * were leave as two. Connections whose handshake it did not see stay as they are. With the goal `inject` it is an
 * attacker.
 */
class TcpsPayloadEditor : public TcpsConnectionElement
{
  public:
    /** Attribute Mode. */
    enum Mode
    {
        MODE_OVERWRITE, //!< "overwrite"
        MODE_INSERT,    //!< "insert"
        MODE_DELETE     //!< "delete"
    };

    /** Attribute Edits. */
    enum Edits
    {
        EDITS_CLIENT, //!< "client"
        EDITS_SERVER, //!< "server"
        EDITS_BOTH    //!< "both"
    };

    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsPayloadEditor();
    ~TcpsPayloadEditor() override;

    /**
     * @return the number of segments whose payload it changed
     */
    uint64_t GetNEdited() const;

  private:
    /** What happens to one direction of a connection. */
    struct Stream;

    void HandleSegment(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) override;
    bool IsEdited(Direction direction) const;
    void LookForPlace(Stream& stream, const TcpsPathSegment& segment) const;
    bool EditPayload(const Stream& stream, TcpsPathSegment& segment);

    Mode m_mode{MODE_OVERWRITE};   //!< attribute Mode
    Edits m_edits{EDITS_SERVER};   //!< attribute Edits
    uint32_t m_segment{0};         //!< attribute Segment
    uint32_t m_offset{0};          //!< attribute Offset
    uint32_t m_length{1};          //!< attribute Length
    std::string m_bytes{"EDITED"}; //!< attribute Bytes
    bool m_persistent{true};       //!< attribute Persistent
    uint64_t m_edited{0};          //!< segments so far
    class Connections;
    std::unique_ptr<Connections> m_connections;
};

} // namespace ns3

#endif /* TCPS_PAYLOAD_EDITOR_H */
