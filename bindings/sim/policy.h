// A configuration of tcpslab.stack as attributes of ns3::TcpsStack. ValueError for what an attribute cannot hold.
#pragma once

#include <ns3/tcps-helper.h>
#include <ns3/tcps-stack.h>

#include "reference/stack/policy.h"
#include "reference/tcps/tcps.h"

namespace tcpslab::bindings {

void SetConfig(ns3::TcpsHelper& helper, const tcps::Config& config);
// All of it or nothing.
void SetPolicy(ns3::TcpsStack& stack, const stack::Policy& policy);

}  // namespace tcpslab::bindings
