// Packets and option lists.
#include <fmt/format.h>

#include <utility>

#include "bindings/core/casters.h"
#include "bindings/core/errors.h"
#include "bindings/core/module.h"
#include "bindings/core/packet.h"
#include "reference/wire/options.h"

namespace tcpslab::bindings {
namespace {

using wire::Checksum;
using wire::OptionArea;
using wire::Segment;

using Option = std::pair<std::uint8_t, ByteVector>;  // kind and body

OptionArea ToArea(const Buffer& bytes) { return ValueOrRaise(OptionArea::FromBytes(bytes.bytes())); }

std::vector<Option> ParseOptions(const Buffer& bytes) {
  const OptionArea area = ToArea(bytes);
  if (const auto error = area.Check()) RaiseWireError(*error);
  std::vector<Option> options;
  for (const wire::OptionView option : area) options.emplace_back(option.kind(), ToVector(option.body()));
  return options;
}

ByteVector EmitOptions(const std::vector<Option>& options) {
  ByteVector bytes;
  for (const auto& [kind, body] : options) {
    bytes.push_back(std::byte{kind});
    if (kind == wire::kEndOfOptions || kind == wire::kNoOperation) {
      if (!body.empty()) throw py::value_error("EOL and NOP have no body");
      continue;
    }
    // Before the length is narrowed to a byte.
    if (body.size() + 2 > wire::kMaximumOptionBytes) RaiseWireError(wire::Error::kOptionsTooLong);
    bytes.push_back(static_cast<std::byte>(body.size() + 2));
    bytes.insert(bytes.end(), body.begin(), body.end());
  }
  return ToVector(ValueOrRaise(OptionArea::FromBytes(bytes)).bytes());
}

OwnedPacket MakePacket(const wire::Endpoint& source, const wire::Endpoint& destination, std::uint32_t sequence,
                       std::uint32_t acknowledgement, std::uint8_t flags, std::uint16_t window, const Buffer& options,
                       const Buffer& payload) {
  stack::OwnedSegment segment;
  segment->source = source;
  segment->destination = destination;
  segment->sequence = sequence;
  segment->acknowledgement = acknowledgement;
  segment->flags = flags;
  segment->window = window;
  segment->options = ToArea(options);
  segment.SetPayload(payload.bytes());
  return OwnedPacket(std::move(segment));
}

std::string Describe(const OwnedPacket& packet) {
  const Segment& segment = *packet.segment();
  return fmt::format("<Packet {} > {} flags={:#04x} seq={} ack={} options={} payload={}>", ToString(segment.source),
                     ToString(segment.destination), segment.flags, segment.sequence, segment.acknowledgement,
                     segment.options.size(), segment.payload.size());
}

// A field of the TCP header as an attribute that can be set.
template <class Field>
void AddField(py::class_<OwnedPacket>& type, const char* name, Field Segment::*field, const char* doc) {
  type.def_property(
      name, [field](const OwnedPacket& packet) { return (*packet.segment()).*field; },
      [field](OwnedPacket& packet, Field value) { (*packet.segment()).*field = value; }, doc);
}

void AddPacket(py::module_& module) {
  py::class_<OwnedPacket> packet(module, "Packet", "An IPv4 or IPv6 packet that carries one TCP segment.");
  packet.def(py::init(&MakePacket), py::arg("source"), py::arg("destination"), py::kw_only(), py::arg("sequence") = 0,
             py::arg("acknowledgement") = 0, py::arg("flags") = 0, py::arg("window") = 0,
             py::arg("options") = py::bytes(), py::arg("payload") = py::bytes(),
             "A packet with a minimal IP header: no options, TTL 64, DF set, identification 0.");
  packet.def_static(
      "parse", [](const Buffer& data) { return OwnedPacket::Parse(data.bytes()); }, py::arg("data"),
      "The packet at the start of data; padding after it is ignored. Checksums are not verified, malformed options are "
      "kept. WireError: ip-*, not-tcp, tcp-truncated, data-offset-*.");
  packet.def(
      "emit",
      [](const OwnedPacket& self, bool checksum) { return self.Emit(checksum ? Checksum::kCompute : Checksum::kOmit); },
      py::kw_only(), py::arg("checksum") = true,
      "The packet's bytes, lengths and checksums computed anew; options padded with zero bytes to a multiple of 4. "
      "Without checksum the TCP checksum is 0. WireError: packet-too-long.");
  packet.def_property_readonly("ip_header", &OwnedPacket::ip_header,
                               "The IP header with its options or extension headers, lengths as they came.");
  packet.def_property(
      "source", [](const OwnedPacket& self) { return self.segment()->source; }, &OwnedPacket::SetSource,
      "Address and port. Setting it sets the address in the IP header too, which must be of the same family.");
  packet.def_property(
      "destination", [](const OwnedPacket& self) { return self.segment()->destination; }, &OwnedPacket::SetDestination,
      "Address and port; see source.");
  AddField(packet, "sequence", &Segment::sequence, "Sequence number.");
  AddField(packet, "acknowledgement", &Segment::acknowledgement, "Acknowledgement number.");
  AddField(packet, "flags", &Segment::flags, "Byte 13 of the TCP header: tcpslab.wire.Flag.");
  AddField(packet, "window", &Segment::window, "As on the wire, unscaled.");
  AddField(packet, "urgent_pointer", &Segment::urgent_pointer, "Urgent pointer.");
  packet.def_property(
      "reserved_bits", [](const OwnedPacket& self) { return self.segment()->reserved_bits; },
      [](OwnedPacket& self, std::uint8_t bits) {
        if (bits > 0x0f) throw py::value_error("there are four reserved bits");
        self.segment()->reserved_bits = bits;
      },
      "The low four bits of byte 12.");
  packet.def_property(
      "options", [](const OwnedPacket& self) { return ToBytes(self.segment()->options.bytes()); },
      [](OwnedPacket& self, const Buffer& options) { self.segment()->options = ToArea(options); },
      "The option area: at most 40 bytes, else WireError options-too-long.");
  packet.def_property(
      "payload", [](const OwnedPacket& self) { return ToBytes(self.segment()->payload); },
      [](OwnedPacket& self, const Buffer& payload) { self.segment().SetPayload(payload.bytes()); }, "The payload.");
  packet.def("__repr__", &Describe);
}

}  // namespace

void AddWire(py::module_& module) {
  AddPacket(module);
  module.def(
      "checksums_valid", [](const Buffer& data) { return ChecksumsValid(data.bytes()); }, py::arg("data"),
      "Whether the IPv4 header checksum (IPv6 has none) and the TCP checksum of a packet are right. WireError as "
      "Packet.parse.");
  module.def("parse_options", &ParseOptions, py::arg("area"),
             "Kind and body of each option of an option area, in order, NOPs included; ends at EOL. WireError: "
             "option-too-short, option-overrun, options-too-long.");
  module.def("emit_options", &EmitOptions, py::arg("options"),
             "The option area of these kinds and bodies, unpadded. WireError: options-too-long.");
}

}  // namespace tcpslab::bindings
