// The box that lets HTTP through and nothing else.
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "model/test/path_bench.h"
#include "ns3/string.h"

namespace tcpslab::model_test {
namespace {

using ns3::TcpsPathElement;
using stack::OwnedSegment;

constexpr std::uint32_t kOpenerIsn = 1000;
constexpr std::uint32_t kOtherIsn = 0xfffffffe;  // wraps within the first line
constexpr std::uint8_t kData = wire::kAck | wire::kPsh;

// A connection through the box, opened in one direction; says what came out.
class Connection {
 public:
  explicit Connection(Bench& bench, TcpsPathElement::Direction opener = kForward, std::uint16_t port = 49152,
                      bool ipv6 = false)
      : bench_(bench), opener_(opener), port_(port), ipv6_(ipv6) {
    Send(opener_, wire::kSyn, 0, "");
    Send(Back(), wire::kSyn | wire::kAck, 0, "");
    Send(opener_, wire::kAck, 1, "");
  }

  TcpsPathElement::Direction Back() const { return opener_ == kForward ? kBackward : kForward; }

  // `place` counts from the sender's initial sequence number. True if the segment itself, and nothing else, came out.
  bool Send(TcpsPathElement::Direction direction, std::uint8_t flags, std::uint32_t place, std::string_view payload) {
    const std::uint32_t own = direction == opener_ ? kOpenerIsn : kOtherIsn;
    const std::uint32_t other = direction == opener_ ? kOtherIsn : kOpenerIsn;
    OwnedSegment segment = Travelling(direction, flags, own + place, other + 1, payload, ipv6_);
    (direction == kForward ? segment->source : segment->destination).port = port_;
    const std::size_t before = bench_.outputs.size();
    bench_.Receive(*segment, direction);
    return bench_.outputs.size() == before + 1 && bench_.outputs.back().bytes == PacketOf(*segment).GetBytes() &&
           bench_.outputs.back().direction == direction;
  }
  bool Request(std::uint32_t place, std::string_view payload) { return Send(opener_, kData, place, payload); }
  bool Response(std::uint32_t place, std::string_view payload) { return Send(Back(), kData, place, payload); }

