/**
 * @file
 * @ingroup tcps
 * Attackers whose segments would need a tag.
 */
#ifndef TCPS_TAGGED_INJECTOR_H
#define TCPS_TAGGED_INJECTOR_H

#include <cstdint>
#include <memory>

#include "tcps-injector.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * Forges segments that an encrypted connection takes with a TM option only (tcps-wire.md, section 2). `Tag` says what
 * an attacker without the key puts there:
 *
 * - `none`: nothing.
 * - `random`: sixteen random bytes.
 * - `copied`: the tag of the latest segment in the same direction (with `Before`, that of the one to be overtaken), on
 *   bytes that it was not made for; nothing while there was none, as on an unprotected connection.
 * - `replay`: no forged segment, but the oldest genuine one of its kind in that direction, as it was; nothing is sent
 *   while none has passed.
 */
class TcpsTaggedInjector : public TcpsInjector
{
  public:
    /** Attribute Tag. */
    enum Tag
    {
        TAG_NONE,   //!< "none"
        TAG_RANDOM, //!< "random"
        TAG_COPIED, //!< "copied"
        TAG_REPLAY  //!< "replay"
    };

    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsTaggedInjector();
    ~TcpsTaggedInjector() override;

  protected:
    /**
     * Makes a pure ACK what this attacker sends.
     * @param segment as Forge() made it
     */
    virtual void Shape(TcpsPathSegment& segment) = 0;

    /**
     * @param segment that passes
     * @return whether it is of the kind that this attacker forges
     */
    virtual bool IsLike(const TcpsPathSegment& segment) const = 0;

  private:
    void Watch(const TcpsPathSegment& segment, const TcpsTrackedFlow& flow, Direction direction) final;
    void Fire(const TcpsTrackedFlow& flow, Direction direction, uint32_t shot) final;
    void AddTag(TcpsPathSegment& segment, const TcpsTrackedFlow& flow, Direction direction);

    Tag m_tag{TAG_NONE}; //!< attribute Tag
    class Memory;
    std::unique_ptr<Memory> m_memory; //!< what passed, by connection and direction
};

} // namespace ns3

#endif /* TCPS_TAGGED_INJECTOR_H */
