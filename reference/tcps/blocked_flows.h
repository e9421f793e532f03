// Flows of which every segment is dropped, until one of their ends begins a new connection (spec tcps-dialects.md, R6,
// R12, R22). Bounded: the oldest gives way.
#pragma once

#include <boost/multi_index/hashed_index.hpp>
#include <boost/multi_index/member.hpp>
#include <boost/multi_index/sequenced_index.hpp>
#include <boost/multi_index_container.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "reference/crypto/x25519.h"
#include "reference/stack/flow.h"
#include "reference/stack/flow_table.h"
#include "reference/stack/instant.h"

namespace tcpslab::tcps {

// A SYN with TC that came on a flow which has a connection: kept until our TCP answers it.
struct HeldOffer {
  std::uint32_t initial_sequence = 0;
  crypto::PublicKey key{};
  std::uint64_t serial = 0;
};

struct BlockedFlow {
  stack::FlowKey key;
  stack::Flow flow;
  stack::Instant since{};
  // Nothing is known of a flow that was blocked before a restart: a SYN with any number begins a new connection.
  std::optional<std::uint32_t> local_isn;
  std::optional<std::uint32_t> remote_isn;
  std::optional<HeldOffer> held;
};

class BlockedFlows {
 public:
  explicit BlockedFlows(const stack::FlowHash& hash);

  [[nodiscard]] std::size_t size() const { return flows_.size(); }
  // Oldest first.
  [[nodiscard]] auto begin() const { return flows_.get<1>().begin(); }
  [[nodiscard]] auto end() const { return flows_.get<1>().end(); }
  [[nodiscard]] const BlockedFlow* Find(const stack::FlowKey& key) const;
  // Adds a flow that is not blocked yet. With `capacity` of them already there, forgets the oldest and returns it; the
  // new one is kept in any case.
  std::optional<BlockedFlow> Add(const BlockedFlow& flow, std::size_t capacity);
  void Hold(const stack::FlowKey& key, const HeldOffer& offer);
  void Erase(const stack::FlowKey& key);

 private:
  using ByKey =
      boost::multi_index::hashed_unique<boost::multi_index::member<BlockedFlow, stack::FlowKey, &BlockedFlow::key>,
                                        stack::FlowHash>;
  using ByAge = boost::multi_index::sequenced<>;
  using Container = boost::multi_index_container<BlockedFlow, boost::multi_index::indexed_by<ByKey, ByAge>>;
  Container flows_;
};

}  // namespace tcpslab::tcps
