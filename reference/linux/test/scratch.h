// What the tests of this folder share: a directory of their own, a log that can be read, flows, a limit on file sizes,
// and a process that is killed in the middle of its work.
#pragma once

#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "reference/crypto/x25519.h"
#include "reference/stack/flow.h"

namespace tcpslab::linux_host::test {

class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "tcpsd-test-XXXXXX").string();
    BOOST_TEST_REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory() { std::filesystem::remove_all(path_); }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

inline std::string ReadText(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

inline void WriteText(const std::filesystem::path& file, std::string_view text) {
  std::ofstream(file, std::ios::binary) << text;
  std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

inline std::filesystem::perms ModeOf(const std::filesystem::path& file) {
  return std::filesystem::status(file).permissions();
}

// Lines "level text".
class CapturedLog {
 public:
  CapturedLog() : logger_("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_)) {
    logger_.set_pattern("%l %v");
    logger_.set_level(spdlog::level::debug);
  }
  [[nodiscard]] spdlog::logger& logger() { return logger_; }
  [[nodiscard]] std::vector<std::string> lines() const {
    std::istringstream stream(text_.str());
    std::vector<std::string> all;
    for (std::string line; std::getline(stream, line);) all.push_back(line);
    return all;
  }
  [[nodiscard]] std::size_t Count(std::string_view part) const {
    std::size_t count = 0;
    for (const std::string& line : lines()) count += line.find(part) != std::string::npos ? 1 : 0;
    return count;
  }

 private:
  std::ostringstream text_;
  spdlog::logger logger_;
};

inline wire::Endpoint EndpointOf(const char* address, std::uint16_t port) {
  return {*wire::ParseAddress(address), port};
}

// A different one for each number.
inline stack::Flow FlowOf(std::uint32_t number, stack::Role role = stack::Role::kServer) {
  const std::array<std::byte, 4> address = {std::byte{10}, static_cast<std::byte>(number >> 24),
                                            static_cast<std::byte>(number >> 16), std::byte{1}};
  return {.local = EndpointOf("192.168.1.127", 80),
          .remote = {wire::Address::Ipv4(address), static_cast<std::uint16_t>(number)},
          .role = role};
}

inline crypto::PublicKey KeyOf(std::uint8_t number) {
  crypto::PublicKey key{};
  key.fill(static_cast<std::byte>(number));
  return key;
}

// As long as this lives, no file of this process grows beyond `size`: a disk that is full.
class FullDisk {
 public:
  explicit FullDisk(std::uint64_t size) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit = {.rlim_cur = size, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, SIG_DFL);
  }

 private:
  rlimit before_{};
};

// Runs work(done) in a process of its own and kills it after `life`. The work calls done() after each of its steps;
// returns how many it had done.
inline std::uint64_t KillInTheMiddle(std::chrono::milliseconds life,
                                     const std::function<void(const std::function<void()>& done)>& work) {
  std::array<int, 2> pipe_ends{};
  BOOST_TEST_REQUIRE(pipe(pipe_ends.data()) == 0);
  const auto [reader, writer] = std::pair(pipe_ends[0], pipe_ends[1]);
  const pid_t child = fork();
  BOOST_TEST_REQUIRE(child >= 0);
  if (child == 0) {
    try {
      work([writer = writer] {
        const char step = 0;
        if (write(writer, &step, 1) != 1) _exit(1);
      });
    } catch (...) {
      _exit(1);
    }
    _exit(0);
  }
  close(writer);
  std::jthread executioner([child, life] {
    std::this_thread::sleep_for(life);
    kill(child, SIGKILL);
  });
  std::uint64_t steps = 0;
  std::array<char, 4096> chunk{};
  for (ssize_t size = 0; (size = read(reader, chunk.data(), chunk.size())) > 0;)
    steps += static_cast<std::uint64_t>(size);
  close(reader);
  executioner.join();
  int status = 0;
  BOOST_TEST_REQUIRE(waitpid(child, &status, 0) == child);
  BOOST_TEST(WIFSIGNALED(status), "the process ended by itself");
  return steps;
}

}  // namespace tcpslab::linux_host::test
