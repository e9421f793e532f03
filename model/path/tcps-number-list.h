/**
 * @file
 * @ingroup tcps
 * Attributes that are lists. Internal: C++20, not installed.
 */
#ifndef TCPS_NUMBER_LIST_H
#define TCPS_NUMBER_LIST_H

#include <algorithm>
#include <charconv>
#include <set>
#include <string>
#include <string_view>

namespace ns3
{

/** Takes the next item off a list that commas and spaces separate; empty between two separators. */
inline std::string_view
TcpsTakeItem(std::string_view& list)
{
    const std::size_t length = std::min(list.find_first_of(", "), list.size());
    const std::string_view item = list.substr(0, length);
    list.remove_prefix(std::min(length + 1, list.size()));
    return item;
}

/** "3, 7" or "0x5443" as a set; false, and nothing changed, for anything else than numbers of that type. */
template <typename Number>
bool
TcpsParseNumbers(std::string_view list, std::set<Number>& numbers)
{
    std::set<Number> parsed;
    while (!list.empty())
    {
        std::string_view item = TcpsTakeItem(list);
        if (item.empty())
        {
            continue;
        }
        const bool hexadecimal = item.starts_with("0x");
        item.remove_prefix(hexadecimal ? 2 : 0);
        Number number{};
        const auto [rest, error] =
            std::from_chars(item.data(), item.data() + item.size(), number, hexadecimal ? 16 : 10);
        if (error != std::errc() || rest != item.data() + item.size())
        {
            return false;
        }
        parsed.insert(number);
    }
    numbers = parsed;
    return true;
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
