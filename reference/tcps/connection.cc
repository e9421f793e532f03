#include "reference/tcps/connection.h"

#include <utility>

namespace tcpslab::tcps {

// TCPS-POS-09, TCPS-POS-10
std::uint64_t Direction::PositionOf(std::uint32_t offset) {
  if (auto* counting = std::get_if<WrapCountingPosition>(&position)) return counting->Advance(offset);
  return std::get<NearestPosition>(position).Candidate(offset);
}

void Direction::Commit(std::uint64_t at) {
  if (auto* nearest = std::get_if<NearestPosition>(&position)) nearest->Commit(at);
}

stack::Flow Connection::FlowOf(const stack::FlowKey& key) const {
  return {
      .local = local_is_low ? key.low() : key.high(), .remote = local_is_low ? key.high() : key.low(), .role = role};
}

// TCPS-KEY-08
void Connection::Install(SessionKeys keys, PositionRule rule) {
  const bool client = role == stack::Role::kClient;
  out.encryption = std::move(client ? keys.enc_c2s : keys.enc_s2c);
  out.mac = std::move(client ? keys.mac_c2s : keys.mac_s2c);
  in.encryption = std::move(client ? keys.enc_s2c : keys.enc_c2s);
  in.mac = std::move(client ? keys.mac_s2c : keys.mac_c2s);
  for (Direction* direction : {&out, &in}) {
    if (rule == PositionRule::kNearest) {
      direction->position.emplace<NearestPosition>();
    } else {
      direction->position.emplace<WrapCountingPosition>();
    }
  }
  // TCPS-KEY-10
  ephemeral.Clear();
  crypto::Wipe(peer_key);
}

// TCPS-KEY-11
void Connection::WipeKeys() {
  ephemeral.Clear();
  for (Direction* direction : {&out, &in}) {
    direction->encryption.Clear();
    direction->mac.Clear();
  }
}

}  // namespace tcpslab::tcps
