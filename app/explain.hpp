#pragma once
#include <cstdio>
#include <string>

namespace ballast {

struct ExplainOptions {
    std::string journal;
    std::string load;   ///< Empty: the site as a whole.
    std::string at;     ///< RFC 3339; empty: the journal's end.
    std::string event;  ///< Instead of a load: an event's id or number.
    bool json = false;
};

/// `ballast explain DB`: why a load is or was as it is, in a sentence or two; without a load, what binds the site. Executes
/// the epoch again up to that moment. 0 done, 1 the journal failed us, 2 no such journal, load, event or time.
int explain(const ExplainOptions& options, std::FILE* out = stdout, std::FILE* errors = stderr);

}  // namespace ballast
