// Flows, their keys, and the table keyed by them.
#include "reference/stack/flow.h"

#include <rapidcheck.h>

#include <boost/test/unit_test.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "reference/crypto/random.h"
#include "reference/stack/flow_table.h"

namespace tcpslab::stack::test {
namespace {

Endpoint At(const std::string& address, std::uint16_t port) { return {*wire::ParseAddress(address), port}; }

// Few values, so that equal ones occur.
Endpoint ArbitraryEndpoint() {
  return At(*rc::gen::element<std::string>("10.0.0.1", "10.0.0.2", "::1", "2001:db8::1", "0.0.0.0", "::"),
            *rc::gen::element<std::uint16_t>(0, 1, 255, 256, 65535));
}

FlowKey ArbitraryKey() { return {ArbitraryEndpoint(), ArbitraryEndpoint()}; }

struct CountingRandom final : crypto::Random {
  void Fill(std::span<std::byte> out) override {
    drawn += out.size();
    std::ranges::fill(out, value);
  }
  std::size_t drawn = 0;
  std::byte value{0};
};

}  // namespace

BOOST_AUTO_TEST_CASE(FlowsNameTheClientFirst) {
  const Endpoint local = At("10.0.0.1", 40001);
  const Endpoint remote = At("10.0.0.2", 80);
  BOOST_TEST(ToString(Flow{local, remote, Role::kClient}) == "10.0.0.1:40001 <-> 10.0.0.2:80");
  BOOST_TEST(ToString(Flow{remote, local, Role::kServer}) == "10.0.0.1:40001 <-> 10.0.0.2:80");
  BOOST_TEST(ToString(Flow{remote, local, Role::kUnknown}) == "10.0.0.2:80 <-> 10.0.0.1:40001");
  BOOST_TEST(ToString(Flow{At("2001:db8::1", 1), At("::1", 2), Role::kClient}) == "[2001:db8::1]:1 <-> [::1]:2");
}

BOOST_AUTO_TEST_CASE(BothDirectionsHaveTheSameKey) {
  BOOST_TEST(rc::check([] {
    const Endpoint a = ArbitraryEndpoint();
    const Endpoint b = ArbitraryEndpoint();
    const FlowKey key(a, b);
    RC_ASSERT(key == FlowKey(b, a));
    RC_ASSERT(key.Bytes() == FlowKey(b, a).Bytes());
    RC_ASSERT((key.low() == a && key.high() == b) || (key.low() == b && key.high() == a));
  }));
}

// Address and port of one end stay together, whatever crosses them over makes another flow.
BOOST_AUTO_TEST_CASE(DifferentFlowsDiffer) {
  const FlowKey key(At("10.0.0.1", 1), At("10.0.0.2", 2));
  for (const FlowKey& other :
       {FlowKey(At("10.0.0.1", 2), At("10.0.0.2", 1)), FlowKey(At("10.0.0.1", 1), At("10.0.0.2", 3)),
        FlowKey(At("10.0.0.1", 1), At("10.0.0.3", 2)), FlowKey(At("10.0.0.1", 1), At("10.0.0.1", 2)),
        FlowKey(At("a00:1::", 1), At("a00:2::", 2))}) {  // the IPv4 addresses' bytes at the front
    BOOST_TEST((key != other));
    BOOST_TEST((key.Bytes() != other.Bytes()));
  }
}

BOOST_AUTO_TEST_CASE(BytesAreEqualForEqualKeysOnly) {
  BOOST_TEST(rc::check([] {
    const FlowKey a = ArbitraryKey();
    const FlowKey b = ArbitraryKey();
    RC_ASSERT((a == b) == (a.Bytes() == b.Bytes()));
  }));
}

BOOST_AUTO_TEST_CASE(HashesAreKeyed) {
  CountingRandom random;
  const FlowHash hash(random);
  BOOST_TEST(random.drawn == 16U);
  const FlowHash same = hash;
  const FlowHash also(random);
  random.value = std::byte{1};
  const FlowHash other(random);
  const FlowKey key(At("10.0.0.1", 1), At("10.0.0.2", 2));
  BOOST_TEST(hash(key) == same(key));
  BOOST_TEST(hash(key) == also(key));
  BOOST_TEST(hash(key) != other(key));
  BOOST_TEST(hash(key) == hash(FlowKey(key.high(), key.low())));
}

BOOST_AUTO_TEST_CASE(TableHoldsOneEntryForAFlow) {
  crypto::SeededRandom random(1);
  FlowTable<int> table{FlowHash(random)};
  const Endpoint client = At("10.0.0.1", 40001);
  const Endpoint server = At("10.0.0.2", 80);
  BOOST_TEST(table.empty());
  BOOST_TEST(table.Find({client, server}) == nullptr);
  table[{client, server}] = 7;
  BOOST_TEST(table.size() == 1U);
  BOOST_TEST((table[{server, client}] == 7));
  BOOST_TEST(*std::as_const(table).Find({server, client}) == 7);
  BOOST_TEST((table[{client, At("10.0.0.2", 81)}] == 0));
  BOOST_TEST(table.size() == 2U);
  table.Erase({server, client});
  BOOST_TEST(table.Find({client, server}) == nullptr);
  BOOST_TEST(table.size() == 1U);
  table.Erase({server, client});  // is not there: nothing happens
  BOOST_TEST(table.size() == 1U);
}

// "References to entries stay valid until that entry is erased."
BOOST_AUTO_TEST_CASE(ReferencesOutliveGrowthAndOtherErasures) {
  crypto::SeededRandom random(1);
  FlowTable<std::uint16_t> table{FlowHash(random)};
  const auto key = [](std::uint16_t port) { return FlowKey(At("10.0.0.1", port), At("10.0.0.2", 80)); };
  std::uint16_t& first = table[key(0)];
  for (std::uint16_t port = 0; port < 5000; ++port) table[key(port)] = port;
  table.EraseIf([](const FlowKey&, std::uint16_t port) { return port % 2 == 1; });
  BOOST_TEST(table.size() == 2500U);
  BOOST_TEST(&first == table.Find(key(0)));
  for (std::uint16_t port = 0; port < 5000; ++port) {
    const std::uint16_t* found = table.Find(key(port));
    BOOST_TEST((found != nullptr) == (port % 2 == 0));
    if (found != nullptr) BOOST_TEST(*found == port);
  }
}

BOOST_AUTO_TEST_CASE(EraseIfVisitsEachEntryOnce) {
  crypto::SeededRandom random(1);
  FlowTable<std::uint16_t> table{FlowHash(random)};
  for (std::uint16_t port = 0; port < 100; ++port) table[{At("10.0.0.1", port), At("10.0.0.2", 80)}] = port;
  std::multiset<std::uint16_t> visited;
  table.EraseIf([&](const FlowKey& key, std::uint16_t port) {
    BOOST_TEST(key.low().port == port);
    visited.insert(port);
    return true;
  });
  BOOST_TEST(visited.size() == 100U);
  BOOST_TEST(std::set(visited.begin(), visited.end()).size() == 100U);
  BOOST_TEST(table.empty());
}

// Against a plain map, any sequence of insertions and erasures.
BOOST_AUTO_TEST_CASE(TableBehavesLikeAMap) {
  BOOST_TEST(rc::check([](std::uint64_t seed) {
    crypto::SeededRandom random(seed);
    FlowTable<int> table{FlowHash(random)};
    std::map<std::array<std::byte, FlowKey::kByteSize>, int> model;
    const int steps = *rc::gen::inRange(0, 60);
    for (int step = 0; step < steps; ++step) {
      const FlowKey key = ArbitraryKey();
      if (*rc::gen::arbitrary<bool>()) {
        table[key] = step;
        model[key.Bytes()] = step;
      } else {
        table.Erase(key);
        model.erase(key.Bytes());
      }
      const FlowKey asked = ArbitraryKey();
      const int* found = table.Find(asked);
      const auto expected = model.find(asked.Bytes());
      RC_ASSERT((found == nullptr) == (expected == model.end()));
      if (found != nullptr) RC_ASSERT(*found == expected->second);
      RC_ASSERT(table.size() == model.size());
    }
  }));
}

}  // namespace tcpslab::stack::test
