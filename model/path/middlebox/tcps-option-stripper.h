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

#include "ns3/tcps-selective-element.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * ns3::TcpsOptionStripper removes options from the segments that the attributes of TcpsSelectiveElement choose
 * (`Segments`: `syn`, `non-syn`, ...): every option whose kind `Kinds` lists and, if `ExIds` is not empty, whose
 * experiment identifier (RFC 6994: the two bytes behind kind and length) `ExIds` lists, as numbers ("0x5443") or as two
 * characters ("TC"). With `Mode` `remove` the header closes up and gets shorter, with `nop` the option's bytes become
 * NOPs, as Linux's TCPOPTSTRIP does.
 *
 * With the goal `downgrade` it has achieved what it can see as soon as it removed an option.
 */
class TcpsOptionStripper : public TcpsSelectiveElement
{
  public:
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
    void HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) override;
    bool SetKinds(std::string list);
    std::string GetKinds() const;
    bool SetExIds(std::string list);
    std::string GetExIds() const;

    std::set<uint8_t> m_kinds;  //!< attribute Kinds
    std::set<uint16_t> m_exIds; //!< attribute ExIds; empty: any
    std::string m_exIdsText;    //!< as it was set
    Mode m_mode{MODE_REMOVE};   //!< attribute Mode
    uint64_t m_removed{0};      //!< options so far
};

} // namespace ns3

#endif /* TCPS_OPTION_STRIPPER_H */
