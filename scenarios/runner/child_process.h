// Work in forked children: a crash ends one piece of work and nothing else, and each begins with a fresh simulator.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace tcpslab::scenarios {

// Runs in a child; what it returns is handed to the parent. An exception is a failure, its what() the message.
using ChildTask = std::function<std::string()>;

struct ChildResult {
  bool ok = false;
  std::string output;   // what the task returned
  std::string failure;  // why there is none: how the child ended, and the last it wrote to standard error
};

// Runs the tasks in their order, at most `jobs` at a time, and calls `done` for each as it ends, with its place in
// `tasks`. What children write to standard error is passed on. A child that takes longer than `limit` is killed. The
// caller must have no other threads.
void RunInChildren(const std::vector<ChildTask>& tasks, std::size_t jobs, std::chrono::seconds limit,
                   const std::function<void(std::size_t, const ChildResult&)>& done);

// One task, in a child of its own.
[[nodiscard]] ChildResult RunInChild(const ChildTask& task, std::chrono::seconds limit);

}  // namespace tcpslab::scenarios
