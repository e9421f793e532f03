// A short TCP conversation sent through one path element, and what the element made of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/test/path_bench.h"

namespace tcpslab::model_test {

inline constexpr std::uint32_t kClientIsn = 1000;
inline constexpr std::uint32_t kServerIsn = 0xfffffff0;  // so that numbers wrap
inline constexpr std::uint8_t kFinAck = wire::kFin | wire::kAck;

// Handshake, 100 bytes of request, 40 of response, both FINs; each part can be sent on its own.
class PathConversation {
 public:
  explicit PathConversation(const ns3::Ptr<ns3::TcpsPathElement>& element, bool ipv6 = false);

  void Handshake();
  void Request();
  void Response();
  void Fins();
  void Whole();
  // Any segment.
  void Pass(ns3::TcpsPathElement::Direction direction, std::uint8_t flags, std::uint32_t sequence,
            std::uint32_t acknowledgement, const std::string& payload = {}, const wire::OptionArea& options = {});

  // What came out and did not go in. Runs what is scheduled.
  std::vector<Bench::Output> Forged();
  // Everything that went in has come out, as it was.
  [[nodiscard]] bool AllPassed() const;
  // All that came out, so far.
  [[nodiscard]] const std::vector<Bench::Output>& outputs() const { return bench_.outputs; }

 private:
  Bench bench_;
  bool ipv6_;
  std::vector<std::vector<std::uint8_t>> sent_;
};

}  // namespace tcpslab::model_test
