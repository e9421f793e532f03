#include "reference/linux/key_log_file.h"

#include <span>
#include <string>

#include "reference/crypto/secret.h"

namespace tcpslab::linux_host {

KeyLogFile::KeyLogFile(const std::filesystem::path& file, spdlog::logger& log) : file_("key log", file, log) {}

// TCPS-KEY-12
void KeyLogFile::Line(std::string_view line) {
  std::string text(line);
  text += '\n';
  file_.Append(text);
  crypto::Wipe(std::as_writable_bytes(std::span(text)));
}

}  // namespace tcpslab::linux_host
