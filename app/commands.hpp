#pragma once

namespace ballast {

/// `ballast COMMAND ...`: 0 done, 1 the work failed, 2 the input is wrong.
int command_line(int argc, char** argv);

}  // namespace ballast
