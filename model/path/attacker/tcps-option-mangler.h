/**
 * @file
 * @ingroup tcps
 * A box that damages TCP options.
 */
#ifndef TCPS_OPTION_MANGLER_H
#define TCPS_OPTION_MANGLER_H

#include <cstdint>
#include <set>
#include <string>

#include "ns3/tcps-selective-element.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * ns3::TcpsOptionMangler damages the first option whose kind `Kinds` lists, in the segments that the attributes of
 * TcpsSelectiveElement choose. `Mode`:
 *
 * - `duplicate`: a copy follows it, if the header has room for one.
 * - `truncate`: the last `Bytes` bytes of the header's options are missing and the option, put last, runs past the end.
 * - `zero-length`: its length byte is 0.
 * - `overrun`: its length byte is what is left of the header and `Bytes` more.
 * - `wrong-magic`: the first byte behind kind and length is another.
 * - `wrong-length`: it is one byte shorter, and says so; a NOP follows.
 *
 * Segments without such an option pass untouched.
 */
class TcpsOptionMangler : public TcpsSelectiveElement
{
  public:
    /** Attribute Mode. */
    enum Mode
    {
        MODE_DUPLICATE,   //!< "duplicate"
        MODE_TRUNCATE,    //!< "truncate"
        MODE_ZERO_LENGTH, //!< "zero-length"
        MODE_OVERRUN,     //!< "overrun"
        MODE_WRONG_MAGIC, //!< "wrong-magic"
        MODE_WRONG_LENGTH //!< "wrong-length"
    };

    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsOptionMangler();
    ~TcpsOptionMangler() override;

  private:
    void HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) override;
    bool SetKinds(std::string list);
    std::string GetKinds() const;

    std::set<uint8_t> m_kinds;   //!< attribute Kinds
    Mode m_mode{MODE_DUPLICATE}; //!< attribute Mode
    uint32_t m_bytes{4};         //!< attribute Bytes
};

} // namespace ns3

#endif /* TCPS_OPTION_MANGLER_H */
