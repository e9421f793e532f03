// A host of a live run: a network namespace, with the kernel's TCP.
#pragma once

#include <string>

#include "reference/linux/descriptor.h"

namespace tcpslab::scenarios {

class NetworkNamespace {
 public:
  // `name` as in `ip netns`. Throws std::system_error if there is none.
  explicit NetworkNamespace(const std::string& name);

  // While it lives, the calling thread is within: what it opens belongs there, for ever.
  class Visit {
   public:
    explicit Visit(const NetworkNamespace& host);
    ~Visit();
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

   private:
    linux_host::Descriptor home_;
  };

 private:
  linux_host::Descriptor file_;
};

}  // namespace tcpslab::scenarios
