#include "reference/tcps/deviations.h"

#include <array>

namespace tcpslab::tcps {
namespace {

constexpr std::array<std::string_view, kDeviations> kNames = {"accept-invalid-tag",
                                                              "accept-missing-tag",
                                                              "accept-reset",
                                                              "accept-identity-mismatch",
                                                              "fin-without-tag",
                                                              "fresh-key-on-syn-retransmit",
                                                              "send-in-clear",
                                                              "wrong-tag",
                                                              "never-send-identity",
                                                              "zero-auth-tag",
                                                              "keep-mss"};

}  // namespace

std::string_view ToString(Deviation deviation) { return kNames[static_cast<std::size_t>(deviation)]; }

std::optional<Deviation> DeviationFromName(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Deviation>(i);
  }
  return std::nullopt;
}

}  // namespace tcpslab::tcps
