#include "reference/linux/command.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <system_error>

#include "reference/linux/descriptor.h"

namespace tcpslab::linux_host {
namespace {

// Files in memory, not pipes: nobody has to read while another writes.
Descriptor MemoryFile(const char* name) { return {::memfd_create(name, MFD_CLOEXEC), "memory for a program's output"}; }

void Write(const Descriptor& file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written < 0) ThrowSystemError("input for a program");
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::lseek(file.get(), 0, SEEK_SET) < 0) ThrowSystemError("input for a program");
}

std::string ReadAll(const Descriptor& file) {
  std::string text;
  std::array<char, 4096> chunk{};
  for (off_t offset = 0;;) {
    const ssize_t size = ::pread(file.get(), chunk.data(), chunk.size(), offset);
    if (size < 0) ThrowSystemError("a program's output");
    if (size == 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(size));
    offset += size;
  }
}

std::string Find(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::stringstream folders(std::string(path == nullptr ? "" : path) + ":/usr/sbin:/sbin:/usr/local/sbin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::string file = std::filesystem::path(folder) / program;
    if (!folder.empty() && ::access(file.c_str(), X_OK) == 0) return file;
  }
  return {};
}

// Ours, with these settings in place of those of the same name.
std::vector<std::string> Environment(const std::vector<std::string>& settings) {
  std::vector<std::string> environment = settings;
  const auto name = [](std::string_view setting) { return setting.substr(0, setting.find('=')); };
  for (char** own = environ; *own != nullptr; ++own) {
    const auto same = [&](const std::string& setting) { return name(setting) == name(*own); };
    if (std::ranges::none_of(settings, same)) environment.emplace_back(*own);
  }
  return environment;
}

std::vector<char*> Pointers(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

pid_t Spawn(const std::string& file, const std::vector<std::string>& words, const std::vector<std::string>& environment,
            const std::array<int, 3>& streams) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  for (int stream = 0; stream < 3; ++stream) {
    ::posix_spawn_file_actions_adddup2(&actions, streams[static_cast<std::size_t>(stream)], stream);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  pid_t child = 0;
  const int error =
      ::posix_spawn(&child, file.c_str(), &actions, &attributes, Pointers(words).data(), Pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) throw std::system_error(error, std::system_category(), "cannot start " + file);
  return child;
}

int Wait(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) ThrowSystemError("cannot wait for a program");
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

CommandResult RunCommand(const std::vector<std::string>& words, std::string_view input,
                         const std::vector<std::string>& settings) {
  constexpr int kNotFound = 127;
  const std::string file = Find(words.front());
  if (file.empty()) return {.status = kNotFound, .output = {}, .errors = words.front() + " is not installed"};
  const Descriptor in = MemoryFile("input");
  const Descriptor out = MemoryFile("output");
  const Descriptor errors = MemoryFile("errors");
  Write(in, input);
  const int status = Wait(Spawn(file, words, Environment(settings), {in.get(), out.get(), errors.get()}));
  return {.status = status, .output = ReadAll(out), .errors = ReadAll(errors)};
}

}  // namespace tcpslab::linux_host
