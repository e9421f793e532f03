// The cryptographic constructions of TCP/S (spec tcps-wire.md, sections 3, 5 and 6) and X25519.
#include <utility>

#include "bindings/core/casters.h"
#include "bindings/core/errors.h"
#include "bindings/core/module.h"
#include "reference/crypto/chacha20.h"
#include "reference/crypto/x25519.h"
#include "reference/stack/event.h"
#include "reference/tcps/identity.h"
#include "reference/tcps/key_schedule.h"
#include "reference/tcps/packet_mac.h"

namespace tcpslab::bindings {
namespace {

using tcps::SessionKeys;
using tcps::TagArithmetic;

crypto::SharedSecret Agree(const crypto::PrivateKey& own, const crypto::PublicKey& peer) {
  auto shared = crypto::Agree(own, peer);
  if (!shared) RaiseProtocolError(stack::ToString(stack::EventKind::kLowOrderKey));
  return std::move(*shared);
}

ByteVector Keystream(const crypto::ChaCha20Key& key, std::uint64_t position, std::size_t size) {
  ByteVector out(size);
  crypto::Keystream(key, position, out);
  return out;
}

ByteVector XorKeystream(const crypto::ChaCha20Key& key, std::uint64_t position, const Buffer& data) {
  ByteVector out = ToVector(data.bytes());
  crypto::XorKeystream(key, position, out);
  return out;
}

template <TagArithmetic arithmetic>
crypto::Tag PacketTag(const crypto::ChaCha20Key& mac_key, std::uint64_t position, std::uint8_t flags,
                      const Buffer& ciphertext) {
  return tcps::PacketTag(arithmetic, mac_key, position, flags, ciphertext.bytes());
}

void AddSessionKey(py::class_<SessionKeys>& type, const char* name, crypto::ChaCha20Key SessionKeys::*key,
                   const char* doc) {
  type.def_property_readonly(
      name, [key](const SessionKeys& keys) { return (keys.*key).Clone(); }, doc);
}

void AddX25519(py::module_& module) {
  module.def(
      "x25519_public", [](crypto::PrivateKey& key) { return crypto::KeyPair::FromPrivate(std::move(key)).public_key; },
      py::arg("private_key"), "The public key of a private key (RFC 7748), which is clamped when used.");
  module.def("x25519_agree", &Agree, py::arg("private_key"), py::arg("public_key"),
             "The shared secret, 32 bytes. ProtocolError low-order-key where it is all zero.");
  module.def(
      "is_low_order", [](const crypto::PublicKey& key) { return crypto::IsLowOrder(key); }, py::arg("public_key"),
      "Whether every agreement with this public key is all zero.");
}

}  // namespace

void AddCrypto(py::module_& module) {
  using WithoutGil = py::call_guard<py::gil_scoped_release>;
  AddX25519(module);
  py::class_<SessionKeys> keys(module, "SessionKeys", "The four keys of a connection, 32 bytes each.");
  AddSessionKey(keys, "enc_c2s", &SessionKeys::enc_c2s, "Encrypts what the client sends.");
  AddSessionKey(keys, "enc_s2c", &SessionKeys::enc_s2c, "Encrypts what the server sends.");
  AddSessionKey(keys, "mac_c2s", &SessionKeys::mac_c2s, "Tags what the client sends.");
  AddSessionKey(keys, "mac_s2c", &SessionKeys::mac_s2c, "Tags what the server sends.");
  module.def("derive_session_keys", &tcps::DeriveSessionKeys, py::arg("shared"),
             "The session keys of an X25519 shared secret (spec tcps-wire.md, section 3).");
  module.def("keystream", &Keystream, py::arg("key"), py::arg("position"), py::arg("size"), WithoutGil(),
             "Keystream bytes [position, position + size); position has 64 bits.");
  module.def("xor_keystream", &XorKeystream, py::arg("key"), py::arg("position"), py::arg("data"), WithoutGil(),
             "The data encrypted, or decrypted, at this position of its direction's stream.");
  module.def("one_time_key", &tcps::DeriveOneTimeKey, py::arg("mac_key"), py::arg("position"),
             "The 32-byte Poly1305 key at a stream position (section 5): the same for whatever is sent there.");
  module.def("packet_tag_readme", &PacketTag<TagArithmetic::kStandard>, py::arg("mac_key"), py::arg("position"),
             py::arg("flags"), py::arg("ciphertext"), WithoutGil(),
             "The 16-byte tag with Poly1305 as in RFC 8439 (section 5.2). flags: byte 13 of the TCP header.");
  module.def("packet_tag_lkm", &PacketTag<TagArithmetic::kLkm>, py::arg("mac_key"), py::arg("position"),
             py::arg("flags"), py::arg("ciphertext"), WithoutGil(),
             "The 16-byte tag that the upstream kernel module puts on the wire (section 5.1).");
  module.def("auth_tag", &tcps::ComputeAuthTag, py::arg("static_shared"), py::arg("client_isn"),
             "The 4-byte proof in TI, from the X25519 secret of the two static keys (section 6).");
  module.def("fingerprint", &tcps::Fingerprint, py::arg("public_key"),
             "What people compare: the first 8 bytes of an identity key as 16 hex digits.");
}

}  // namespace tcpslab::bindings
