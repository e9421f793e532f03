/**
 * @file
 * @ingroup tcps
 * Elements that act on some of the TCP segments that pass.
 */
#ifndef TCPS_SELECTIVE_ELEMENT_H
#define TCPS_SELECTIVE_ELEMENT_H

#include <cstdint>
#include <set>
#include <string>

#include "ns3/random-variable-stream.h"
#include "tcps-path-element.h"

namespace ns3
{

class TcpsPathSegment;

/**
 * @ingroup tcps
 *
 * Acts on chosen TCP segments; all else passes. Three attributes choose, the same for every such element:
 *
 * - `Only` says which segments come into question and are counted: a comma-separated list of `all`, `syn` (SYN and
 *   SYN-ACK), `syn-ack`, `non-syn`, `data` (with payload), `ack` (pure acknowledgement), `fin`, `rst`. Default `all`.
 * - `Segments` says which of them are chosen in any case: numbers ("3,7": the third and the seventh, counted from 1 in
 *   each direction in which the element acts, over the whole simulation, retransmissions included), ranges ("5-9"), or
 *   words as in `Only`.
 * - `Rate` is the probability with which each other one is chosen.
 *
 * With neither `Segments` nor `Rate`, a middlebox acts on all that are in question, an impairment (loss and the like)
 * on none.
 */
class TcpsSelectiveElement : public TcpsPathElement
{
  public:
    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    /** What is chosen with neither Segments nor Rate. */
    enum Default
    {
        DEFAULT_ALL,
        DEFAULT_NONE
    };

    /**
     * @param byDefault what is chosen with neither Segments nor Rate
     */
    explicit TcpsSelectiveElement(Default byDefault = DEFAULT_ALL);
    ~TcpsSelectiveElement() override;

    int64_t AssignStreams(int64_t stream) override;

  protected:
    /**
     * Acts on a segment that was chosen: calls any of Forward(), Drop() and so on.
     * @param packet the packet
     * @param segment the same, parsed; may be edited
     * @param direction which way it travels
     */
    virtual void HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction) = 0;

    /**
     * A TCP segment that was not chosen. Forwards it, if not overridden.
     * @param packet the packet
     * @param segment the same, parsed
     * @param direction which way it travels
     */
    virtual void HandleOther(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction);

    /**
     * @return randomness of the element's own, beside what Rate draws; AssignStreams() gives it a stream
     */
    Ptr<UniformRandomVariable> GetRandom() const;

  private:
    /** What Only and Segments can say. */
    struct Choice
    {
        uint32_t classes{0};       //!< bits, see the .cc
        std::set<uint64_t> places; //!< counting from 1
        std::string text;          //!< as it was set
    };

    void Handle(const TcpsPathPacket& packet, Direction direction) final;
    static bool ParseChoice(const std::string& text, bool withPlaces, Choice& choice);
    bool IsChosen(const TcpsPathSegment& segment, Direction direction);
    bool SetOnly(std::string text);
    std::string GetOnly() const;
    bool SetSegments(std::string text);
    std::string GetSegments() const;

    Default m_default;                   //!< see the constructor
    double m_rate{0};                    //!< attribute Rate
    Choice m_only;                       //!< attribute Only
    Choice m_segments;                   //!< attribute Segments
    uint64_t m_count[2]{0, 0};           //!< segments in question so far, by direction
    Ptr<UniformRandomVariable> m_chance; //!< decides by rate
    Ptr<UniformRandomVariable> m_random; //!< for the element itself
};

} // namespace ns3

#endif /* TCPS_SELECTIVE_ELEMENT_H */
