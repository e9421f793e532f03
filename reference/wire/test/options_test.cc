#include "reference/wire/options.h"

#include <boost/test/unit_test.hpp>

#include "reference/wire/test/bytes.h"

namespace tcpslab::wire::test {
namespace {

OptionArea Area(std::string_view hex) { return OptionArea::FromBytes(Hex(hex)).value(); }

std::vector<Bytes> Walk(const OptionArea& area) {
  std::vector<Bytes> options;
  for (const OptionView option : area) options.push_back(ToBytes(option.bytes()));
  return options;
}

bool Holds(const OptionArea& area, std::string_view hex) { return ToBytes(area.bytes()) == Hex(hex); }

BOOST_AUTO_TEST_SUITE(options)

// The SYN options of Linux: MSS, SACK permitted, timestamps, NOP, window scale (RFC 9293, RFC 2018, RFC 7323).
BOOST_AUTO_TEST_CASE(a_walk_meets_each_option_in_order) {
  const OptionArea area = Area("020405b4 0402 080a0102030405060708 01 030307");
  std::vector<std::uint8_t> kinds;
  std::vector<std::size_t> offsets;
  for (const OptionView option : area) {
    kinds.push_back(option.kind());
    offsets.push_back(option.offset());
  }
  BOOST_TEST((kinds ==
              std::vector<std::uint8_t>{kMaximumSegmentSize, kSackPermitted, kTimestamps, kNoOperation, kWindowScale}));
  BOOST_TEST((offsets == std::vector<std::size_t>{0, 4, 6, 16, 17}));
  BOOST_TEST((ToBytes(area.Find(kMaximumSegmentSize)->body()) == Hex("05b4")));
  BOOST_TEST(area.Find(kSackPermitted)->body().empty());
  BOOST_TEST(area.Find(kNoOperation)->bytes().size() == 1);
  BOOST_TEST(area.Find(kNoOperation)->body().empty());
  BOOST_TEST(!area.Find(kFastOpen).has_value());
  BOOST_TEST(!area.Check().has_value());
}

BOOST_AUTO_TEST_CASE(eol_ends_the_walk_whatever_follows) {
  const OptionArea area = Area("01 00 020405b4 0900");
  BOOST_TEST((Walk(area) == std::vector<Bytes>{Hex("01")}));
  BOOST_TEST(!area.Find(kMaximumSegmentSize).has_value());
  BOOST_TEST(!area.Find(kEndOfOptions).has_value());
  BOOST_TEST(!area.Check().has_value());
}

BOOST_AUTO_TEST_CASE(malformed_options_end_the_walk_and_have_a_name) {
  struct Case {
    const char* bytes;
    Error error;
    std::size_t options_before;
  };
  const Case cases[] = {
      {"0200", Error::kOptionTooShort, 0},
      {"0201", Error::kOptionTooShort, 0},
      {"fd00", Error::kOptionTooShort, 0},
      {"01 01 080105 00", Error::kOptionTooShort, 2},
      {"020405b4 0401", Error::kOptionTooShort, 1},
      {"02", Error::kOptionOverrun, 0},
      {"01 01 01 fd", Error::kOptionOverrun, 3},
      {"020405", Error::kOptionOverrun, 0},
      {"020405b4 05ff0000", Error::kOptionOverrun, 1},
      {"fe29"
       "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
       "00000000",
       Error::kOptionOverrun, 0},
  };
  for (const Case& c : cases) {
    Bytes bytes = Hex(c.bytes);
    bytes.resize(std::min(bytes.size(), kMaximumOptionBytes));
    const OptionArea area = OptionArea::FromBytes(bytes).value();
    BOOST_TEST_CONTEXT(c.bytes) {
      BOOST_TEST_REQUIRE(area.Check().has_value());
      BOOST_TEST(*area.Check() == c.error);
      BOOST_TEST(Walk(area).size() == c.options_before);
      BOOST_TEST((ToBytes(area.bytes()) == bytes));
    }
  }
}

BOOST_AUTO_TEST_CASE(an_option_may_fill_the_area) {
  Bytes bytes(kMaximumOptionBytes, std::byte{0xaa});
  bytes[0] = std::byte{kExperiment253};
  bytes[1] = std::byte{kMaximumOptionBytes};
  const OptionArea area = OptionArea::FromBytes(bytes).value();
  BOOST_TEST(!area.Check().has_value());
  BOOST_TEST(area.Find(kExperiment253)->body().size() == 38);
}

BOOST_AUTO_TEST_CASE(more_than_40_bytes_are_refused) {
  BOOST_TEST(OptionArea::FromBytes(Bytes(40)).has_value());
  BOOST_TEST((OptionArea::FromBytes(Bytes(41)).error() == Error::kOptionsTooLong));

  OptionArea area = OptionArea::FromBytes(Bytes(37, std::byte{kNoOperation})).value();
  const OptionArea before = area;
  BOOST_TEST((area.Append(Hex("020405b4")).error() == Error::kOptionsTooLong));
  BOOST_TEST((area == before));
  BOOST_TEST(area.Append(Hex("030307")).has_value());
  BOOST_TEST(area.size() == 40);
  BOOST_TEST((area.Append(Hex("01")).error() == Error::kOptionsTooLong));
}

BOOST_AUTO_TEST_CASE(a_refused_append_leaves_the_eol_alone) {
  OptionArea area = OptionArea::FromBytes(Bytes(40)).value();
  BOOST_TEST(!area.Append(Hex("0402")).has_value());
  BOOST_TEST((ToBytes(area.bytes()) == Bytes(40)));
}

BOOST_AUTO_TEST_CASE(append_makes_eol_and_padding_nop) {
  OptionArea area = Area("0402 00 07");
  BOOST_TEST(area.Append(Hex("030307")).has_value());
  BOOST_TEST(Holds(area, "0402 01 01 030307"));
  BOOST_TEST(area.Find(kWindowScale).has_value());
  BOOST_TEST(area.PaddedSize() == 8);
}

BOOST_AUTO_TEST_CASE(remove_closes_up_and_counts) {
  OptionArea area = Area("fd0400aa 020405b4 fd03bb 01 fd02 00 fd02");
  BOOST_TEST(area.Remove(kExperiment253) == 3);
  BOOST_TEST(Holds(area, "020405b4 01 00 fd02"));  // behind EOL is no option
  BOOST_TEST(area.Remove(kExperiment253) == 0);
}

BOOST_AUTO_TEST_CASE(blank_keeps_sizes_and_offsets) {
  OptionArea area = Area("020405b4 0402 030307 0402 01 09ff");
  BOOST_TEST(area.Blank(kSackPermitted) == 2);
  BOOST_TEST(Holds(area, "020405b4 0101 030307 0101 01 09ff"));
  BOOST_TEST(area.Find(kWindowScale)->offset() == 6);
  BOOST_TEST(area.Blank(kSackPermitted) == 0);
}

BOOST_AUTO_TEST_CASE(pad_with_nop) {
  OptionArea area = Area("030307");
  area.PadWithNop();
  BOOST_TEST(Holds(area, "030307 01"));
  area.PadWithNop();
  BOOST_TEST(area.size() == 4);
  area.clear();
  area.PadWithNop();
  BOOST_TEST(area.empty());
}

BOOST_AUTO_TEST_CASE(an_iterator_is_bounded_from_any_start) {
  const Bytes bytes = Hex("0402 01");
  for (std::size_t offset = 3; offset < 6; ++offset) {
    OptionArea::Iterator it(bytes, offset);
    BOOST_TEST((it == std::default_sentinel));
    ++it;
    BOOST_TEST((it == std::default_sentinel));
  }
}

// Directly over the heap, where AddressSanitizer sees a read of the length byte that is not there.
BOOST_AUTO_TEST_CASE(an_iterator_reads_nothing_behind_its_area) {
  for (const char* hex : {"", "00", "01", "02", "0402", "0403", "01 01 fd"}) {
    const Bytes bytes = Hex(hex);
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
      const Bytes part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
      std::size_t end = 0;
      for (OptionArea::Iterator it(part, 0); it != std::default_sentinel; ++it) end += (*it).bytes().size();
      BOOST_TEST(end <= size);
    }
  }
}

// Any bytes: the walk tiles a prefix of the area, and Check names what stands behind the prefix.
BOOST_AUTO_TEST_CASE(any_bytes_are_walked_within_bounds) {
  BOOST_TEST(rc::check("walk and Check agree on any bytes", [] {
    // Small values make options of plausible lengths.
    const auto small = rc::gen::map(rc::gen::inRange(0, 12), [](int value) { return static_cast<std::byte>(value); });
    const Bytes bytes = *rc::gen::mapcat(rc::gen::inRange<std::size_t>(0, 41), [small](std::size_t size) {
      return rc::gen::oneOf(ArbitraryBytes(size), rc::gen::container<Bytes>(size, small));
    });
    const OptionArea area = OptionArea::FromBytes(bytes).value();
    std::size_t end = 0;
    for (const OptionView option : area) {
      RC_ASSERT(option.offset() == end);
      RC_ASSERT(option.kind() == std::to_integer<unsigned>(bytes[end]));
      RC_ASSERT(option.kind() != kEndOfOptions);
      const std::size_t size = option.kind() == kNoOperation ? 1 : std::to_integer<std::size_t>(bytes.at(end + 1));
      RC_ASSERT(option.bytes().size() == size);
      end += size;
    }
    RC_ASSERT(end <= bytes.size());
    std::optional<Error> expected;
    if (end < bytes.size() && bytes[end] != std::byte{kEndOfOptions}) {
      expected = Error::kOptionOverrun;
      if (end + 1 < bytes.size()) {
        const auto length = std::to_integer<std::size_t>(bytes[end + 1]);
        if (length < 2) expected = Error::kOptionTooShort;
        RC_ASSERT(length < 2 || end + length > bytes.size());
      }
    }
    RC_ASSERT(area.Check() == expected);
    RC_ASSERT(ToBytes(area.bytes()) == bytes);
  }));
}

// A list of well-formed options of few kinds, so that edits find several of a kind.
rc::Gen<std::vector<Bytes>> OptionList() {
  return rc::gen::exec([] {
    std::vector<Bytes> list;
    std::size_t size = 0;
    const auto count = *rc::gen::inRange(0, 12);
    for (int i = 0; i < count; ++i) {
      const auto kind = *rc::gen::element<std::uint8_t>(kNoOperation, kMaximumSegmentSize, kExperiment253, 77);
      Bytes option = kind == kNoOperation ? Bytes(1) : *BytesUpTo(6);
      if (kind != kNoOperation) {
        option.resize(std::max<std::size_t>(option.size(), 2));
        option[1] = static_cast<std::byte>(option.size());
      }
      option[0] = std::byte{kind};
      if (size + option.size() > kMaximumOptionBytes) break;
      size += option.size();
      list.push_back(option);
    }
    return list;
  });
}

Bytes Joined(const std::vector<Bytes>& list) {
  Bytes all;
  for (const Bytes& option : list) all = std::move(all) + option;
  return all;
}

BOOST_AUTO_TEST_CASE(edits_behave_as_on_a_list) {
  BOOST_TEST(rc::check("Remove, Blank and Append against a list", [] {
    std::vector<Bytes> list = *OptionList();
    const auto kind = *rc::gen::element<std::uint8_t>(kMaximumSegmentSize, kExperiment253, 77, 200);
    const auto of_kind = [kind](const Bytes& option) { return option[0] == std::byte{kind}; };
    const OptionArea area = OptionArea::FromBytes(Joined(list)).value();
    RC_ASSERT(Walk(area) == list);
    const auto count = static_cast<std::size_t>(std::ranges::count_if(list, of_kind));

    OptionArea blanked = area;
    RC_ASSERT(blanked.Blank(kind) == count);
    Bytes nops;
    for (const Bytes& option : list)
      nops = std::move(nops) + (of_kind(option) ? Bytes(option.size(), std::byte{1}) : option);
    RC_ASSERT(ToBytes(blanked.bytes()) == nops);

    OptionArea removed = area;
    RC_ASSERT(removed.Remove(kind) == count);
    std::erase_if(list, of_kind);
    RC_ASSERT(ToBytes(removed.bytes()) == Joined(list));

    const Bytes option = Hex("0402");
    OptionArea appended = removed;
    if (removed.size() + option.size() > kMaximumOptionBytes) {
      RC_ASSERT(!appended.Append(option).has_value());
      RC_ASSERT(appended == removed);
    } else {
      RC_ASSERT(appended.Append(option).has_value());
      list.push_back(option);
      RC_ASSERT(Walk(appended) == list);
    }
  }));
}

BOOST_AUTO_TEST_CASE(edits_of_any_bytes_stay_in_bounds) {
  BOOST_TEST(rc::check("any edits of any bytes", [] {
    OptionArea area = OptionArea::FromBytes(*BytesUpTo(40)).value();
    const auto kind = *rc::gen::arbitrary<std::uint8_t>();
    const Bytes option = *BytesUpTo(45);
    const std::size_t before = area.size();
    area.Blank(kind);
    RC_ASSERT(area.size() == before);
    area.Remove(kind);
    RC_ASSERT(area.size() <= before);
    RC_ASSERT(!area.Find(kind).has_value());
    const std::size_t kept = area.size();
    const bool appended = area.Append(option).has_value();
    RC_ASSERT(appended == (kept + option.size() <= kMaximumOptionBytes));
    if (appended) RC_ASSERT(ToBytes(area.bytes().subspan(kept)) == option);
    area.PadWithNop();
    RC_ASSERT(area.size() % 4 == 0u);
    RC_ASSERT(area.size() <= kMaximumOptionBytes);
  }));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::wire::test
