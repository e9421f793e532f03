#include "reference/linux/command.h"

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>

namespace tcpslab::linux_host {
namespace {

CommandResult Shell(const std::string& script, std::string_view input = {}) {
  return RunCommand({"sh", "-c", script}, input);
}

BOOST_AUTO_TEST_CASE(what_it_reads_says_and_how_it_ends) {
  const CommandResult result = Shell("cat; echo wrong >&2; exit 7", "some\ntext");
  BOOST_TEST(result.output == "some\ntext");
  BOOST_TEST(result.errors == "wrong\n");
  BOOST_TEST(result.status == 7);
  BOOST_TEST(!result.ok());
}

// More than a pipe has room for, both ways.
BOOST_AUTO_TEST_CASE(much_input_and_output) {
  const std::string much(1 << 20, 'x');
  const CommandResult result = Shell("cat; cat /dev/zero | head -c 1000000 >&2", much);
  BOOST_TEST((result.output == much));
  BOOST_TEST(result.errors.size() == 1'000'000U);
  BOOST_TEST(result.ok());
}

BOOST_AUTO_TEST_CASE(a_signal_and_a_program_that_is_not_there) {
  BOOST_TEST(Shell("kill -TERM $$").status == 128 + SIGTERM);
  const CommandResult result = RunCommand({"no-such-program-of-ours"});
  BOOST_TEST(result.status == 127);
  BOOST_TEST(result.errors == "no-such-program-of-ours is not installed");
}

BOOST_AUTO_TEST_CASE(settings_replace_those_of_the_environment) {
  ::setenv("TCPSD_TEST", "outer", 1);
  BOOST_TEST(RunCommand({"sh", "-c", "echo $TCPSD_TEST"}, {}, {"TCPSD_TEST=inner"}).output == "inner\n");
  BOOST_TEST(Shell("echo $TCPSD_TEST").output == "outer\n");
}

// ^C at our terminal must not end iptables halfway; a signal that we block must not be blocked there.
BOOST_AUTO_TEST_CASE(a_process_group_of_its_own_and_no_signal_blocked) {
  sigset_t blocked;
  sigset_t before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const CommandResult result = Shell("kill -TERM $$");
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  BOOST_TEST(result.status == 128 + SIGTERM);
  BOOST_TEST(Shell("grep -q '^SigBlk:\\s*0*$' /proc/self/status").ok());
  BOOST_TEST(Shell("test $(cut -d' ' -f5 /proc/$$/stat) = $$").ok());
}

}  // namespace
}  // namespace tcpslab::linux_host
