// Runs another program and waits for it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tcpslab::linux_host {

struct CommandResult {
  int status = 0;  // exit code; 128 and the signal's number if a signal ended it; 127 if the program is not there
  std::string output;
  std::string errors;
  [[nodiscard]] bool ok() const { return status == 0; }
};

// `words[0]` is looked for in PATH and in the folders of system programs. `settings` ("NAME=value") replace those of
// the environment. The program has its own process group and no signal blocked: ^C at our terminal does not reach it.
// Throws std::system_error.
CommandResult RunCommand(const std::vector<std::string>& words, std::string_view input = {},
                         const std::vector<std::string>& settings = {});

}  // namespace tcpslab::linux_host
