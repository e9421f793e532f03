// Files that hold secrets: the identity key, the key log.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <stdexcept>

#include "reference/linux/identity_file.h"
#include "reference/linux/key_log_file.h"
#include "reference/linux/test/scratch.h"
#include "reference/tcps/hex.h"

namespace tcpslab::linux_host::test {
namespace {

namespace fs = std::filesystem;

constexpr fs::perms kOwnerOnly = fs::perms::owner_read | fs::perms::owner_write;

struct Fixture {
  ScratchDirectory directory;
  fs::path file = directory / "identity";
  crypto::SystemRandom random;
  crypto::KeyPair Load() { return LoadOrCreateIdentity(file, random); }
  [[nodiscard]] std::size_t Files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory.path()), {}));
  }
  // The sentence of the refusal; nothing may have been changed.
  std::string Refusal() {
    const std::string before = ReadText(file);
    try {
      Load();
    } catch (const std::runtime_error& problem) {
      BOOST_TEST(ReadText(file) == before);
      return problem.what();
    }
    BOOST_TEST_FAIL("taken for an identity");
    return {};
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(IdentityFile, Fixture)

BOOST_AUTO_TEST_CASE(IsMadeOnceAndKept) {
  const crypto::KeyPair made = Load();
  BOOST_TEST((ModeOf(file) == kOwnerOnly));
  BOOST_TEST(Files() == 1U);
  const crypto::KeyPair again = Load();
  BOOST_TEST((again.public_key == made.public_key));
  BOOST_TEST(crypto::ConstantTimeEqual(again.private_key.bytes(), made.private_key.bytes()));
}

// RFC 7748, section 6.1: Alice's keys.
BOOST_AUTO_TEST_CASE(HoldsTheKeysInHex) {
  WriteText(file,
            "tcpsd identity 1\n"
            "private 77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a\n"
            "public 8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a\n");
  BOOST_TEST(tcps::ToHex(Load().public_key) == "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
}

BOOST_AUTO_TEST_CASE(IsRefusedWhenOthersMayReadOrWriteIt) {
  Load();
  for (const fs::perms perms : {fs::perms::group_read, fs::perms::others_read, fs::perms::group_write}) {
    fs::permissions(file, kOwnerOnly | perms);
    BOOST_TEST(Refusal().find("open to group or others") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(IsRefusedWhenItIsNone) {
  Load();
  const std::string good = ReadText(file);
  std::string other_key = good;
  char& digit = other_key[30];
  digit = digit == '0' ? '1' : '0';
  std::string no_hex = good;
  no_hex[40] = 'x';
  for (const std::string& text : {std::string(), std::string("garbage\n"), good.substr(0, good.size() - 1), good + "\n",
                                  std::string(good.size(), 'a'), std::string(1'000'000, 'a'), other_key, no_hex}) {
    WriteText(file, text);
    BOOST_TEST(Refusal().find("is not an identity file of tcpsd, or is damaged") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(IsRefusedWhenItIsNoFile) {
  fs::create_directory(file);
  BOOST_CHECK_THROW(Load(), std::runtime_error);
  fs::remove(file);
  fs::create_symlink("elsewhere", file);
  BOOST_TEST(Refusal().find("is a symbolic link") != std::string::npos);
  BOOST_TEST(!fs::exists(directory / "elsewhere"));
}

BOOST_AUTO_TEST_CASE(FailureLeavesNothingBehind) {
  {
    const FullDisk full(10);
    BOOST_CHECK_THROW(Load(), std::system_error);
  }
  BOOST_TEST(Files() == 0U);
}

// Whoever comes second takes the key of whoever came first.
BOOST_AUTO_TEST_CASE(ManyStartAtOnce) {
  std::vector<crypto::PublicKey> keys(8);
  {
    std::vector<std::jthread> threads;
    for (crypto::PublicKey& key : keys) {
      threads.emplace_back([this, &key] {
        crypto::SystemRandom own_random;
        key = LoadOrCreateIdentity(file, own_random).public_key;
      });
    }
  }
  for (const crypto::PublicKey& key : keys) BOOST_TEST((key == keys.front()));
  BOOST_TEST(Files() == 1U);
}

BOOST_DATA_TEST_CASE(IsWholeOrAbsentWhenKilled, boost::unit_test::data::xrange(4)) {
  KillInTheMiddle(std::chrono::milliseconds(5 + 7 * sample), [this](const auto& step_done) {
    while (true) {
      fs::remove(file);
      Load();
      step_done();
    }
  });
  const bool was_there = fs::exists(file);
  const crypto::KeyPair identity = Load();
  BOOST_TEST((Load().public_key == identity.public_key), (was_there ? "kept" : "made"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(KeyLogIsForItsOwnerAndGrows) {
  const ScratchDirectory directory;
  CapturedLog log;
  const fs::path file = directory / "keys";
  KeyLogFile(file, log.logger()).Line("TCPS_EPHEMERAL_SECRET 00 01");
  KeyLogFile(file, log.logger()).Line("TCPS_EPHEMERAL_SECRET 02 03");
  BOOST_TEST(ReadText(file) == "TCPS_EPHEMERAL_SECRET 00 01\nTCPS_EPHEMERAL_SECRET 02 03\n");
  BOOST_TEST((ModeOf(file) == kOwnerOnly));
  fs::permissions(file, kOwnerOnly | fs::perms::others_read);
  BOOST_CHECK_THROW(KeyLogFile(file, log.logger()), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(KeyLogTakesWholeLinesFromManyThreads) {
  const ScratchDirectory directory;
  CapturedLog log;
  const fs::path file = directory / "keys";
  {
    KeyLogFile key_log(file, log.logger());
    std::vector<std::jthread> threads;
    for (const char letter : {'a', 'b', 'c', 'd'}) {
      threads.emplace_back([&key_log, letter] {
        for (int i = 0; i < 500; ++i) key_log.Line(std::string(150, letter));
      });
    }
  }
  std::istringstream lines(ReadText(file));
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) BOOST_TEST_REQUIRE(line == std::string(150, line.front()));
  BOOST_TEST(count == 2000U);
}

BOOST_AUTO_TEST_CASE(KeyLogThatCannotBeWrittenIsToldOnce) {
  const ScratchDirectory directory;
  CapturedLog log;
  KeyLogFile key_log(directory / "keys", log.logger());
  const FullDisk full(10);
  for (int i = 0; i < 5; ++i) key_log.Line("TCPS_EPHEMERAL_SECRET 00 01");
  BOOST_TEST(key_log.problem().has_value());
  BOOST_TEST(log.Count("cannot be written") == 1U);
}

}  // namespace tcpslab::linux_host::test
