# Writes OUT, which says what `ballast --version` does, anew only when that has changed: cmake -DSOURCE=... -DVERSION=... -DOUT=... -P this
find_program(git git)
set(revision "")
if(git)
  execute_process(COMMAND ${git} describe --always --dirty --abbrev=12 --exclude=* WORKING_DIRECTORY ${SOURCE} OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
file(CONFIGURE OUTPUT ${OUT} CONTENT [[#include "app/version.hpp"

namespace ballast {

const std::string_view version = "@VERSION@", git_revision = "@revision@";

}  // namespace ballast
]] @ONLY)
