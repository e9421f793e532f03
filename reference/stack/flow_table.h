// State by TCP connection: a hash table keyed by the unordered 4-tuple, safe against chosen keys.
//
// References to entries stay valid until that entry is erased.
#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <unordered_map>
#include <utility>

#include "reference/crypto/random.h"
#include "reference/crypto/short_hash.h"
#include "reference/stack/flow.h"

namespace tcpslab::stack {

// Keyed hash of a FlowKey. Copies share the key.
class FlowHash {
 public:
  // Draws 16 bytes for the key.
  explicit FlowHash(crypto::Random& random) {
    crypto::ShortHashKey key;
    random.Fill(key.mutable_bytes());
    key_ = std::make_shared<const crypto::ShortHashKey>(std::move(key));
  }
  std::size_t operator()(const FlowKey& flow) const { return crypto::ShortHash(*key_, flow.Bytes()); }

 private:
  std::shared_ptr<const crypto::ShortHashKey> key_;
};

template <class Entry>
class FlowTable {
 public:
  explicit FlowTable(const FlowHash& hash) : entries_(0, hash) {}

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] bool empty() const { return entries_.empty(); }

  [[nodiscard]] Entry* Find(const FlowKey& key) {
    const auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] const Entry* Find(const FlowKey& key) const { return const_cast<FlowTable*>(this)->Find(key); }

  // Pairs of key and entry.
  [[nodiscard]] auto begin() const { return entries_.begin(); }
  [[nodiscard]] auto end() const { return entries_.end(); }

  // The entry of `key`, default-constructed if it is new.
  Entry& operator[](const FlowKey& key) { return entries_[key]; }
  void Erase(const FlowKey& key) { entries_.erase(key); }

  // Calls visit(key, entry) for each entry; erases those for which it returns true.
  template <class Visit>
  void EraseIf(Visit visit) {
    for (auto it = entries_.begin(); it != entries_.end();) {
      it = visit(it->first, it->second) ? entries_.erase(it) : std::next(it);
    }
  }

 private:
  std::unordered_map<FlowKey, Entry, FlowHash> entries_;
};

}  // namespace tcpslab::stack
