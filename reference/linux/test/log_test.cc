// The log as a file, and what a flood leaves of it.
#include "reference/linux/log.h"

#include <boost/test/unit_test.hpp>
#include <system_error>

#include "reference/linux/line_limit.h"
#include "reference/linux/test/scratch.h"

namespace tcpslab::linux_host::test {
namespace {

using stack::Instant;
using namespace std::chrono_literals;

constexpr Instant kStart = Instant(100s);

}  // namespace

BOOST_AUTO_TEST_CASE(FileHasTimeLevelAndPrefix) {
  const ScratchDirectory directory;
  const Log log({.file = directory / "log"});
  log.logger().warn("no MAC option, dropping");
  log.logger().debug("not at this level");
  const std::string text = ReadText(directory / "log");
  BOOST_TEST(text.ends_with(" warning tcps: no MAC option, dropping\n"));
  BOOST_TEST(text.find("not at this level") == std::string::npos);
  BOOST_TEST(((ModeOf(directory / "log") & std::filesystem::perms::others_all) == std::filesystem::perms::none));
}

BOOST_AUTO_TEST_CASE(ReopensAfterRotation) {
  const ScratchDirectory directory;
  Log log({.file = directory / "log"});
  log.logger().info("before");
  std::filesystem::rename(directory / "log", directory / "log.1");
  log.logger().info("between");
  log.Reopen();
  log.logger().info("after");
  BOOST_TEST(ReadText(directory / "log.1").find("between") != std::string::npos);
  BOOST_TEST(ReadText(directory / "log").find("after") != std::string::npos);
  BOOST_TEST(ReadText(directory / "log").find("between") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(FailedReopenKeepsTheFile) {
  const ScratchDirectory directory;
  std::filesystem::create_directory(directory / "logs");
  Log log({.file = directory / "logs" / "log"});
  std::filesystem::rename(directory / "logs", directory / "elsewhere");
  BOOST_CHECK_THROW(log.Reopen(), std::system_error);
  log.logger().info("still here");
  BOOST_TEST(ReadText(directory / "elsewhere" / "log").find("still here") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(LogThatCannotBeOpenedIsRefused) {
  BOOST_CHECK_THROW(Log({.file = "/nonexistent/log"}), std::system_error);
}

BOOST_AUTO_TEST_CASE(Levels) {
  BOOST_TEST(ParseLogLevel("warning") == spdlog::level::warn);
  BOOST_TEST(ParseLogLevel("error") == spdlog::level::err);
  BOOST_CHECK_THROW(ParseLogLevel("loud"), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(FloodOfRepeatedEventsIsCounted) {
  LineLimit limit;
  int admitted = 0;
  for (int i = 0; i < 1000; ++i) admitted += limit.Admit("tag-invalid", 10, kStart + i * 1ms) ? 1 : 0;
  BOOST_TEST(admitted == 10);
  BOOST_TEST(limit.TakeLeftOut(kStart + 4999ms).empty());
  const LineLimit::LeftOut left_out = limit.TakeLeftOut(kStart + 5s);
  BOOST_TEST_REQUIRE(left_out.size() == 1U);
  BOOST_TEST((left_out[0] == std::pair(std::string_view("tag-invalid"), std::uint64_t{990})));
  BOOST_TEST(limit.TakeLeftOut(kStart + 6s).empty());
  BOOST_TEST(limit.Admit("tag-invalid", 10, kStart + 6s));
}

BOOST_AUTO_TEST_CASE(OneKindDoesNotSilenceAnother) {
  LineLimit limit;
  for (int i = 0; i < 1000; ++i) limit.Admit("tag-invalid", 10, kStart);
  BOOST_TEST(limit.Admit("tag-missing", 10, kStart));
}

}  // namespace tcpslab::linux_host::test
