#include "model/test/path_conversation.h"

#include <algorithm>

namespace tcpslab::model_test {

PathConversation::PathConversation(const ns3::Ptr<ns3::TcpsPathElement>& element, bool ipv6)
    : bench_(element), ipv6_(ipv6) {}

void PathConversation::Handshake() {
  Pass(kForward, wire::kSyn, kClientIsn, 0);
  Pass(kBackward, kSynAck, kServerIsn, kClientIsn + 1);
  Pass(kForward, wire::kAck, kClientIsn + 1, kServerIsn + 1);
}

void PathConversation::Request() {
  Pass(kForward, wire::kAck | wire::kPsh, kClientIsn + 1, kServerIsn + 1, std::string(100, 'q'));
}

void PathConversation::Response() {
  Pass(kBackward, wire::kAck, kServerIsn + 1, kClientIsn + 101, std::string(40, 'a'));
}

void PathConversation::Fins() {
  Pass(kForward, kFinAck, kClientIsn + 101, kServerIsn + 41);
  Pass(kBackward, kFinAck, kServerIsn + 41, kClientIsn + 102);
}

void PathConversation::Whole() {
  Handshake();
  Request();
  Response();
  Fins();
}

void PathConversation::Pass(ns3::TcpsPathElement::Direction direction, std::uint8_t flags, std::uint32_t sequence,
                            std::uint32_t acknowledgement, const std::string& payload,
                            const wire::OptionArea& options) {
  stack::OwnedSegment segment = Travelling(direction, flags, sequence, acknowledgement, payload, ipv6_);
  segment->options = options;
  sent_.push_back(PacketOf(*segment).GetBytes());
  bench_.Receive(*segment, direction);
}

std::vector<Bench::Output> PathConversation::Forged() {
  bench_.Numbers();
  std::vector<Bench::Output> forged;
  std::ranges::copy_if(bench_.outputs, std::back_inserter(forged), [this](const Bench::Output& output) {
    return std::ranges::find(sent_, output.bytes) == sent_.end();
  });
  return forged;
}

bool PathConversation::AllPassed() const {
  return std::ranges::all_of(sent_, [this](const std::vector<std::uint8_t>& packet) {
    return std::ranges::find(bench_.outputs, packet, &Bench::Output::bytes) != bench_.outputs.end();
  });
}

}  // namespace tcpslab::model_test
