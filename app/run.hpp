#pragma once
#include <string>

namespace ballast {

struct RunOptions {
    std::string site_file;
    bool dry_run = false;
};

/// Where a dry run writes instead of `[journal] path`: pecos.db -> pecos.dry-run.db.
std::string dry_run_journal(const std::string& journal);

/// The daemon. Exit status: 0 ended as asked, 1 the work failed, 2 the site file is wrong.
int run(const RunOptions& options);

}  // namespace ballast
