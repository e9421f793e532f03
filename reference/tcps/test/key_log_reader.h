// What a third party who has the key log can compute about a conversation: keys, plaintext and tags, written out from
// spec tcps-wire.md, sections 3, 5 and 6, and independent of the engine.
#pragma once

#include <cstdint>
#include <string>

#include "reference/crypto/poly1305.h"
#include "reference/crypto/x25519.h"
#include "reference/tcps/key_schedule.h"
#include "reference/tcps/test/conversation.h"

namespace tcpslab::tcps::test {

// The third word of the last line that starts with `label`, and how many there are.
std::string LastSecret(const Pair& pair, std::string_view label);
std::size_t CountLines(const Pair& pair, std::string_view label);

// Session keys of the connection whose handshake was the last to be completed.
SessionKeys LastSessionKeys(const Pair& pair);

// The payload as it reads when its first byte stands at `position` of the keystream.
std::string DecryptAt(const crypto::ChaCha20Key& key, std::uint64_t position, const OwnedSegment& segment);

// The tag that section 5 asks for, of a segment with that ciphertext and those flags.
crypto::Tag StandardTag(const crypto::ChaCha20Key& mac_key, std::uint64_t position, const OwnedSegment& segment);
crypto::Tag LkmTag(const crypto::ChaCha20Key& mac_key, std::uint64_t position, const OwnedSegment& segment);

// Section 6: the auth tag from the last static secret.
AuthTag ExpectedAuthTag(const Pair& pair, std::uint32_t client_isn);

}  // namespace tcpslab::tcps::test
