# Writes OUTPUT, a source file that defines kCommit, unless it already says the same. Run at every build.
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=40 --exclude=*
                OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT [[
#include "scenarios/runner/commit.h"

const char* const tcpslab::scenarios::kCommit = "@commit@";
]] @ONLY)
