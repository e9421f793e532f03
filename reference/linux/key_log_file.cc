#include "reference/linux/key_log_file.h"

#include <fcntl.h>

#include <exception>
#include <string>

#include "reference/crypto/secret.h"
#include "reference/linux/private_file.h"
#include "reference/linux/write_all.h"

namespace tcpslab::linux_host {

KeyLogFile::KeyLogFile(const std::filesystem::path& file, spdlog::logger& log)
    : health_("key log " + file.string(), log), file_(OpenPrivate(file, O_WRONLY | O_APPEND | O_CREAT)) {}

// TCPS-KEY-12
void KeyLogFile::Line(std::string_view line) {
  std::string text(line);
  text += '\n';
  try {
    WriteAll(file_.get(), std::as_bytes(std::span(text)), "write");
    health_.Works();
  } catch (const std::exception& problem) {
    health_.Failed(problem.what());
  }
  crypto::Wipe(std::as_writable_bytes(std::span(text)));
}

}  // namespace tcpslab::linux_host
