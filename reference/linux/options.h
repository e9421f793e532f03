// What the administrator asked for, from the command line and the configuration file, which have the same names.
#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "reference/linux/log.h"
#include "reference/linux/selection.h"
#include "reference/tcps/tcps.h"

namespace tcpslab::linux_host {

struct Options {
  tcps::Config config;
  Selection selection;

  unsigned workers = 1;
  std::uint16_t queue = 0;  // of the first worker; the others have the numbers after it
  std::uint32_t queue_length = 4096;
  bool queue_bypass = false;
  std::uint32_t mark = 0x74637073;  // "tcps"

  std::filesystem::path run_dir = "/run/tcpsd";
  std::filesystem::path identity;   // empty: a key for the life of the process
  std::filesystem::path peers;      // empty: in memory
  std::size_t max_peers = 65536;    // that are remembered by themselves; pinned ones come on top
  std::filesystem::path key_log;    // empty: none
  std::filesystem::path event_log;  // empty: none
  std::filesystem::path log_file;   // empty: standard error
  LogLevel log_level = spdlog::level::info;
  std::string user;  // empty: see privileges.h
};

enum class Command : std::uint8_t {
  kRun,
  kStatus,
  kFingerprint,
  kSet,
  kListPeers,
  kForgetPeer,
  kPinPeer,
  kCleanup,
};

struct Invocation {
  Command command = Command::kRun;
  Options options;
  bool json = false;
  std::vector<std::string> arguments;  // of the command
};

// The command line cannot be carried out, or asks for nothing but a text.
class CommandLineEnd : public std::runtime_error {
 public:
  CommandLineEnd(int exit_code, const std::string& text) : std::runtime_error(text), exit_code_(exit_code) {}
  // 0: the text is what was asked for (--help, --version); 2: it says what is wrong.
  [[nodiscard]] int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

// `words` without the program's name. Reads the configuration file, if one is named. Throws CommandLineEnd.
Invocation ParseCommandLine(const std::vector<std::string>& words);

}  // namespace tcpslab::linux_host
