#include "reference/linux/line_file.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <exception>
#include <span>

#include "reference/linux/private_file.h"
#include "reference/linux/write_all.h"

namespace tcpslab::linux_host {

LineFile::LineFile(std::string_view name, const std::filesystem::path& file, spdlog::logger& log)
    : health_(fmt::format("{} {}", name, file.string()), log),
      file_(OpenPrivate(file, O_WRONLY | O_APPEND | O_CREAT)) {}

void LineFile::Append(std::string_view line) {
  try {
    WriteAll(file_.get(), std::as_bytes(std::span(line)), "write");
    health_.Works();
  } catch (const std::exception& problem) {
    health_.Failed(problem.what());
  }
}

}  // namespace tcpslab::linux_host
