/**
 * @file
 * @ingroup tcps
 * Attributes that are lists of numbers. Internal: C++20, not installed.
 */
#ifndef TCPS_NUMBER_LIST_H
#define TCPS_NUMBER_LIST_H

#include <charconv>
#include <set>
#include <string>
#include <string_view>

#include "ns3/abort.h"

namespace ns3
{

/** "3, 7" as a set. Anything else than numbers of that type is fatal. */
template <typename Number>
std::set<Number>
TcpsParseNumbers(std::string_view list)
{
    std::set<Number> numbers;
    const char* next = list.data();
    const char* const end = list.data() + list.size();
    while (next != end)
    {
        if (*next == ' ' || *next == ',')
        {
            ++next;
            continue;
        }
        Number number{};
        const auto [rest, error] = std::from_chars(next, end, number);
        NS_ABORT_MSG_IF(error != std::errc(), "'" << list << "' is not a list of numbers in range, as \"3,7\"");
        numbers.insert(number);
        next = rest;
    }
    return numbers;
}

/** The reverse: "3,7". */
template <typename Number>
std::string
TcpsFormatNumbers(const std::set<Number>& numbers)
{
    std::string list;
    for (const Number number : numbers)
    {
        if (!list.empty())
        {
            list += ',';
        }
        list += std::to_string(number);
    }
    return list;
}

} // namespace ns3

#endif /* TCPS_NUMBER_LIST_H */
