// R25 (spec tcps-dialects.md): what was protected or blocked is known after a restart, however the daemon ended.
#include "reference/linux/flow_journal.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <set>
#include <stdexcept>

#include "reference/linux/test/scratch.h"

namespace tcpslab::linux_host::test {
namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string>;
using namespace std::chrono_literals;

std::string NameOf(const stack::Flow& flow) {
  return ToString(flow.local) + " " + ToString(flow.remote) + " " + std::string(ToString(flow.role));
}

Names NamesOf(const FlowJournal& journal) {
  Names names;
  for (const stack::Flow& flow : journal.flows()) names.insert(NameOf(flow));
  return names;
}

struct Fixture {
  ScratchDirectory directory;
  CapturedLog log;
  fs::path file = directory / "flows";
  FlowJournal Open() { return FlowJournal(file, log.logger()); }
  Names Kept() { return NamesOf(Open()); }
};

// Step `number` of a life of many connections: of every five, four end again. Never more than some 200 at once.
template <class Add, class Remove>
void DoStep(std::uint32_t number, Add add, Remove remove) {
  const std::uint32_t slot = number % 1000;
  if (number % 5 == 4) {
    remove(FlowOf((slot + 500) % 1000));
  } else if (number % 5 == 0) {
    add(FlowOf(slot));
  } else {
    number % 2 == 0 ? add(FlowOf(slot)) : remove(FlowOf(slot - 1));
  }
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(Journal, Fixture)

BOOST_AUTO_TEST_CASE(FlowsComeBackWithAddressesPortsAndRoles) {
  const stack::Flow v4 = FlowOf(1, stack::Role::kServer);
  const stack::Flow v6 = {.local = EndpointOf("2001:db8::1", 40001),
                          .remote = EndpointOf("2001:db8::2", 443),
                          .role = stack::Role::kClient};
  {
    FlowJournal journal = Open();
    journal.Add(v4);
    journal.Add(v6);
    journal.Add(FlowOf(2));
    journal.Remove(FlowOf(2));
  }
  BOOST_TEST((Kept() == Names{NameOf(v4), NameOf(v6)}));
  BOOST_TEST((ModeOf(file) == (fs::perms::owner_read | fs::perms::owner_write)));
}

// They are blocked until someone begins anew; a daemon that is restarted again and again must not forget them.
BOOST_AUTO_TEST_CASE(FlowsStayOverManyRestarts) {
  Open().Add(FlowOf(1));
  for (int i = 0; i < 3; ++i) BOOST_TEST(Kept().size() == 1U);
}

BOOST_AUTO_TEST_CASE(RepeatedChangesCostNothing) {
  FlowJournal journal = Open();
  journal.Add(FlowOf(1));
  const auto size = fs::file_size(file);
  journal.Add(FlowOf(1));
  journal.Remove(FlowOf(2));
  BOOST_TEST(fs::file_size(file) == size);
}

// Ten million connections would be 880 MB of changes.
BOOST_AUTO_TEST_CASE(FileIsBounded) {
  {
    FlowJournal journal = Open();
    for (std::uint32_t i = 0; i < 100'000; ++i) {
      journal.Add(FlowOf(i));
      if (i >= 100) journal.Remove(FlowOf(i - 100));
      if (i % 1000 == 0) BOOST_TEST(fs::file_size(file) < 500'000U);
    }
  }
  BOOST_TEST(Kept().size() == 100U);
}

BOOST_AUTO_TEST_CASE(TornLastRecordIsIgnored) {
  {
    FlowJournal journal = Open();
    journal.Add(FlowOf(1));
    journal.Add(FlowOf(2));
  }
  const auto size = fs::file_size(file);
  Open().Add(FlowOf(3));
  const std::string whole = ReadText(file);
  for (auto cut = size; cut < whole.size(); ++cut) {
    WriteText(file, whole.substr(0, cut));
    BOOST_TEST(Kept().size() == 2U);
  }
  BOOST_TEST(log.lines().empty());
  Open().Add(FlowOf(4));
  BOOST_TEST(Kept().size() == 3U);
}

BOOST_AUTO_TEST_CASE(DamagedRecordCostsOnlyItself) {
  {
    FlowJournal journal = Open();
    for (std::uint32_t i = 0; i < 3; ++i) journal.Add(FlowOf(i));
  }
  std::string text = ReadText(file);
  const std::size_t record = text.size() / 4;  // a header as long as a record, and three records
  text[2 * record + 10] ^= 1;
  WriteText(file, text);
  BOOST_TEST(Kept().size() == 2U);
  BOOST_TEST(log.Count("1 damaged records left out") == 1U);
}

BOOST_AUTO_TEST_CASE(OtherFilesAreRefusedAndKept) {
  for (const std::string& text :
       {std::string("x"), std::string(200, '\0'), std::string("tcpsd flow journal 2\n") + std::string(100, '\0')}) {
    WriteText(file, text);
    BOOST_CHECK_THROW(Open(), std::runtime_error);
    BOOST_TEST(ReadText(file) == text);
  }
}

BOOST_AUTO_TEST_CASE(JournalOfOthersIsRefused) {
  Open();
  fs::permissions(file, fs::perms::group_read, fs::perm_options::add);
  BOOST_CHECK_THROW(Open(), std::runtime_error);
  fs::remove(file);
  fs::create_symlink("elsewhere", file);
  BOOST_CHECK_THROW(Open(), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(OneDaemonAtATime) {
  const FlowJournal journal = Open();
  BOOST_CHECK_EXCEPTION(Open(), std::runtime_error, [](const std::runtime_error& problem) {
    return std::string(problem.what()).find("in use by another tcpsd") != std::string::npos;
  });
}

// Traffic goes on, the log says it once, the status as long as it lasts, and nothing is lost once there is room again.
BOOST_AUTO_TEST_CASE(FullDiskIsToldOnceAndMadeGood) {
  FlowJournal journal = Open();
  journal.Add(FlowOf(0));
  {
    const FullDisk full(fs::file_size(file) + 20);  // less than a record
    for (std::uint32_t i = 1; i <= 100; ++i) journal.Add(FlowOf(i));
    BOOST_TEST(journal.problem().has_value());
    BOOST_TEST(log.Count("cannot be written") == 1U);
    BOOST_TEST(log.lines().size() == 1U);
  }
  std::this_thread::sleep_for(1100ms);  // a full disk is not tried again at once
  journal.Add(FlowOf(101));
  BOOST_TEST(!journal.problem().has_value());
  BOOST_TEST(log.Count("can be written again") == 1U);
  const Names now = NamesOf(journal);
  BOOST_TEST(now.size() == 102U);
  fs::copy_file(file, directory / "copy");
  BOOST_TEST((NamesOf(FlowJournal(directory / "copy", log.logger())) == now));
}

BOOST_DATA_TEST_CASE(KilledAtAnyMoment, boost::unit_test::data::xrange(12)) {
  const std::uint64_t done = KillInTheMiddle(std::chrono::milliseconds(5 + 9 * sample), [this](const auto& step_done) {
    FlowJournal journal = Open();
    for (std::uint32_t number = 0;; ++number) {
      DoStep(
          number, [&journal](const stack::Flow& flow) { journal.Add(flow); },
          [&journal](const stack::Flow& flow) { journal.Remove(flow); });
      step_done();
    }
  });
  BOOST_TEST_MESSAGE(done << " steps");
  // What was done is there; the step under way may be.
  Names expected;
  const auto perform = [&expected](std::uint64_t number) {
    DoStep(
        static_cast<std::uint32_t>(number), [&](const stack::Flow& flow) { expected.insert(NameOf(flow)); },
        [&](const stack::Flow& flow) { expected.erase(NameOf(flow)); });
  };
  for (std::uint64_t number = 0; number < done; ++number) perform(number);
  const Names kept = Kept();
  if (kept != expected) perform(done);
  BOOST_TEST((kept == expected));
  BOOST_TEST(log.lines().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tcpslab::linux_host::test
