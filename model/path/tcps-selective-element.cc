#include "tcps-selective-element.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "ns3/double.h"
#include "ns3/string.h"
#include "tcps-number-list.h"
#include "tcps-path-segment.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsSelectiveElement);

namespace wire = tcpslab::wire;

namespace
{

struct Class
{
    std::string_view word;
    bool (*holds)(const wire::Segment& segment);
};

// Bit n of Choice::classes stands for entry n.
constexpr std::array<Class, 8> kClasses = {{
    {"all", [](const wire::Segment&) { return true; }},
    {"syn", [](const wire::Segment& segment) { return segment.Has(wire::kSyn); }},
    {"syn-ack", [](const wire::Segment& segment) { return segment.IsSynAck(); }},
    {"non-syn", [](const wire::Segment& segment) { return !segment.Has(wire::kSyn); }},
    {"data", [](const wire::Segment& segment) { return !segment.payload.empty(); }},
    {"ack", [](const wire::Segment& segment) { return segment.IsPureAck(); }},
    {"fin", [](const wire::Segment& segment) { return segment.Has(wire::kFin); }},
    {"rst", [](const wire::Segment& segment) { return segment.Has(wire::kRst); }},
}};

bool
Holds(uint32_t classes, const wire::Segment& segment)
{
    for (std::size_t i = 0; i < kClasses.size(); ++i)
    {
        if ((classes >> i & 1U) != 0 && kClasses[i].holds(segment))
        {
            return true;
        }
    }
    return false;
}

/** "7" or "5-9". */
bool
AddPlaces(std::string_view item, std::set<uint64_t>& places)
{
    constexpr uint64_t longestRange = 1'000'000;
    const char* const end = item.data() + item.size();
    uint64_t first = 0;
    auto [rest, error] = std::from_chars(item.data(), end, first);
    uint64_t last = first;
    if (error == std::errc() && rest != end && *rest == '-')
    {
        const auto [restOfLast, errorOfLast] = std::from_chars(rest + 1, end, last);
        rest = restOfLast;
        error = errorOfLast;
    }
    if (error != std::errc() || rest != end || first == 0 || last < first || last - first > longestRange)
    {
        return false;
    }
    for (uint64_t i = 0; i <= last - first; ++i)
    {
        places.insert(first + i);
    }
    return true;
}

} // namespace

TypeId
TcpsSelectiveElement::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsSelectiveElement")
            .SetParent<TcpsPathElement>()
            .SetGroupName("Tcps")
            .AddAttribute("Only",
                          "Which segments come into question and are counted: any of all, syn, syn-ack, non-syn, data, "
                          "ack, fin, rst.",
                          StringValue("all"),
                          MakeStringAccessor(&TcpsSelectiveElement::SetOnly, &TcpsSelectiveElement::GetOnly),
                          MakeStringChecker())
            .AddAttribute("Segments",
                          "Which of them are chosen in any case: places counted from 1 in each direction (\"3,7-9\"), "
                          "or words as in Only. With neither this nor Rate: all (impairments: none).",
                          StringValue(""),
                          MakeStringAccessor(&TcpsSelectiveElement::SetSegments, &TcpsSelectiveElement::GetSegments),
                          MakeStringChecker())
            .AddAttribute("Rate",
                          "Probability with which each other one is chosen.",
                          DoubleValue(0),
                          MakeDoubleAccessor(&TcpsSelectiveElement::m_rate),
                          MakeDoubleChecker<double>(0, 1));
    return tid;
}

TcpsSelectiveElement::TcpsSelectiveElement(Default byDefault)
    : m_default(byDefault),
      m_chance(CreateObject<UniformRandomVariable>()),
      m_random(CreateObject<UniformRandomVariable>())
{
}

TcpsSelectiveElement::~TcpsSelectiveElement() = default;

int64_t
TcpsSelectiveElement::AssignStreams(int64_t stream)
{
    m_chance->SetStream(stream);
    m_random->SetStream(stream + 1);
    return 2;
}

Ptr<UniformRandomVariable>
TcpsSelectiveElement::GetRandom() const
{
    return m_random;
}

void
TcpsSelectiveElement::Handle(const TcpsPathPacket& packet, Direction direction)
{
    std::optional<TcpsPathSegment> segment = TcpsPathSegment::Parse(packet);
    if (!segment)
    {
        Forward(packet, direction);
        return;
    }
    if (IsChosen(*segment, direction))
    {
        HandleChosen(packet, *segment, direction);
    }
    else
    {
        HandleOther(packet, *segment, direction);
    }
}

bool
TcpsSelectiveElement::IsChosen(const TcpsPathSegment& segment, Direction direction)
{
    if (!Holds(m_only.classes, *segment))
    {
        return false;
    }
    const uint64_t place = ++m_count[direction];
    if (m_rate == 0 && m_segments.classes == 0 && m_segments.places.empty())
    {
        return m_default == DEFAULT_ALL;
    }
    // Drawn for every segment, so that a schedule does not move what the rate chooses.
    const bool byRate = m_rate > 0 && m_chance->GetValue() < m_rate;
    return byRate || m_segments.places.contains(place) || Holds(m_segments.classes, *segment);
}

void
TcpsSelectiveElement::HandleOther(const TcpsPathPacket& packet, TcpsPathSegment& /* segment */, Direction direction)
{
    Forward(packet, direction);
}

bool
TcpsSelectiveElement::ParseChoice(const std::string& text, bool withPlaces, Choice& choice)
{
    Choice parsed;
    parsed.text = text;
    std::string_view rest = text;
    while (!rest.empty())
    {
        const std::string_view item = TcpsTakeItem(rest);
        const auto* const known = std::ranges::find(kClasses, item, &Class::word);
        if (known != kClasses.end())
        {
            parsed.classes |= 1U << (known - kClasses.begin());
        }
        else if (!item.empty() && !(withPlaces && AddPlaces(item, parsed.places)))
        {
            return false;
        }
    }
    choice = parsed;
    return true;
}

bool
TcpsSelectiveElement::SetOnly(std::string text)
{
    return ParseChoice(text, false, m_only);
}

std::string
TcpsSelectiveElement::GetOnly() const
{
    return m_only.text;
}

bool
TcpsSelectiveElement::SetSegments(std::string text)
{
    return ParseChoice(text, true, m_segments);
}

std::string
TcpsSelectiveElement::GetSegments() const
{
    return m_segments.text;
}

} // namespace ns3
