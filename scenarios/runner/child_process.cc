#include "scenarios/runner/child_process.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "reference/linux/descriptor.h"

namespace tcpslab::scenarios {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  linux_host::Descriptor read;
  linux_host::Descriptor write;
};

Pipe MakePipe() {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) {
    linux_host::ThrowSystemError("pipe");
  }
  return {linux_host::Descriptor(ends[0]), linux_host::Descriptor(ends[1])};
}

void WriteAll(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written < 0 && errno != EINTR) {
      return;  // the parent is gone
    }
    text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
}

// Never returns: the parent's open files and static objects are not the child's to clean up.
[[noreturn]] void BeChild(const ChildTask& task, int output, int errors) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(errors, STDERR_FILENO);
  dup2(errors, STDOUT_FILENO);
  int status = 0;
  try {
    WriteAll(output, task());
  } catch (const std::exception& error) {
    WriteAll(STDERR_FILENO, fmt::format("{}\n", error.what()));
    status = 1;
  }
  std::cout.flush();
  std::clog.flush();
  _exit(status);
}

class Child {
 public:
  Child(std::size_t task, const ChildTask& work, std::chrono::seconds limit)
      : task_(task), limit_(limit), deadline_(Clock::now() + limit) {
    Pipe output = MakePipe();
    Pipe errors = MakePipe();
    std::fflush(nullptr);
    pid_ = fork();
    if (pid_ < 0) {
      linux_host::ThrowSystemError("fork");
    }
    if (pid_ == 0) {
      BeChild(work, output.write.get(), errors.write.get());
    }
    output_ = std::move(output.read);
    errors_ = std::move(errors.read);
  }

  [[nodiscard]] std::size_t task() const { return task_; }
  [[nodiscard]] Clock::time_point deadline() const { return deadline_; }
  [[nodiscard]] bool finished() const { return !output_.open() && !errors_.open(); }
  [[nodiscard]] std::array<int, 2> descriptors() const { return {output_.get(), errors_.get()}; }

  void Read(int descriptor) {
    std::array<char, 65536> buffer{};
    const ssize_t size = read(descriptor, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) {
      return;
    }
    const bool is_output = descriptor == output_.get();
    if (size <= 0) {
      (is_output ? output_ : errors_).Close();
      return;
    }
    const std::string_view text(buffer.data(), static_cast<std::size_t>(size));
    if (is_output) {
      text_.append(text);
    } else {
      WriteAll(STDERR_FILENO, text);
      KeepTail(text);
    }
  }

  void KillIfLate(Clock::time_point now) {
    if (now >= deadline_ && !std::exchange(killed_, true)) {
      kill(pid_, SIGKILL);
    }
  }

  // Call once finished.
  ChildResult Reap() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
      return {.ok = true, .output = std::move(text_), .failure = {}};
    }
    std::string how = killed_               ? fmt::format("took longer than {} s", limit_.count())
                      : WIFSIGNALED(status) ? fmt::format("ended by signal {}", strsignal(WTERMSIG(status)))
                                            : std::string();
    if (!tail_.empty()) {
      how.append(how.empty() ? "" : ": ").append(tail_, 0, tail_.find_last_not_of('\n') + 1);
    }
    return {.ok = false, .output = {}, .failure = std::move(how)};
  }

 private:
  void KeepTail(std::string_view text) {
    static constexpr std::size_t kTail = 2000;
    tail_.append(text);
    tail_.erase(0, tail_.size() - std::min(tail_.size(), kTail));
  }

  std::size_t task_;
  std::chrono::seconds limit_;
  Clock::time_point deadline_;
  pid_t pid_ = -1;
  linux_host::Descriptor output_;
  linux_host::Descriptor errors_;
  std::string text_;
  std::string tail_;
  bool killed_ = false;
};

// Waits until a child has something to say, or the next deadline.
void ReadSome(std::vector<std::unique_ptr<Child>>& children) {
  std::vector<pollfd> polled;
  std::vector<Child*> owners;
  Clock::time_point deadline = Clock::time_point::max();
  for (const std::unique_ptr<Child>& child : children) {
    for (const int descriptor : child->descriptors()) {
      if (descriptor >= 0) {
        polled.push_back({descriptor, POLLIN, 0});
        owners.push_back(child.get());
      }
    }
    deadline = std::min(deadline, child->deadline());
  }
  const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count() + 1;
  static constexpr std::int64_t kAfterKill = 100;  // a killed child's pipes close soon
  const int ready =
      poll(polled.data(), polled.size(), static_cast<int>(std::clamp<std::int64_t>(wait, kAfterKill, 60'000)));
  if (ready < 0 && errno != EINTR) {
    linux_host::ThrowSystemError("poll");
  }
  for (std::size_t i = 0; ready > 0 && i < polled.size(); ++i) {
    if (polled[i].revents != 0) {
      owners[i]->Read(polled[i].fd);
    }
  }
}

}  // namespace

void RunInChildren(const std::vector<ChildTask>& tasks, std::size_t jobs, std::chrono::seconds limit,
                   const std::function<void(std::size_t, const ChildResult&)>& done) {
  std::vector<std::unique_ptr<Child>> children;
  std::size_t next = 0;
  while (next < tasks.size() || !children.empty()) {
    while (next < tasks.size() && children.size() < jobs) {
      children.push_back(std::make_unique<Child>(next, tasks[next], limit));
      ++next;
    }
    ReadSome(children);
    const Clock::time_point now = Clock::now();
    for (const std::unique_ptr<Child>& child : children) {
      child->KillIfLate(now);
      if (child->finished()) {
        done(child->task(), child->Reap());
      }
    }
    std::erase_if(children, [](const std::unique_ptr<Child>& child) { return child->finished(); });
  }
}

ChildResult RunInChild(const ChildTask& task, std::chrono::seconds limit) {
  ChildResult result;
  RunInChildren({task}, 1, limit, [&result](std::size_t /*task*/, const ChildResult& its) { result = its; });
  return result;
}

}  // namespace tcpslab::scenarios