 private:
  Bench& bench_;
  TcpsPathElement::Direction opener_;
  std::uint16_t port_;
  bool ipv6_;
};

BOOST_AUTO_TEST_SUITE(dpi_filter)

BOOST_AUTO_TEST_CASE(HttpPasses) {
  for (const bool ipv6 : {false, true}) {
    for (const auto opener : {kForward, kBackward}) {
      for (const char* request : {"GET / HTTP/1.1", "POST /", "HEAD /", "PUT /"}) {
        Bench bench(Make("ns3::TcpsDpiFilter"));
        Connection connection(bench, opener, 49152, ipv6);
        BOOST_TEST(bench.outputs.size() == 3U);
        BOOST_TEST(connection.Request(1, request));
        BOOST_TEST(connection.Response(1, "HTTP/1.1 200 OK"));
        // Only the first bytes are looked at.
        BOOST_TEST(connection.Request(100, "\x01\x02"));
        BOOST_TEST(connection.Response(100, "\x01\x02"));
        BOOST_TEST(connection.Send(opener, wire::kFin | wire::kAck, 102, ""));
      }
    }
  }
}

// What a receiver will not take is no first line.
BOOST_AUTO_TEST_CASE(DamagedSegmentsDoNotCount) {
  Bench bench(Make("ns3::TcpsDpiFilter"));
  Connection connection(bench);
  std::vector<std::uint8_t> bytes =
      PacketOf(*Travelling(kForward, kData, kOpenerIsn + 1, kOtherIsn + 1, "\x16\x03\x01")).GetBytes();
  bytes.back() ^= 1U;
  bench.Receive(ns3::TcpsPathPacket(bytes), kForward);
  BOOST_TEST(bench.outputs.back().bytes == bytes);
  BOOST_TEST(connection.Request(1, "GET / HTTP/1.1"));
}

BOOST_AUTO_TEST_CASE(AnythingElseStalls) {
  for (const bool ipv6 : {false, true}) {
    for (const auto opener : {kForward, kBackward}) {
      Bench bench(Make("ns3::TcpsDpiFilter"));
      Connection connection(bench, opener, 49152, ipv6);
      bench.outputs.clear();
      connection.Request(1, "\x16\x03\x01");
      connection.Request(1, "\x16\x03\x01");
      connection.Request(4, "GET ");  // too late
      connection.Response(1, "HTTP/1.1 200 OK");
      connection.Send(opener, wire::kFin | wire::kAck, 4, "");
      BOOST_TEST(bench.outputs.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(TheAnswerIsLookedAtToo) {
  Bench bench(Make("ns3::TcpsDpiFilter"));
  Connection connection(bench);
  BOOST_TEST(connection.Request(1, "GET / HTTP/1.1"));
  BOOST_TEST(!connection.Response(1, "220 smtp"));
  BOOST_TEST(!connection.Request(15, "more"));
}

BOOST_AUTO_TEST_CASE(ShortSegmentsAreReadTogether) {
  Bench bench(Make("ns3::TcpsDpiFilter"));
  Connection good(bench, kForward, 1);
  BOOST_TEST(good.Request(1, "H"));
  BOOST_TEST(good.Request(1, "HE"));  // again, with more
  BOOST_TEST(good.Request(1, "H"));   // a late retransmission
  BOOST_TEST(good.Request(3, "AD"));
  BOOST_TEST(good.Request(5, " "));
  BOOST_TEST(good.Request(6, "\x01"));
  Connection bad(bench, kForward, 2);
  BOOST_TEST(bad.Request(1, "H"));
  BOOST_TEST(bad.Request(2, "E"));
  BOOST_TEST(!bad.Request(3, "X"));
  BOOST_TEST(!bad.Request(4, "AD"));
  BOOST_TEST(good.Request(7, "unharmed"));
}

BOOST_AUTO_TEST_CASE(NothingPassesBeforeItsBeginning) {
  Bench bench(Make("ns3::TcpsDpiFilter"));
  Connection connection(bench);
  BOOST_TEST(!connection.Request(3, "T / HTTP"));
  BOOST_TEST(connection.Request(1, "GE"));
  BOOST_TEST(connection.Request(3, "T / HTTP"));
}

BOOST_AUTO_TEST_CASE(WhatItKnowsNotTheBeginningOfPasses) {
  Bench bench(Make("ns3::TcpsDpiFilter"));
  const OwnedSegment midway = Travelling(kForward, kData, 77, 1, "\x01\x02");
  bench.Receive(*midway, kForward);
  BOOST_TEST(bench.outputs.size() == 1U);
}

BOOST_AUTO_TEST_CASE(PayloadOnTheSynCounts) {
  Bench bench(Make("ns3::TcpsDpiFilter"));
  bench.Receive(*Travelling(kForward, wire::kSyn, 1000, 0, "GE"), kForward);
  bench.Receive(*Travelling(kForward, kData, 1003, 1, "T /"), kForward);
  BOOST_TEST(bench.outputs.size() == 2U);
  bench.Receive(*Travelling(kBackward, wire::kSyn | wire::kAck, 5, 1003, "SSH-2.0"), kBackward);
  BOOST_TEST(bench.outputs.size() == 2U);
}

BOOST_AUTO_TEST_CASE(ANewConnectionBeginsAnew) {
  Bench bench(Make("ns3::TcpsDpiFilter"));
  Connection refused(bench);
  BOOST_TEST(!refused.Request(1, "SSH-2.0"));
  bench.Receive(*Travelling(kForward, wire::kRst, 1), kForward);
  bench.outputs.clear();
  // The same endpoints, another initial sequence number.
  bench.Receive(*Travelling(kForward, wire::kSyn, 70000), kForward);
  bench.Receive(*Travelling(kForward, kData, 70001, 1, "GET /"), kForward);
  BOOST_TEST(bench.outputs.size() == 2U);
}

BOOST_AUTO_TEST_CASE(ResetsReachBothEnds) {
  for (const bool ipv6 : {false, true}) {
    for (const bool only : {false, true}) {
      for (const bool by_response : {false, true}) {
        Bench bench(Make("ns3::TcpsDpiFilter", {{"Action", only ? "reset-only" : "reset"}}));
        Connection connection(bench, kForward, 49152, ipv6);
        if (by_response) connection.Request(1, "GET / HTTP/1.1");
        bench.outputs.clear();
        if (by_response) {
          connection.Response(1, "SSH-2.0");
        } else {
          connection.Request(1, "SSH-2.0");
        }
        std::vector<Bench::Output> resets;
        for (const Bench::Output& output : bench.outputs) {
          if (output.segment->Has(wire::kRst)) resets.push_back(output);
          BOOST_TEST(output.checksum_valid);
        }
        BOOST_TEST(bench.outputs.size() == resets.size() + (only ? 1 : 0));
        BOOST_REQUIRE_EQUAL(resets.size(), 2U);
        const auto offender = by_response ? kBackward : kForward;
        const std::uint32_t next = (by_response ? kOtherIsn : kOpenerIsn) + 1;  // of the offender, before its payload
        const std::uint32_t other = (by_response ? kOpenerIsn : kOtherIsn) + 1;
        // To the receiver of the payload: what it expects next, which depends on whether it got the payload.
        BOOST_TEST(resets[0].direction == offender);
        BOOST_TEST(resets[0].segment->sequence == next + (only ? 7 : 0));
        BOOST_TEST(resets[0].segment->acknowledgement == other);
        // To its sender: the number that it acknowledged last.
        BOOST_TEST((resets[1].direction != offender));
        BOOST_TEST(resets[1].segment->sequence == other);
        BOOST_TEST(resets[1].segment->acknowledgement == next + 7);
        BOOST_TEST((resets[1].segment->source == resets[0].segment->destination));
        BOOST_TEST((resets[1].segment->destination == resets[0].segment->source));

        bench.outputs.clear();
        BOOST_TEST(connection.Request(20, "more") == only);
        BOOST_TEST(bench.outputs.size() == (only ? 1U : 0U));  // resets are sent once
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(OtherPrefixes) {
  Bench bench(Make("ns3::TcpsDpiFilter", {{"Prefixes", "SSH-,EHLO "}}));
  Connection connection(bench);
  BOOST_TEST(connection.Request(1, "SSH-2.0"));
  BOOST_TEST(!connection.Response(1, "EHLO,"));  // the blank counts
  for (const char* text : {"", ",", "GET ,", ",GET ", "GET ,,PUT "}) {
    BOOST_TEST(!Make("ns3::TcpsDpiFilter")->SetAttributeFailSafe("Prefixes", ns3::StringValue(text)), text);
  }
  ns3::StringValue text;
  Make("ns3::TcpsDpiFilter")->GetAttribute("Prefixes", text);
  BOOST_TEST(text.Get() == "GET ,POST ,HEAD ,PUT ,HTTP/");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::model_test
