/**
 * @file
 * @ingroup tcps
 * A box that removes TCP options.
 */
#ifndef TCPS_OPTION_STRIPPER_H
#define TCPS_OPTION_STRIPPER_H

#include <cstdint>
#include <set>
#include <string>

#include "tcps-path-element.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * ns3::TcpsOptionStripper removes every option whose kind the attribute `Kinds` lists from the segments that `Segments`
 * selects: `syn` (SYN and SYN-ACK), `non-syn`, `all`. With `Mode` `remove` the header closes up and gets shorter, with
 * `nop` the option's bytes become NOPs, as Linux's TCPOPTSTRIP does. Checksums are made right.
 *
 * With the goal `downgrade` it has achieved what it can see as soon as it removed an option.
 */
class TcpsOptionStripper : public TcpsPathElement
{
  public:
    /** Attribute Segments. */
    enum Segments
    {
        SEGMENTS_SYN,     //!< "syn": SYN and SYN-ACK
        SEGMENTS_NON_SYN, //!< "non-syn": all others
        SEGMENTS_ALL      //!< "all"
    };

    /** Attribute Mode. */
    enum Mode
    {
        MODE_REMOVE, //!< "remove": the header gets shorter
        MODE_NOP     //!< "nop": its size stays
    };

    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsOptionStripper();
    ~TcpsOptionStripper() override;

    /**
     * @return the number of options removed so far
     */
    uint64_t GetNRemoved() const;

  private:
    void Handle(const TcpsPathPacket& packet, Direction direction) override;
    void SetKinds(std::string list);
    std::string GetKinds() const;

    std::set<uint8_t> m_kinds;         //!< attribute Kinds
    Segments m_segments{SEGMENTS_ALL}; //!< attribute Segments
    Mode m_mode{MODE_REMOVE};          //!< attribute Mode
    uint64_t m_removed{0};             //!< options so far
};

} // namespace ns3

#endif /* TCPS_OPTION_STRIPPER_H */
