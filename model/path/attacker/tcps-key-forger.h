/**
 * @file
 * @ingroup tcps
 * An attacker that replaces public keys.
 */
#ifndef TCPS_KEY_FORGER_H
#define TCPS_KEY_FORGER_H

#include "ns3/tcps-selective-element.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * ns3::TcpsKeyForger replaces the public key of `Option` TC (SYN and SYN-ACK) or TI (pure ACKs) in the segments that
 * the attributes of TcpsSelectiveElement choose. `Key` is a point of low order, with which every agreement is zero (the
 * values of u, modulo p = 2^255 - 19, that RFC 7748, section 6.1, warns of), or `random`: another one each time, with
 * no private key. A segment without that option passes untouched.
 */
class TcpsKeyForger : public TcpsSelectiveElement
{
  public:
    /** Attribute Option. */
    enum Option
    {
        OPTION_TC, //!< "TC"
        OPTION_TI  //!< "TI"
    };

    /** Attribute Key. */
    enum Key
    {
        KEY_ZERO,         //!< "zero"
        KEY_ONE,          //!< "one"
        KEY_EIGHT_FIRST,  //!< "order-8-first": 0x00b8495f16056286fdb1329ceb8d09da6ac49ff1fae35616aeb8413b7c7aebe0
        KEY_EIGHT_SECOND, //!< "order-8-second": 0x57119fd0dd4e22d8868e1c58c45c44045bef839c55b1d0b1248c50a3bc959c5f
        KEY_P_MINUS_ONE,  //!< "p-minus-one"
        KEY_P,            //!< "p"
        KEY_P_PLUS_ONE,   //!< "p-plus-one"
        KEY_RANDOM        //!< "random"
    };

    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsKeyForger();
    ~TcpsKeyForger() override;

  private:
    void HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) override;

    Option m_option{OPTION_TC}; //!< attribute Option
    Key m_key{KEY_ZERO};        //!< attribute Key
};

} // namespace ns3

#endif /* TCPS_KEY_FORGER_H */
