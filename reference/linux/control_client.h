// The subcommands of tcpsd that ask a running daemon. Each prints its answer on standard output, or a sentence on
// standard error, and returns the exit code: 0; 2 the request was wrong; 3 no daemon runs or it failed.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "reference/linux/status.h"

namespace tcpslab::linux_host {

// Sends a request (control_server.h) and returns its result. Throws std::invalid_argument if the daemon found the
// request wrong, std::runtime_error if none runs or it failed.
Json Ask(const std::filesystem::path& run_directory, const Json& request);

int ShowStatus(const std::filesystem::path& run_directory, bool json);
int ShowFingerprint(const std::filesystem::path& run_directory);
// "enforce=1", …; all or none.
int SetPolicy(const std::filesystem::path& run_directory, const std::vector<std::string>& assignments);
int ListPeers(const std::filesystem::path& run_directory, bool json);
int ForgetPeer(const std::filesystem::path& run_directory, const std::string& address);
int PinPeer(const std::filesystem::path& run_directory, const std::string& address, const std::string& key);

}  // namespace tcpslab::linux_host
