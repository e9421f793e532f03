// What the tests of this folder share: IP packets of a conversation between two hosts, as a capture would hold them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "reference/capture/decryptor.h"
#include "reference/tcps/test/conversation.h"

namespace tcpslab::capture::test {

using Bytes = std::vector<std::byte>;

Bytes ToPacket(const wire::Segment& segment);  // minimal IP header, right checksums
std::string PayloadOf(const Bytes& packet);
Bytes ToBytes(std::string_view hex);

// Every segment that a conversation put on its wire.
std::vector<Bytes> Record(tcps::test::Conversation& talk);
std::string KeyLogText(tcps::test::Conversation& talk);
// A decryptor with the secrets of the conversation.
Decryptor MakeDecryptor(tcps::test::Conversation& talk);

// Processes all, in place.
std::vector<PacketVerdict> Process(Decryptor& decryptor, std::vector<Bytes>& packets);

}  // namespace tcpslab::capture::test

namespace tcpslab::capture {

// How Boost.Test prints a verdict.
std::ostream& operator<<(std::ostream& stream, PacketVerdict verdict);

}  // namespace tcpslab::capture
