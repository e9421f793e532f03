// Which commit of the source tree this build is made from.
#pragma once

namespace tcpslab::scenarios {

// 40 hex digits, with "-dirty" behind them if files were changed; empty where git could not tell.
extern const char* const kCommit;

}  // namespace tcpslab::scenarios
