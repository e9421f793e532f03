// What tcpslab-sim tells a person: one line for each finished run, and on a terminal how far it is.
#pragma once

#include <cstddef>

#include "scenarios/runner/record.h"

namespace tcpslab::scenarios {

class Console {
 public:
  explicit Console(std::size_t runs);

  void ShowProgress();
  // "3/20 transfer/first-visit tcps/readme: as-expected (established, …)", and below it what differs.
  void ShowRecord(const Json& record);

 private:
  std::size_t runs_;
  std::size_t finished_ = 0;
  bool terminal_;
};

}  // namespace tcpslab::scenarios
