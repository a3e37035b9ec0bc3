#include "app/output.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace ballast {

namespace {

/// What standard output has lost since the process began, by errno; 0: nothing. `before` is what is known of it already.
int lost(int before) {
    const bool failed = std::ferror(stdout) != 0;
    if (failed && before == 0) before = errno;  // Of the write that failed: a command ends with it.
    if (std::fflush(stdout) != 0) return errno;
    return failed ? before : 0;
}

}  // namespace

int with_output(const std::function<int()>& command) {
    int status = 1, known = 0;
    try {
        status = command();
    } catch (const std::system_error& e) {  // Of fmt, in the middle of an output.
        if (std::ferror(stdout) == 0) throw;
        known = e.code().value();
        if (known == EPIPE) status = 0;
    }
    const int why = lost(known);
    if (why == 0 || why == EPIPE) return status;
    fmt::print(stderr, "ballast: cannot write the output: {}\n", std::generic_category().message(why));
    return status == 0 ? 1 : status;
}

}  // namespace ballast
