#include "reference/stack/shim.h"

namespace tcpslab::stack {

std::string_view ToString(Verdict verdict) { return verdict == Verdict::kPass ? "pass" : "drop"; }

}  // namespace tcpslab::stack
