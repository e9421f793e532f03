/**
 * @file
 * @ingroup tcps
 * An attacker that forges RSTs.
 */
#ifndef TCPS_RESET_INJECTOR_H
#define TCPS_RESET_INJECTOR_H

#include <cstdint>

#include "tcps-injector.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * ns3::TcpsResetInjector sends RSTs into connections (`When`, `Towards` and so on: TcpsInjector). `Guess` says what it
 * knows of the sequence number that the receiver expects next:
 *
 * - `exact`: an observer on the path.
 * - `in-window`: a number within the receiver's window, but another one: RFC 9293, section 3.10.7.4 (after RFC 5961),
 *   answers that with a challenge ACK, where RFC 793 reset the connection.
 * - `blind`: nothing, as an attacker off the path who knows addresses and ports. `Count` RSTs, each `Stride` bytes
 *   behind the last, from a random number on: with the window as stride, 2^32 / `Stride` of them hit any window.
 *
 * `WithAck` adds the ACK flag and the acknowledgement of the end in whose name the RST comes.
 */
class TcpsResetInjector : public TcpsInjector
{
  public:
    /** Attribute Guess. */
    enum Guess
    {
        GUESS_EXACT,     //!< "exact"
        GUESS_IN_WINDOW, //!< "in-window"
        GUESS_BLIND      //!< "blind"
    };

    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsResetInjector();
    ~TcpsResetInjector() override;

  private:
    void Fire(const TcpsTrackedFlow& flow, Direction direction, uint32_t shot) override;
    uint32_t ChooseSequence(const TcpsTrackedFlow& flow, Direction direction, uint32_t shot);

    Guess m_guess{GUESS_EXACT}; //!< attribute Guess
    uint32_t m_stride{65535};   //!< attribute Stride
    bool m_withAck{false};      //!< attribute WithAck
    bool m_swept{false};        //!< m_start was drawn
    uint32_t m_start{0};        //!< where a blind sweep begins
};

} // namespace ns3

#endif /* TCPS_RESET_INJECTOR_H */
