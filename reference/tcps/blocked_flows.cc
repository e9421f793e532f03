#include "reference/tcps/blocked_flows.h"

#include <boost/tuple/tuple.hpp>
#include <functional>
#include <utility>

namespace tcpslab::tcps {

BlockedFlows::BlockedFlows(const stack::FlowHash& hash)
    : flows_(Container::ctor_args_list(
          Container::nth_index<0>::type::ctor_args(0, {}, hash, std::equal_to<stack::FlowKey>()),
          Container::nth_index<1>::type::ctor_args())) {}

const BlockedFlow* BlockedFlows::Find(const stack::FlowKey& key) const {
  const auto& by_key = flows_.get<0>();
  const auto found = by_key.find(key);
  return found == by_key.end() ? nullptr : &*found;
}

// TCPS-LIM-04
std::optional<BlockedFlow> BlockedFlows::Add(const BlockedFlow& flow, std::size_t capacity) {
  auto& by_age = flows_.get<1>();
  std::optional<BlockedFlow> forgotten;
  if (!flows_.empty() && flows_.size() >= capacity) {
    forgotten = by_age.front();
    by_age.pop_front();
  }
  by_age.push_back(flow);
  return forgotten;
}

void BlockedFlows::Hold(const stack::FlowKey& key, const HeldOffer& offer) {
  auto& by_key = flows_.get<0>();
  by_key.modify(by_key.find(key), [&offer](BlockedFlow& flow) { flow.held = offer; });
}

void BlockedFlows::Erase(const stack::FlowKey& key) { flows_.get<0>().erase(key); }

}  // namespace tcpslab::tcps
