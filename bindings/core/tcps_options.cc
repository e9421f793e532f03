// The options of TCP/S in an option area (spec tcps-wire.md, section 2).
#include <optional>
#include <utility>

#include "bindings/core/casters.h"
#include "bindings/core/errors.h"
#include "bindings/core/module.h"
#include "reference/tcps/options.h"

namespace tcpslab::bindings {
namespace {

wire::OptionArea ToArea(const Buffer& bytes) { return ValueOrRaise(wire::OptionArea::FromBytes(bytes.bytes())); }

}  // namespace

void AddTcpsOptions(py::module_& module) {
  module.def(
      "find_tc", [](const Buffer& area) { return tcps::FindTc(ToArea(area)); }, py::arg("area"),
      "The 32-byte ephemeral public key of the first TC option, or None.");
  module.def(
      "find_tm", [](const Buffer& area) { return tcps::FindTm(ToArea(area)); }, py::arg("area"),
      "The 16-byte tag of the first TM option, or None.");
  module.def(
      "find_ti",
      [](const Buffer& area) -> std::optional<std::pair<crypto::PublicKey, tcps::AuthTag>> {
        const auto identity = tcps::FindTi(ToArea(area));
        if (!identity) return std::nullopt;
        return std::pair(identity->key, identity->proof);
      },
      py::arg("area"), "The 32-byte static public key and the 4-byte proof of the first TI option, or None.");
  module.def(
      "make_syn_options",
      [](const Buffer& present, const crypto::PublicKey& key, bool lower_mss) {
        tcps::Deviations deviations;
        if (!lower_mss) deviations.Set(tcps::Deviation::kKeepMss);
        return ToBytes(tcps::MakeSynOptions(ToArea(present), key, deviations).bytes());
      },
      py::arg("present"), py::arg("key"), py::kw_only(), py::arg("lower_mss") = true,
      "The options of a SYN or SYN-ACK with TC: one of the present ones is kept, MSS first, lowered by 20.");
  module.def(
      "append_tm",
      [](const Buffer& area, const crypto::Tag& tag) {
        wire::OptionArea result = ToArea(area);
        if (!tcps::AppendTm(result, tag)) RaiseWireError(wire::Error::kOptionsTooLong);
        return ToBytes(result.bytes());
      },
      py::arg("area"), py::arg("tag"), "The options and TM behind them. WireError: options-too-long.");
  module.def(
      "make_ti_options",
      [](const crypto::PublicKey& key, const tcps::AuthTag& proof) {
        return ToBytes(tcps::MakeTiOptions({.key = key, .proof = proof}).bytes());
      },
      py::arg("key"), py::arg("proof"), "The options of an ACK with TI: 40 bytes, nothing else fits.");
}

}  // namespace tcpslab::bindings
