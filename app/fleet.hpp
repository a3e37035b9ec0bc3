#pragma once
#include "app/config.hpp"
#include "model/result.hpp"

#include <cstdio>
#include <optional>
#include <string>

namespace ballast {

struct FleetOptions {
    std::string site_file;
    std::string group;               ///< Only that one, machine by machine; empty: all.
    bool machines = false;           ///< Every machine of all of them.
    std::optional<double> watch;     ///< Again and again, so many seconds apart.
    bool json = false;
};

/// `ballast fleet`: asks the running daemon's `[http]`; where nobody listens there, reads how its journal ends. 0 done, 1 neither could be had, or
/// whoever listens did not tell, 2 the site file or the group is wrong. Watching ends with SIGINT, by 0.
int fleet(const FleetOptions& options, std::FILE* out = stdout, std::FILE* errors = stderr);

/// `GET target` of the daemon that listens there; its body. Fails with unreachable where nobody listens; with another where somebody does: refused with his words.
Result<std::string> got_from_daemon(const HttpConfig& listens, const std::string& target);

}  // namespace ballast
