#pragma once
#include <cstdio>
#include <string>

namespace ballast {

struct AuditOptions {
    std::string journal;
    bool json = false;
};

/// `ballast audit DB`: executes every epoch again, from its snapshot, config and revision, and compares each decision's
/// bytes. Stops at the first difference within this program's revision (status 1, both decisions printed); epochs of another
/// revision are listed, and how far it read and what it left out is said. Also 1: rows in the tables for people that are more or fewer than the steps gave; a part of the journal that cannot be read; 2: no such journal.
int audit(const AuditOptions& options, std::FILE* out = stdout, std::FILE* errors = stderr);

}  // namespace ballast
