// tcpsd: TCP/S for the TCP connections of this host (README.md).
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "reference/linux/control_client.h"
#include "reference/linux/daemon.h"
#include "reference/linux/options.h"

namespace tcpslab::linux_host {
namespace {

enum ExitCode : int { kDone = 0, kInfrastructure = 3 };

int Run(const std::vector<std::string>& words, const Invocation& invocation) {
  const Options& options = invocation.options;
  const std::vector<std::string>& arguments = invocation.arguments;
  switch (invocation.command) {
    case Command::kRun:
      Daemon(options, [&words] { return ParseCommandLine(words).options; }).Run();
      return kDone;
    case Command::kCleanup:
      CleanUp(options);
      return kDone;
    case Command::kStatus:
      return ShowStatus(options.run_dir, invocation.json);
    case Command::kFingerprint:
      return ShowFingerprint(options.run_dir);
    case Command::kSet:
      return SetPolicy(options.run_dir, arguments);
    case Command::kListPeers:
      return ListPeers(options.run_dir, invocation.json);
    case Command::kForgetPeer:
      return ForgetPeer(options.run_dir, arguments[0]);
    case Command::kPinPeer:
      return PinPeer(options.run_dir, arguments[0], arguments[1]);
  }
  return kInfrastructure;
}

}  // namespace
}  // namespace tcpslab::linux_host

int main(int argc, char** argv) {
  using namespace tcpslab::linux_host;  // NOLINT(google-build-using-namespace)
  const std::vector<std::string> words(argv + 1, argv + argc);
  try {
    return Run(words, ParseCommandLine(words));
  } catch (const CommandLineEnd& end) {
    std::fprintf(end.exit_code() == 0 ? stdout : stderr, "%s\n", end.what());
    return end.exit_code();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tcpsd: %s\n", error.what());
    return kInfrastructure;
  }
}
